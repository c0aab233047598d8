//! One daemon per data directory, held by a file lock that dies with the process.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::error::{Error, Result};

/// The lock; dropping it lets another daemon start.
#[derive(Debug)]
pub struct DataLock {
    path: PathBuf,
    file: File,
}

impl DataLock {
    /// Takes the lock; fails at once when another process has it, and names that process.
    pub fn acquire(directory: &Path) -> Result<Self> {
        make_directory(directory)?;
        let path = path_in(directory);
        let failed = |error: std::io::Error| {
            Error::usage(format!("cannot lock {}", path.display())).because(error)
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&file, directory)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        write!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { path, file })
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Whether the locked file is still where it was; without it another daemon could start, and
    /// the data are likely gone.
    pub fn is_in_place(&self) -> bool {
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let ours = self.file.metadata().map(identity);
        let there = std::fs::metadata(&self.path).map(identity);
        matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
    }
}

/// Makes the data directory if it is missing; fails where nothing can be written into it.
pub fn make_directory(directory: &Path) -> Result<()> {
    let refused = |why: std::io::Error| {
        Error::usage(format!("cannot keep the index in {}", directory.display()))
            .because(why)
            .hint("make it writable for you, or set RAGTERM_DATA_DIR to another directory")
    };
    if directory.exists() && !directory.is_dir() {
        return Err(refused(std::io::Error::other("it is a file, not a directory")));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(refused)?;
    rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| refused(error.into()))
}

/// Fails with `Usage` when the data directory, if there is one, is another user's, who is not root:
/// what we put into it could not be opened by its owner.
pub fn check_owner(directory: &Path) -> Result<()> {
    let Ok(metadata) = std::fs::metadata(directory) else { return Ok(()) };
    let ours = nix::unistd::geteuid().as_raw();
    if !is_shut_out(metadata.uid(), ours) {
        return Ok(());
    }
    let (owner, our_name) = (name_of(metadata.uid()), name_of(ours));
    let directory = directory.display();
    Err(Error::usage(format!(
        "the data directory {directory} belongs to {owner}, and what {our_name} writes into it \
         could not be opened by {owner}"
    ))
    .hint(format!("run it as the owner: `sudo -u {owner} ragterm restore …`")))
}

/// Whether the owner of a directory cannot open what we write into it. Root opens everything: the
/// volumes of Kubernetes are root's, and writable for the group of those who use them.
fn is_shut_out(owner: u32, ours: u32) -> bool {
    owner != ours && owner != 0
}

/// The name of a user, or its number as `sudo` takes it.
fn name_of(user: u32) -> String {
    let found = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(user));
    found.ok().flatten().map_or_else(|| format!("'#{user}'"), |user| user.name)
}

/// The process that holds the lock of a data directory; `None` when no daemon runs on it.
pub fn owner(directory: &Path) -> Option<u32> {
    let file = File::open(path_in(directory)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_pid(&file)?.parse().ok(),
        _ => None,
    }
}

fn path_in(directory: &Path) -> PathBuf {
    directory.join("daemon.lock")
}

fn read_pid(file: &File) -> Option<String> {
    let mut pid = String::new();
    let length = file.take(20).read_to_string(&mut pid).ok()?;
    (length > 0).then_some(pid)
}

fn taken(file: &File, directory: &Path) -> Error {
    let owner = read_pid(file).map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    Error::usage(format!("a daemon{owner} already runs on {}", directory.display()))
        .hint("use it, end it with `ragterm stop`, or set RAGTERM_DATA_DIR for a second one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = DataLock::acquire(directory.path()).unwrap();
        let second = DataLock::acquire(directory.path()).unwrap_err();
        assert!(second.to_string().contains(&std::process::id().to_string()), "{second}");
        assert_eq!(owner(directory.path()), Some(std::process::id()));
        drop(first);
        assert_eq!(owner(directory.path()), None);
        DataLock::acquire(directory.path()).unwrap();
    }

    #[test]
    fn only_another_user_than_root_is_shut_out() {
        let cases = [(1000, 1000), (1000, 2000), (1000, 0), (0, 1000), (0, 0)];
        let shut_out = cases.map(|(owner, ours)| is_shut_out(owner, ours));
        assert_eq!(shut_out, [false, true, true, false, false]);
    }

    #[test]
    fn a_lock_that_was_removed_or_replaced_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let lock = DataLock::acquire(directory.path()).unwrap();
        assert!(lock.is_in_place());
        std::fs::remove_file(path_in(directory.path())).unwrap();
        assert!(!lock.is_in_place());
        let second = DataLock::acquire(directory.path()).unwrap();
        assert!(second.is_in_place() && !lock.is_in_place());
    }
}
