//! What is there for a deployment, and what stands in its way: told, with what to do.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use rustix::fs::statvfs;

use super::choices::{Choices, Kind};
use super::docker;
use super::paths::{Access, IMAGE_USER};
use super::plan::Plan;
use super::servers::{Gpu, check_ollama};
use crate::cli::doctor::Check;
use crate::cli::units::bytes;

const GB: u64 = 1_000_000_000;

/// The longest path of a unix socket, in bytes.
const SOCKET_BYTES: usize = 107;

/// Looks at everything that the deployment needs.
pub async fn check(choices: &Choices, plan: &Plan, gpu: &Gpu) -> Vec<Check> {
    let (mut checks, root) = match choices.kind.has_containers() {
        true => docker::check(choices).await,
        false => (Vec::new(), None),
    };
    checks.extend(choices.listen.iter().map(|listen| port(listen.address)));
    checks.extend(room("disk", Path::new(&plan.directory), own_need(choices)));
    if let Some(root) = root {
        checks.extend(room("docker's disk", Path::new(&root), docker_need(choices)));
    }
    checks.extend(memory(choices));
    checks.extend(gpu.check(choices));
    checks.extend(folders(choices));
    checks.extend(socket(choices));
    checks.extend(check_ollama(choices).await);
    checks
}

/// Tries to listen where the daemon will.
fn port(address: SocketAddr) -> Check {
    const NAME: &str = "port";
    match TcpListener::bind(address) {
        Ok(_) => Check::ok(NAME, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Check::fail(
            NAME,
            format!("{address} is in use"),
            "end what listens there (`ss -ltnp` shows it), or name another port with --listen",
        ),
        Err(error) => Check::fail(
            NAME,
            format!("{address} cannot be listened on: {error}"),
            "name an address of this machine with --listen, such as 0.0.0.0:7450",
        ),
    }
}

fn room(name: &'static str, directory: &Path, needed: u64) -> Option<Check> {
    let existing = directory.ancestors().find(|ancestor| ancestor.exists())?;
    let status = statvfs(existing).ok()?;
    let free = status.f_bavail.saturating_mul(status.f_frsize);
    let detail = format!("{} free for {}", bytes(free), directory.display());
    Some(match free {
        free if free < needed / 4 => {
            Check::fail(name, detail, format!("make room: about {} are needed", bytes(needed)))
        }
        free if free < needed => {
            Check::warn(name, detail, format!("make room: about {} are needed", bytes(needed)))
        }
        _ => Check::ok(name, detail),
    })
}

/// The index of a machine, or the files of a deployment.
fn own_need(choices: &Choices) -> u64 {
    match choices.kind {
        Kind::Local => 2 * GB,
        _ => GB / 2,
    }
}

/// Images, the usual models and an index.
fn docker_need(choices: &Choices) -> u64 {
    match (choices.kind, choices.uses_ollama()) {
        (Kind::Compose, true) => 25 * GB,
        (Kind::Compose, false) => 10 * GB,
        _ => 3 * GB,
    }
}

fn memory(choices: &Choices) -> Option<Check> {
    const NAME: &str = "memory";
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total = line.trim().trim_end_matches(" kB").parse::<u64>().ok()?.saturating_mul(1024);
    let answers = choices.answering.is_some();
    let (needed, remedy) = match choices.kind {
        Kind::Compose if answers => {
            (14 * GB, "take a smaller model with --answering-model, or none")
        }
        Kind::Compose => (6 * GB, "use --kind compose-embedded, which needs less"),
        _ if answers => (10 * GB, "take a smaller model with --answering-model, or none"),
        _ => (GB, "add memory: workers that read documents take up to 512 MiB each"),
    };
    let detail = format!("{} in all", bytes(total));
    Some(match total < needed {
        true => Check::warn(NAME, format!("{detail}; about {} are needed", bytes(needed)), remedy),
        false => Check::ok(NAME, detail),
    })
}

/// Whether the user of the image may read the folders.
fn folders(choices: &Choices) -> Vec<Check> {
    const NAME: &str = "folder";
    if !choices.kind.has_containers() {
        return Vec::new();
    }
    let check = |folder: &super::paths::Folder| match folder.access {
        Access::Everybody => Check::ok(NAME, format!("{} may be read by everybody", folder.path)),
        Access::Group(group) => {
            Check::ok(NAME, format!("{} is read through its group, {group}", folder.path))
        }
        Access::Owner => Check::fail(
            NAME,
            format!("{} may be read by its owner alone, not by the container", folder.path),
            format!(
                "let a group read it (`chmod -R g+rX`), or the user {IMAGE_USER}, and name the group in .env (RAGTERM_DOCUMENTS_GROUP)"
            ),
        ),
    };
    choices.folders.iter().map(check).collect()
}

/// Whether the path of the daemon's socket is short enough.
fn socket(choices: &Choices) -> Option<Check> {
    let directory = choices.directory.as_ref().filter(|_| choices.kind == Kind::Local)?;
    let socket = directory.join("data/run/ragterm.sock");
    let length = socket.as_os_str().len();
    (length > SOCKET_BYTES).then(|| {
        let detail =
            format!("{} has {length} bytes; a unix socket allows {SOCKET_BYTES}", socket.display());
        Check::fail(
            "socket",
            detail,
            "name a shorter --directory, or set RAGTERM_SOCKET for every command",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn a_port_in_use_is_a_problem_and_a_free_one_is_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let check = port(address);
        assert_eq!(check.state, Level::Fail);
        assert!(
            check.detail.contains(&address.to_string())
                && check.remedy.unwrap().contains("--listen")
        );
        drop(listener);
        // Any program may take a port as soon as it is let go.
        let is_free = |_| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            drop(listener);
            port(address).state == Level::Ok
        };
        assert!((0..20).any(is_free));
        assert_eq!(port("192.0.2.1:7450".parse().unwrap()).state, Level::Fail);
    }

    #[test]
    fn too_little_room_is_told_by_how_much() {
        let directory = tempfile::tempdir().unwrap();
        let inside = directory.path().join("not/there/yet");
        assert_eq!(room("disk", &inside, 1).unwrap().state, Level::Ok);
        let check = room("disk", &inside, u64::MAX).unwrap();
        assert_eq!(check.state, Level::Fail);
        assert!(check.remedy.unwrap().contains("make room"));
    }
}
