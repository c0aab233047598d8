//! What is asked of disks: room, before something is written, and that a name outlives a power cut.

use std::fs::File;
use std::io::{self, ErrorKind as Io};
use std::path::Path;

use crate::error::{Error, Result};

/// What is left to those who write beside us, in bytes.
const RESERVE: u64 = 16 << 20;

/// Fails with `Exhausted` when `what` of so many bytes does not fit where `directory` lies.
pub fn check_room(directory: &Path, bytes: u64, what: &str) -> Result<()> {
    // Where the system does not tell, writing will.
    let Ok(disk) = rustix::fs::statvfs(directory) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if bytes.saturating_add(RESERVE) <= free {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    Err(Error::exhausted(format!(
        "the disk of {} is too full for {what}: it takes {} MB, and {} MB are free",
        directory.display(),
        megabytes(bytes.saturating_add(RESERVE)),
        free / 1_000_000
    ))
    .hint("free some disk space, and try again"))
}

/// Has the names in a directory written down; some file systems promise nothing of the kind.
pub fn sync_names(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        Err(error) if matches!(error.kind(), Io::InvalidInput | Io::Unsupported) => Ok(()),
        synced => synced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_before_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        check_room(directory.path(), 1, "a byte").unwrap();
        let error = check_room(directory.path(), u64::MAX, "everything").unwrap_err();
        assert!(error.to_string().contains("too full for everything"), "{error}");
        assert_eq!(error.kind(), crate::error::ErrorKind::Exhausted);
    }
}
