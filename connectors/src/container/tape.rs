//! Tar archives, read as a stream.

use std::io;

use tar::EntryType;

use super::names::{Spelling, is_left_out};
use super::unpack::{Stated, unpack};
use super::walk::failed;
use super::{Entry, Opened, Walk, clock};
use crate::extract::Reason;

/// Visits the files one after the other.
pub(super) fn walk(opened: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let mut archive = tar::Archive::new(opened.content);
    for file in archive.entries().map_err(damaged)? {
        let mut file = file.map_err(damaged)?;
        let is_file = matches!(
            file.header().entry_type(),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
        );
        let raw = file.path_bytes().into_owned();
        let path = Spelling::of(std::iter::once(raw.as_slice())).read(&raw).into_owned();
        // Before there was a type for directories, their names said it.
        if !is_file || path.ends_with('/') || is_left_out(&path) {
            continue;
        }
        let modified = file.header().mtime().ok().and_then(|time| i64::try_from(time).ok());
        let modified_ns = modified.and_then(clock::of_seconds);
        let stated = Stated { size: file.size(), packed: 0 };
        unpack(Entry { path, modified_ns, ..Entry::default() }, stated, &mut file, walk)?;
    }
    Ok(())
}

fn damaged(error: io::Error) -> Reason {
    // What the archive calls a number or a name is text of the file, and none for a reason.
    let what = error.to_string();
    if ["checksum", "numeric field", "invalid gnu header"].iter().any(|mark| what.contains(mark)) {
        return failed("damaged: what stands before a file is broken".to_owned());
    }
    if what.contains("unexpected EOF") || what.contains("failed to read entire block") {
        return failed("damaged: it ends too early".to_owned());
    }
    failed(format!("damaged: {what}"))
}
