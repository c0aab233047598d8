//! Whether Docker is there, is new enough, and can make or fetch the image.

use super::choices::{Choices, Kind};
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

/// What was found, and the directory that Docker keeps images and volumes in.
pub async fn check(choices: &Choices) -> (Vec<Check>, Option<String>) {
    // At once: a daemon that hangs is waited for a single time.
    let (docker, compose, root) = tokio::join!(
        program::answer("docker", &["version", "--format", "{{.Server.Version}}"]),
        program::answer("docker", &["compose", "version", "--short"]),
        program::answer("docker", &["info", "--format", "{{.DockerRootDir}}"]),
    );
    let is_there = docker.is_ok();
    let is_missing = docker == Err(Silence::Missing);
    let mut checks = vec![engine(docker)];
    if !is_missing {
        checks.push(plugin(compose));
    }
    checks.push(match &choices.image {
        Some(image) => fetched(image, is_there).await,
        None => image::check(),
    });
    if is_there {
        checks.extend(volumes(choices).await);
    }
    (checks, root.ok().filter(|root| root.starts_with('/')))
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
            Some(found) if found < DOCKER => Check::fail(
                NAME,
                format!(
                    "{version} is older than 25.0: Compose starts nothing of these files with it"
                ),
                "update it: `docker-ce` of Docker's own repository",
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

/// The volumes of an earlier deployment would be used, with secrets that are not theirs.
async fn volumes(choices: &Choices) -> Option<Check> {
    let project = match choices.kind {
        Kind::Embedded => "ragterm-embedded",
        _ => "ragterm",
    };
    let volume = format!("{project}_ragterm-data");
    let found =
        program::answer("docker", &["volume", "inspect", "--format", "{{.Name}}", &volume]).await;
    (found.ok()? == volume).then(|| {
        Check::fail(
            "volumes",
            format!("this machine has a deployment already: its volume `{volume}` would be used"),
            "go on with that one, or give this one a name of its own: COMPOSE_PROJECT_NAME in .env",
        )
    })
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
        assert_eq!(engine(Ok("24.0.7".into())).state, Level::Fail);
        let silent = engine(Err(Silence::Failed("Cannot connect".into())));
        assert!(silent.detail.contains("Cannot connect") && silent.remedy.is_some());
    }
}
