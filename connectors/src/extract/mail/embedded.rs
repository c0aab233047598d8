//! A message inside an Outlook message, as a file of its own.

use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use cfb::CompoundFile;

use super::properties::{Compound, stream};

/// More streams and storages than this are not copied.
const MAX_ENTRIES: usize = 10_000;

/// All that is copied of one message.
const MAX_BYTES: u64 = 100 * 1024 * 1024;

const TABLE: &str = "__properties_version1.0";

/// The header of the table of properties, in a message inside another one.
const INNER_HEADER_BYTES: usize = 24;

/// Copies the storage at `path` to the root of a new file.
pub(super) fn copy(file: &mut Compound<'_>, path: &Path) -> Option<Vec<u8>> {
    let entries = file.walk_storage(path).ok()?.skip(1).take(MAX_ENTRIES);
    let entries = entries.map(|entry| (entry.path().to_owned(), entry.is_storage()));
    let entries = entries.collect::<Vec<_>>();
    let mut target = CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    let mut left = MAX_BYTES;
    for (source, is_storage) in entries {
        let place = Path::new("/").join(source.strip_prefix(path).ok()?);
        if is_storage {
            target.create_storage(&place).ok()?;
            continue;
        }
        let bytes = stream(file, &source, left)?;
        left -= bytes.len() as u64;
        write(&mut target, place, bytes).ok()?;
    }
    Some(target.into_inner().into_inner())
}

fn write(
    target: &mut CompoundFile<Cursor<Vec<u8>>>,
    place: PathBuf,
    mut bytes: Vec<u8>,
) -> io::Result<()> {
    // At the root, the header has eight more bytes, which mean nothing.
    if place == Path::new("/").join(TABLE) && bytes.len() >= INNER_HEADER_BYTES {
        bytes.splice(INNER_HEADER_BYTES..INNER_HEADER_BYTES, [0; 8]);
    }
    let mut stream = target.create_stream(place)?;
    stream.write_all(&bytes)?;
    stream.flush()
}
