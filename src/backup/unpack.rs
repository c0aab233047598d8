//! A backup unpacked into a directory of its own, which tells by a lock that it is in use.

use std::fs::{File, Permissions, TryLockError};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::handover::UNPACKING;
use super::read::{Checked, check};
use crate::error::{Error, Result};

/// So many directories are made where others are swept away before they are held.
const ATTEMPTS: u32 = 8;

/// What was unpacked; gone with the value.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// Where it is.
    pub directory: TempDir,
    /// What the backup is.
    pub checked: Checked,
    // `None` on a file system without locks.
    _lock: Option<File>,
}

/// Checks a backup, and unpacks it in the first of the places that may be written.
pub(super) async fn unpack(
    input: impl Read + Send + 'static,
    places: &[PathBuf],
) -> Result<Unpacked> {
    let (directory, lock) = make_in(places)?;
    // The directory stays on this side: it goes at once with a future that is dropped, though the
    // thread may wait in a read for ever.
    let into = directory.path().to_owned();
    let unpacking = tokio::task::spawn_blocking(move || check(input, Some(&into)));
    let checked = unpacking.await;
    let checked = checked.map_err(|error| Error::internal("unpacking failed").because(error))??;
    Ok(Unpacked { directory, checked, _lock: lock })
}

/// Removes a directory that was left, unless somebody unpacks into it just now.
pub(super) fn remove_unused(directory: &Path) {
    // Held until it is gone: whoever made it a moment ago sees that, and makes another.
    let lock = File::open(directory);
    // A file system without locks says nothing of that kind.
    if matches!(lock.as_ref().map(File::try_lock), Ok(Err(TryLockError::WouldBlock))) {
        return;
    }
    // What cannot be removed is in nobody's way.
    let _removed = std::fs::remove_dir_all(directory);
}

fn make_in(places: &[PathBuf]) -> Result<(TempDir, Option<File>)> {
    let mut refused = None;
    for place in places {
        match make(place, hold) {
            Ok(made) => return Ok(made),
            Err(error) => refused = Some((place, error)),
        }
    }
    let (place, error) =
        refused.ok_or_else(|| Error::internal("no place was named to unpack the backup in"))?;
    let error = Error::from(error);
    let message = format!("the backup cannot be unpacked in {}", place.display());
    Err(Error::new(error.kind(), message).because(error))
}

/// What came of the attempt to hold a new directory.
enum Held {
    /// Nobody sweeps it away as long as this is open.
    Locked(File),
    /// The file system has no locks.
    Unlockable,
    /// Somebody who swept took it for one that was left.
    Swept,
}

/// Makes a directory, and another one as long as somebody who sweeps is faster than `hold`.
fn make(
    place: &Path,
    mut hold: impl FnMut(&Path) -> Held,
) -> std::io::Result<(TempDir, Option<File>)> {
    let (begin, end) = UNPACKING;
    let private = Permissions::from_mode(0o700);
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(begin).suffix(end).permissions(private);
    for _ in 0..ATTEMPTS {
        let made = builder.tempdir_in(place)?;
        match hold(made.path()) {
            Held::Locked(lock) => return Ok((made, Some(lock))),
            Held::Unlockable => return Ok((made, None)),
            Held::Swept => {}
        }
    }
    Err(std::io::Error::other("each directory that was made there was removed by somebody else"))
}

fn hold(made: &Path) -> Held {
    let Ok(lock) = File::open(made) else { return Held::Swept };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Held::Swept,
        Err(TryLockError::Error(_)) => return Held::Unlockable,
        Ok(()) => {}
    }
    // The lock may be had of a directory that was removed meanwhile.
    let (held, there) = (lock.metadata(), made.symlink_metadata());
    match (held, there) {
        (Ok(held), Ok(there)) if (held.dev(), held.ino()) == (there.dev(), there.ino()) => {
            Held::Locked(lock)
        }
        _ => Held::Swept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_may_be_written_is_taken_and_the_last_refusal_is_told() {
        let root = tempfile::tempdir().unwrap();
        let (missing, file) = (root.path().join("missing"), root.path().join("file"));
        let (good, other) = (root.path().join("good"), root.path().join("other"));
        std::fs::write(&file, "").unwrap();
        std::fs::create_dir(&good).unwrap();
        std::fs::create_dir(&other).unwrap();
        let (made, _lock) = make_in(&[missing.clone(), file.clone(), good.clone(), other]).unwrap();
        assert_eq!(made.path().parent(), Some(good.as_path()));
        remove_unused(made.path());
        assert!(made.path().exists(), "it is in use");
        let error = make_in(&[file, missing.clone()]).unwrap_err();
        assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");
    }

    #[test]
    fn another_directory_is_made_where_a_sweep_was_faster() {
        let root = tempfile::tempdir().unwrap();
        let (mut sweeper, mut number) = (None, 0);
        let (made, lock) = make(root.path(), |made| {
            number += 1;
            match number {
                // It was removed before the lock was asked for…
                1 => std::fs::remove_dir(made).unwrap(),
                // …or its lock is held by whoever is about to remove it.
                2 => {
                    let file = File::open(made).unwrap();
                    file.lock().unwrap();
                    sweeper = Some(file);
                }
                _ => {}
            }
            hold(made)
        })
        .unwrap();
        assert_eq!(number, 3);
        remove_unused(made.path());
        assert!(lock.is_some() && made.path().exists());
        drop((lock, sweeper));
        remove_unused(made.path());
        assert!(!made.path().exists());
        let error = make(root.path(), |_| Held::Swept).unwrap_err();
        assert!(error.to_string().contains("was removed by somebody else"), "{error}");
    }
}
