//! Whether the directories can be written, are private, and have room.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::Check;
use crate::cli::context::Context;
use crate::cli::units::bytes;

/// With less room indexing will soon pause.
const LOW_BYTES: u64 = 1_000_000_000;

/// With less room nothing works.
const EMPTY_BYTES: u64 = 50_000_000;

/// Looks at the data directory, the directory of the log, and the socket.
pub fn check(context: &Context) -> Vec<Check> {
    let paths = &context.paths;
    let log_directory = paths.log_file.parent().unwrap_or(Path::new("/"));
    let socket_directory = paths.socket.parent().unwrap_or(Path::new("/"));
    let mut checks = vec![
        writable("data", &paths.data_dir, "RAGTERM_DATA_DIR"),
        writable("log", log_directory, "RAGTERM_DATA_DIR"),
        writable("socket", socket_directory, "RAGTERM_SOCKET"),
    ];
    checks.extend(private(&paths.socket));
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

/// A socket that others may connect to; the daemon would turn them away.
fn private(socket: &Path) -> Option<Check> {
    let mode = std::fs::metadata(socket).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let detail =
            format!("others may connect to {} (mode {:o})", socket.display(), mode & 0o777);
        Check::warn("socket mode", detail, format!("chmod 600 {}", socket.display()))
    })
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
        assert_eq!(private(file.path()).unwrap().state, Level::Warn);
        set(0o600).unwrap();
        assert_eq!(private(file.path()), None);
    }
}
