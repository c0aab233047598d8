//! Whether Docker is there, is new enough, and can make or fetch the image.

use super::choices::Choices;
use super::image;
use super::program::{self, Silence};
use crate::cli::doctor::Check;

/// The oldest Docker that knows `start_interval` of a health check.
const DOCKER: (u32, u32) = (25, 0);

/// The oldest Compose that knows `required: false`, and the oldest that the files are meant for.
const COMPOSE: (u32, u32) = (2, 20);
const COMPOSE_MEANT: (u32, u32) = (2, 24);

const INSTALL: &str =
    "install Docker Engine with its Compose plugin: https://docs.docker.com/engine/install";

/// Looks at Docker, at Compose and at the image.
pub async fn check(choices: &Choices) -> Vec<Check> {
    let docker = program::answer("docker", &["version", "--format", "{{.Server.Version}}"]).await;
    let compose = program::answer("docker", &["compose", "version", "--short"]).await;
    let is_there = docker.is_ok();
    let mut checks = vec![engine(docker)];
    if checks[0].detail != MISSING {
        checks.push(plugin(compose));
    }
    checks.push(match &choices.image {
        Some(image) => fetched(image, is_there).await,
        None => image::check(),
    });
    checks
}

const MISSING: &str = "there is no `docker` on PATH";

fn engine(answer: Result<String, Silence>) -> Check {
    const NAME: &str = "docker";
    match answer {
        Err(Silence::Missing) => Check::fail(NAME, MISSING, INSTALL),
        Err(Silence::Failed(why)) => Check::fail(
            NAME,
            format!("the daemon does not answer: {why}"),
            "start it (`systemctl start docker`), and be in the group `docker` or root",
        ),
        Ok(version) => match number(&version) {
            Some(found) if found < DOCKER => Check::warn(
                NAME,
                format!("{version} is older than 25.0"),
                "update it: the first health checks take longer with it",
            ),
            Some(_) => Check::ok(NAME, version),
            None => {
                Check::warn(NAME, format!("`{version}` is no version"), "check `docker version`")
            }
        },
    }
}

fn plugin(answer: Result<String, Silence>) -> Check {
    const NAME: &str = "docker compose";
    let version = match answer {
        Ok(version) => version,
        Err(Silence::Missing) => return Check::fail(NAME, MISSING, INSTALL),
        Err(Silence::Failed(why)) => {
            return Check::fail(NAME, format!("does not run: {why}"), INSTALL);
        }
    };
    let update = "update it: `docker-compose-plugin` of Docker's own repository";
    match number(&version) {
        Some(found) if found < COMPOSE => Check::fail(
            NAME,
            format!("{version} is older than 2.20, and cannot read these files"),
            update,
        ),
        Some(found) if found < COMPOSE_MEANT => {
            Check::warn(NAME, format!("{version}; the files are meant for 2.24 or newer"), update)
        }
        Some(_) => Check::ok(NAME, version),
        None => Check::warn(
            NAME,
            format!("`{version}` is no version"),
            "check `docker compose version`",
        ),
    }
}

async fn fetched(image: &str, docker_is_there: bool) -> Check {
    const NAME: &str = "image";
    if !docker_is_there {
        return Check::ok(NAME, format!("{image}, fetched at the first start"));
    }
    match program::answer("docker", &["image", "inspect", "--format", "{{.Id}}", image]).await {
        Ok(_) => Check::ok(NAME, format!("{image} is here")),
        Err(_) => Check::warn(
            NAME,
            format!("{image} is not here yet"),
            "it is fetched at the first start: `docker login` first, if its registry asks for it",
        ),
    }
}

/// The directory that Docker keeps images and volumes in.
pub async fn root() -> Option<String> {
    let root = program::answer("docker", &["info", "--format", "{{.DockerRootDir}}"]).await.ok();
    root.filter(|root| root.starts_with('/'))
}

/// `v2.24.1-desktop.1` is 2.24.
fn number(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn versions_are_read_however_they_are_written() {
        for (text, expected) in [
            ("2.20.0", Some((2, 20))),
            ("v2.24.1-desktop.1", Some((2, 24))),
            ("28.2.2", Some((28, 2))),
        ] {
            assert_eq!(number(text), expected);
        }
        assert_eq!((number("dev"), number("")), (None, None));
    }

    #[test]
    fn an_old_compose_is_a_problem_and_a_newer_one_is_none() {
        let state = |version: &str| plugin(Ok(version.into())).state;
        assert_eq!(state("2.19.1"), Level::Fail);
        assert_eq!(state("1.29.2"), Level::Fail);
        assert_eq!(state("2.20.3"), Level::Warn);
        assert_eq!((state("2.24.0"), state("5.0.1")), (Level::Ok, Level::Ok));
        assert_eq!(engine(Ok("24.0.7".into())).state, Level::Warn);
        let silent = engine(Err(Silence::Failed("Cannot connect".into())));
        assert!(silent.detail.contains("Cannot connect") && silent.remedy.is_some());
    }
}
