//! One file out of an archive: within the limits, whatever the archive says of it.

use std::io::Read;

use super::shape::HEAD_BYTES;
use super::walk::failed;
use super::{Entry, Shape, Walk};
use crate::extract::{Reason, damage};

/// What an archive says of the sizes of a file; 0 where it does not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stated {
    pub(super) size: u64,
    pub(super) packed: u64,
}

/// Takes a file out and hands it over. What is wrong with it is its own; an error ends the walk.
pub(super) fn unpack(
    entry: Entry,
    stated: Stated,
    content: &mut dyn Read,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    if let Err(reason) = walk.admit(stated.size, stated.packed)? {
        return large(entry, reason, content, walk);
    }
    let most = walk.file_bytes();
    let mut bytes = Vec::new();
    match content.take(most.saturating_add(1)).read_to_end(&mut bytes) {
        Err(error) => walk.unreadable(entry, damage::of_reading(&error)),
        Ok(length) if length as u64 > most => {
            let reason = walk.too_long()?;
            walk.unreadable(entry, reason)
        }
        Ok(length) if (length as u64) < stated.size => {
            walk.unreadable(entry, failed("damaged: it ends too early".to_owned()))
        }
        Ok(_) => walk.file(entry, &bytes),
    }
}

/// Dumps and mailboxes are read as streams if they are too large to be held.
fn large(
    entry: Entry,
    reason: Reason,
    content: &mut dyn Read,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    let mut head = Vec::new();
    if matches!(reason, Reason::Skipped(_))
        && content.take(HEAD_BYTES).read_to_end(&mut head).is_ok()
        && let Some(Shape::Stream(stream)) = Shape::of_head(&entry.path, walk.dialect(), &head)
    {
        return walk.stream(entry, stream, &mut head.as_slice().chain(content));
    }
    walk.unreadable(entry, reason)
}
