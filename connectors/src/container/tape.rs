//! Tar archives, read as a stream.

use std::cell::Cell;
use std::io::{self, Read};

use tar::EntryType;

use super::names::Spelling;
use super::unpack::{Stated, unpack};
use super::walk::failed;
use super::{Entry, Opened, Walk, clock};
use crate::extract::{Reason, damage};

const BLOCK_BYTES: usize = 512;

/// What a backup of ragterm begins with: all that it holds was found elsewhere, maybe by others.
const BACKUP: &[u8] = b"ragterm-backup.json";

/// Visits the files one after the other.
pub(super) fn walk(opened: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let ending = Ending::default();
    let mut archive = tar::Archive::new(Ended { inner: opened.content, ending: &ending });
    // Zeros in the middle are no end: archives are joined, and damaged ones have holes.
    archive.set_ignore_zeros(true);
    for (number, file) in archive.entries().map_err(damaged)?.enumerate() {
        let mut file = file.map_err(damaged)?;
        if number == 0 && *file.path_bytes() == *BACKUP {
            return Err(Reason::Skipped("backup of ragterm".to_owned()));
        }
        let is_file = matches!(
            file.header().entry_type(),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
        );
        let raw = file.path_bytes().into_owned();
        let path = Spelling::of(std::iter::once(raw.as_slice())).read(&raw).into_owned();
        // Before there was a type for directories, their names said it.
        if !is_file || path.ends_with('/') || walk.leaves_out(&path) {
            continue;
        }
        let modified = file.header().mtime().ok().and_then(|time| i64::try_from(time).ok());
        let modified_ns = modified.and_then(clock::of_seconds);
        let stated = Stated { size: file.size(), packed: 0 };
        unpack(Entry { path, modified_ns, ..Entry::default() }, stated, &mut file, walk)?;
    }
    match ending.zeros.get() {
        0..BLOCK_BYTES => {
            Err(failed("damaged: it ends too early, without its end mark".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The number of zeros that came last: an archive ends with at least one block of them.
#[derive(Default)]
struct Ending {
    zeros: Cell<usize>,
}

/// Content of which the end is watched.
struct Ended<'e, R> {
    inner: R,
    ending: &'e Ending,
}

impl<R: Read> Read for Ended<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let zeros = buffer[..length].iter().rev().take_while(|byte| **byte == 0).count();
        let before = if zeros == length { self.ending.zeros.get() } else { 0 };
        self.ending.zeros.set(before + zeros);
        Ok(length)
    }
}

fn damaged(error: io::Error) -> Reason {
    // What the archive calls a number or a name is text of the file, and none for a reason.
    let what = error.to_string();
    if ["checksum", "numeric field", "invalid gnu header"].iter().any(|mark| what.contains(mark)) {
        return failed("damaged: what stands before a file is broken".to_owned());
    }
    damage::of_reading(&error)
}
