//! A backup unpacked into a directory of its own, which tells by a lock that it is in use.

use std::fs::{File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::handover::UNPACKING;
use super::read::{Checked, check};
use crate::error::{Error, Result};

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

/// Whether somebody unpacks into a directory just now.
pub(super) fn is_in_use(directory: &Path) -> bool {
    File::open(directory).is_ok_and(|directory| directory.try_lock().is_err())
}

fn make_in(places: &[PathBuf]) -> Result<(TempDir, Option<File>)> {
    let mut refused = None;
    for place in places {
        let (begin, end) = UNPACKING;
        let private = Permissions::from_mode(0o700);
        let mut builder = tempfile::Builder::new();
        match builder.prefix(begin).suffix(end).permissions(private).tempdir_in(place) {
            Ok(made) => {
                let lock = File::open(made.path()).ok().filter(|made| made.try_lock().is_ok());
                return Ok((made, lock));
            }
            Err(error) => refused = Some((place, error)),
        }
    }
    let (place, error) =
        refused.ok_or_else(|| Error::internal("no place was named to unpack the backup in"))?;
    let error = Error::from(error);
    let message = format!("the backup cannot be unpacked in {}", place.display());
    Err(Error::new(error.kind(), message).because(error))
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
        assert!(is_in_use(made.path()));
        let error = make_in(&[file, missing.clone()]).unwrap_err();
        assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");
    }
}
