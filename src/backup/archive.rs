//! Writing the archive: a tar in zstd, so that it can be streamed, with the checksums last, so that
//! one that was cut off is recognised.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::header::{Checksum, Checksums, Header};
use super::{CHECKSUMS, CONFIGURATION, HEADER};

/// How hard the archive is compressed: vectors hardly are, whatever the level.
const LEVEL: i32 = 3;

/// What goes into an archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contents<'c> {
    pub header: &'c Header,
    pub catalog: &'c Path,
    pub configuration: &'c str,
}

/// Writes the archive; `told` hears how much of the catalog is written, in bytes.
pub(super) fn write(
    contents: Contents<'_>,
    out: &mut impl Write,
    told: impl FnMut(u64),
) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    let mut archive = tar::Builder::new(encoder);
    let header = serde_json::to_vec_pretty(contents.header)?;
    let catalog = File::open(contents.catalog)?;
    let length = catalog.metadata()?.len();
    let catalog = Counted { inner: catalog, read: 0, told };
    let configuration = contents.configuration.as_bytes();
    let members = vec![
        append(&mut archive, (HEADER, header.len() as u64), &header[..])?,
        append(&mut archive, (&contents.header.catalog, length), catalog)?,
        append(&mut archive, (CONFIGURATION, configuration.len() as u64), configuration)?,
    ];
    let checksums = serde_json::to_vec_pretty(&Checksums { members })?;
    append(&mut archive, (CHECKSUMS, checksums.len() as u64), &checksums[..])?;
    archive.into_inner()?.finish()?.flush()
}

/// Appends a member of a length that is known.
pub(super) fn append(
    archive: &mut tar::Builder<impl Write>,
    (name, bytes): (&str, u64),
    data: impl Read,
) -> io::Result<Checksum> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(0);
    let mut hashing = Hashing::new(data.take(bytes));
    archive.append_data(&mut header, name, &mut hashing)?;
    if hashing.bytes != bytes {
        return Err(io::Error::other(format!("{name} became shorter while it was written")));
    }
    Ok(hashing.checksum(name))
}

/// Hashes what is read through it.
pub(super) struct Hashing<R> {
    inner: R,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<R> Hashing<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    /// What was read so far, as a member of this name.
    pub fn checksum(&self, name: &str) -> Checksum {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        Checksum { member: name.to_owned(), bytes: self.bytes, blake3 }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        self.bytes += length as u64;
        Ok(length)
    }
}

/// Tells how much was read through it.
struct Counted<R, F> {
    inner: R,
    read: u64,
    told: F,
}

impl<R: Read, F: FnMut(u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read += length as u64;
        (self.told)(self.read);
        Ok(length)
    }
}
