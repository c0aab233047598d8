//! One daemon per data directory, held by a file lock that dies with the process.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::error::{Error, Result};

/// The lock; dropping it lets another daemon start.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock; fails at once when another process has it, and names that process.
    pub fn acquire(directory: &Path) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
            Error::usage(format!("cannot create the data directory {}", directory.display()))
                .because(error)
                .hint("set RAGTERM_DATA_DIR to a directory that you may write to")
        })?;
        let path = directory.join("daemon.lock");
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
            Err(TryLockError::WouldBlock) => return Err(taken(&mut file, directory)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        write!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn taken(file: &mut File, directory: &Path) -> Error {
    let mut owner = String::new();
    let read = file.take(20).read_to_string(&mut owner);
    let owner = match read {
        Ok(length) if length > 0 => format!(" (pid {owner})"),
        _ => String::new(),
    };
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
        drop(first);
        DataLock::acquire(directory.path()).unwrap();
    }
}
