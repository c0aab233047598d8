//! `ragterm init`: what it writes, what it refuses, and what it says of the machine.

mod asked;
mod machine;
mod refusing;
mod stack;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{Finished, Instance, path};

/// A Docker that is new enough and has no images.
const DOCKER: &str = r#"case "$1 $2" in
"version --format") echo 28.2.2 ;;
"compose version") echo 2.40.3 ;;
"info --format") echo / ;;
*) echo "no such object" >&2; exit 1 ;;
esac"#;

/// A machine with programs of its own, before ragterm was set up on it.
struct Machine {
    ragterm: Instance,
}

impl Machine {
    /// Without Docker and without a GPU.
    fn new() -> Self {
        let ragterm = Instance::new();
        std::fs::create_dir(ragterm.docs().with_file_name("bin")).unwrap();
        Self { ragterm }
    }

    /// With Docker.
    fn with_docker() -> Self {
        let machine = Self::new();
        machine.program("docker", DOCKER);
        machine
    }

    /// Puts a shell script on the path.
    fn program(&self, name: &str, script: &str) {
        let file = self.at("bin").join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A path beside the folder of documents.
    fn at(&self, name: &str) -> PathBuf {
        self.ragterm.docs().with_file_name(name)
    }

    /// Where deployments go in these tests.
    fn target(&self) -> PathBuf {
        self.at("search")
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.ragterm.command(arguments);
        let programs = Path::new(env!("CARGO_BIN_EXE_ragterm")).parent().unwrap();
        command
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin:{}", self.at("bin").display(), programs.display()),
            )
            .env_remove("RAGTERM_CONFIG")
            .current_dir(self.at(""));
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        finished(self.command(arguments).output().unwrap())
    }

    /// `init` with these answers, and the defaults for the others, into the target.
    fn init(&self, arguments: &[&str]) -> Finished {
        let target = self.target();
        let all = [&["init", "--yes", "--directory", path(&target)], arguments].concat();
        self.run(&all)
    }

    /// A full stack without a copy of this program, which is large.
    fn stack(&self, arguments: &[&str]) -> Finished {
        self.init(&[&["--image", "registry.example.com/ragterm:1"], arguments].concat())
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.target().join(name)).unwrap()
    }

    /// Every file below the target, with its text.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(&self.target(), &mut found);
        found.sort();
        found
    }
}

fn finished(output: Output) -> Finished {
    Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn collect(directory: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => {
                found.push((path.clone(), Vec::new()));
                collect(&path, found);
            }
            false => found.push((path.clone(), std::fs::read(&path).unwrap())),
        }
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A variable of `.env`, without the quotes of Docker Compose.
fn variable(env: &str, name: &str) -> String {
    let line = env.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = line.unwrap_or_else(|| panic!("{name} is not in {env}"));
    let Some(quoted) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut plain = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}
