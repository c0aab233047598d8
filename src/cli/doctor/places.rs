//! Whether the directories can be written, are private, and have room.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::Check;
use crate::cli::context::Context;
use crate::cli::units::bytes;
use crate::config::{Grant, Grantee};

/// With less room indexing will soon pause.
const LOW_BYTES: u64 = 1_000_000_000;

/// With less room nothing works.
const EMPTY_BYTES: u64 = 50_000_000;

/// Looks at the data directory, the directory of the log, and the socket.
pub fn check(context: &Context) -> Vec<Check> {
    let paths = &context.paths;
    let log_directory = paths.log_file.parent().unwrap_or(Path::new("/"));
    let socket_directory = paths.socket.parent().unwrap_or(Path::new("/"));
    // A wrong configuration is told by another check.
    let config = context.load().map(|loaded| loaded.config).unwrap_or_default();
    if !config.client.url.is_empty() || !config.client.owner.is_empty() {
        // What the daemon of somebody else writes is not ours to look at.
        return Vec::new();
    }
    let mut checks = vec![
        writable("data", &paths.data_dir, "RAGTERM_DATA_DIR"),
        writable("log", log_directory, "RAGTERM_DATA_DIR"),
        writable("socket", socket_directory, "RAGTERM_SOCKET"),
    ];
    checks.extend(private(&paths.socket, &config.access.grants));
    checks.extend(room(&paths.data_dir));
    checks
}

fn writable(name: &'static str, directory: &Path, variable: &str) -> Check {
    let existing = nearest_existing(directory);
    let shown = directory.display();
    let remedy = || format!("make it writable for you, or set {variable} to another directory");
    if !existing.is_dir() {
        let detail = format!("{shown}: {} is no directory", existing.display());
        return Check::fail(name, detail, remedy());
    }
    match access(existing, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) if existing == directory => Check::ok(name, format!("{shown} can be written")),
        Ok(()) => Check::ok(name, format!("{shown} will be made")),
        Err(error) => Check::fail(name, format!("{shown} cannot be written: {error}"), remedy()),
    }
}

fn nearest_existing(path: &Path) -> &Path {
    path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"))
}

/// A socket that others may connect to although nothing is granted to any of them.
fn private(socket: &Path, grants: &[Grant]) -> Option<Check> {
    let mode = std::fs::metadata(socket).ok()?.permissions().mode();
    let is_local = |grant: &Grant| matches!(grant.to, Grantee::User(_) | Grantee::Group(_));
    if grants.iter().any(is_local) {
        return shared(socket, mode);
    }
    (mode & 0o077 != 0).then(|| {
        let detail =
            format!("others may connect to {} (mode {:o})", socket.display(), mode & 0o777);
        Check::warn("socket mode", detail, format!("chmod 600 {}", socket.display()))
    })
}

/// A socket that others were granted something at must be within their reach.
fn shared(socket: &Path, mode: u32) -> Option<Check> {
    let is_closed = |directory: &&Path| {
        std::fs::metadata(directory).is_ok_and(|about| about.permissions().mode() & 0o001 == 0)
    };
    let closed = socket.ancestors().skip(1).find(is_closed);
    let remedy = "set RAGTERM_SOCKET, here and for them, to a path that they can reach, such as \
                  /run/ragterm/ragterm.sock; they set `client.owner` to your user";
    match (closed, mode & 0o006) {
        (Some(directory), _) => {
            let detail = format!(
                "others were granted something, but cannot enter {}, where {} is",
                directory.display(),
                socket.display()
            );
            Some(Check::warn("socket", detail, remedy))
        }
        (None, 0o006) => None,
        (None, _) => {
            let detail = format!("others may not connect to {}", socket.display());
            Some(Check::warn("socket", detail, "`ragterm stop`; the next start opens it"))
        }
    }
}

fn room(directory: &Path) -> Option<Check> {
    const NAME: &str = "disk";
    let status = statvfs(nearest_existing(directory)).ok()?;
    let free_bytes = status.f_bavail.saturating_mul(status.f_frsize);
    let detail = format!("{} free for {}", bytes(free_bytes), directory.display());
    let remedy = "make room, or move the index with RAGTERM_DATA_DIR";
    Some(match free_bytes {
        free if free < EMPTY_BYTES => Check::fail(NAME, detail, remedy),
        free if free < LOW_BYTES => Check::warn(NAME, detail, remedy),
        _ => Check::ok(NAME, detail),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_directory_that_does_not_exist_yet_is_no_problem() {
        let directory = tempfile::tempdir().unwrap();
        let check = writable("data", &directory.path().join("a/b"), "RAGTERM_DATA_DIR");
        assert_eq!(check.state, Level::Ok);
        assert!(check.detail.ends_with("will be made"));
    }

    #[test]
    fn a_file_in_the_place_of_a_directory_fails_with_a_remedy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let check = writable("data", &file.path().join("data"), "RAGTERM_DATA_DIR");
        assert_eq!(check.state, Level::Fail);
        assert!(check.remedy.unwrap().contains("RAGTERM_DATA_DIR"));
    }

    #[test]
    fn an_open_socket_is_noticed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let set = |mode| std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode));
        set(0o666).unwrap();
        assert_eq!(private(file.path(), &[]).unwrap().state, Level::Warn);
        set(0o600).unwrap();
        assert_eq!(private(file.path(), &[]), None);
    }
}
