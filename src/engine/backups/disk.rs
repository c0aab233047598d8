//! The directory of the backups by the clock, on a disk that may not answer, be full, or refuse.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::backup::Shelf;
use crate::disk::{check_room, sync_names};
use crate::error::{Error, Result};

/// The directory of backups, on a disk that may not answer.
pub(super) struct Disk<'d> {
    pub alone: &'d Arc<Semaphore>,
    pub shelf: &'d Shelf,
}

impl Disk<'_> {
    /// Works with the directory on a thread of its own, for so long.
    pub async fn work<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&Shelf) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // Whoever waited in vain before us still waits.
        let alone = Arc::clone(self.alone).try_acquire_owned().map_err(|_| self.silent())?;
        let shelf = self.shelf.clone();
        let working = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            work(&shelf)
        });
        let worked = tokio::time::timeout(limit, working).await.map_err(|_| self.silent())?;
        worked.map_err(|error| Error::internal("a backup by the clock failed").because(error))?
    }

    pub fn silent(&self) -> Error {
        Error::unavailable(format!("{} does not answer", self.shelf.directory().display()))
            .hint("check the disk or the share that it is on")
    }
}

/// When the backups that are there were taken.
pub(super) fn taken(shelf: &Shelf) -> Result<Vec<Timestamp>> {
    shelf.taken().map_err(|error| match error.kind() {
        // Where a disk is not mounted, what is under it would be filled.
        io::ErrorKind::NotFound => Error::usage("the directory does not exist, and is never made")
            .hint("make the directory of `backup.directory`, or mount its disk"),
        _ => unreadable(shelf.directory(), error),
    })
}

/// Opens the file of a backup, where there is room for as many bytes as the last one has, or as the
/// catalog.
pub(super) fn begin(
    shelf: &Shelf,
    (now, taken): (Timestamp, &[Timestamp]),
    catalog: u64,
) -> Result<File> {
    shelf.sweep();
    let last = taken.iter().max().and_then(|time| std::fs::metadata(shelf.file(*time)).ok());
    let bytes = last.map_or(catalog, |last| last.len());
    check_room(shelf.directory(), bytes, "another backup")?;
    let mut options = File::options();
    let opened = options.write(true).create_new(true).mode(0o600).open(shelf.part(now));
    opened.map_err(unwritable)
}

/// Says what lets a daemon write into a directory where it may not.
fn unwritable(error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "give the directory to the user of the daemon",
        io::ErrorKind::ReadOnlyFilesystem => {
            "mount it for writing; a systemd unit lets the daemon write where `ReadWritePaths=` says"
        }
        _ => return error.into(),
    };
    Error::from(error).hint(hint)
}

/// Gives a backup its name for good.
pub(super) fn put(shelf: &Shelf, now: Timestamp) -> Result<()> {
    std::fs::rename(shelf.part(now), shelf.file(now))?;
    Ok(sync_names(shelf.directory())?)
}

pub(super) fn rotate(shelf: &Shelf, now: Timestamp, keep: u32) -> Result<usize> {
    let (taken, file) = (taken(shelf)?, shelf.file(now));
    // Names have whole seconds.
    let newest = taken.into_iter().filter(|time| shelf.file(*time) == file).max().unwrap_or(now);
    shelf
        .rotate(newest, keep)
        .map_err(|error| Error::unavailable("an old backup cannot be deleted").because(error))
}

pub(super) fn unreadable(directory: &Path, error: io::Error) -> Error {
    let error = Error::from(error);
    Error::new(error.kind(), format!("{} cannot be read", directory.display())).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn a_directory_that_does_not_answer_holds_one_thread_and_is_told() {
        let (alone, shelf) = (Arc::new(Semaphore::new(1)), Shelf::new(Path::new("/nowhere"), "1"));
        let disk = Disk { alone: &alone, shelf: &shelf };
        let (release, held) = std::sync::mpsc::channel::<()>();
        let hanging = disk.work(Duration::from_millis(10), move |_| Ok(held.recv().is_ok()));
        let text = hanging.await.unwrap_err().to_string();
        assert_eq!(text, "/nowhere does not answer");
        let text = disk.work(Duration::from_secs(60), taken).await.unwrap_err().to_string();
        assert_eq!(text, "/nowhere does not answer");
        release.send(()).unwrap();
        let _free = alone.acquire().await.unwrap();
    }

    #[test]
    fn no_directory_is_made_and_no_backup_begun_where_there_is_no_room() {
        let directory = tempfile::tempdir().unwrap();
        let missing = Shelf::new(&directory.path().join("disk"), "1");
        let error = taken(&missing).unwrap_err();
        assert!(error.next_step().unwrap().contains("mount its disk"), "{error}");
        assert!(!missing.directory().exists());
        let shelf = Shelf::new(directory.path(), "1");
        let error = begin(&shelf, (Timestamp::now(), &[]), u64::MAX).unwrap_err();
        assert!(error.to_string().contains("too full for another backup"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_refuses_is_told_with_what_lets_the_daemon_write() {
        for (kind, hint) in [
            (io::ErrorKind::ReadOnlyFilesystem, "`ReadWritePaths=`"),
            (io::ErrorKind::PermissionDenied, "to the user of the daemon"),
        ] {
            let error = unwritable(kind.into());
            assert!(error.next_step().unwrap().contains(hint), "{error}");
        }
        assert_eq!(unwritable(io::ErrorKind::StorageFull.into()).kind(), ErrorKind::Exhausted);
    }
}
