//! Which containers there are, and how one is recognised.

use std::io::{self, Read};

use zip::ZipArchive;

use super::Content;
use super::zip_end::End;
use crate::extract::{Dialect, Kind, extension};

/// How much of a file is looked at to recognise it.
pub(super) const HEAD_BYTES: u64 = 16 * 1024;

/// How a container is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A ZIP archive, or a wiki's export in one.
    Zip,
    /// A 7z archive.
    SevenZip,
    /// The `entities.xml` of an unpacked Confluence export.
    Confluence,
    /// What is read once, from its beginning to its end.
    Stream(Stream),
}

/// The containers that need not be held in memory, wherever they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A tar archive.
    Tar,
    /// One compressed file, often an archive or a dump.
    Compressed(Codec),
    /// Messages one after the other (mbox).
    Mailbox,
    /// An XML dump of MediaWiki.
    MediaWiki,
    /// A file of JSON records, each a document.
    Records,
}

/// How a single file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Shape {
    /// Recognises a container by its first bytes and its name, and leaves it at its beginning;
    /// `None` for a file that is read as a whole.
    pub fn of(path: &str, dialect: Dialect, content: &mut dyn Content) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        content.take(HEAD_BYTES).read_to_end(&mut head)?;
        content.rewind()?;
        let shape = Self::of_head(path, dialect, &head);
        if shape.is_none() && is_prefixed(path, &head, content)? {
            return Ok(Some(Self::Zip));
        }
        if shape == Some(Self::Zip) {
            // Most documents of Office are ZIP archives, too.
            let is_archive = Kind::of_package(&mut *content, &extension(path)) == Kind::Zip;
            content.rewind()?;
            return Ok(is_archive.then_some(Self::Zip));
        }
        Ok(shape)
    }

    /// The same by the first bytes alone, which do not tell an archive from a document in one.
    pub(super) fn of_head(path: &str, dialect: Dialect, head: &[u8]) -> Option<Self> {
        let starts = |magic: &[u8]| head.starts_with(magic);
        if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        if starts(b"7z\xbc\xaf\x27\x1c") {
            return Some(Self::SevenZip);
        }
        if let Some(codec) = Codec::of(head) {
            return Some(Self::Stream(Stream::Compressed(codec)));
        }
        let extension = extension(path);
        if head.get(257..262) == Some(b"ustar") || (extension == "tar" && is_old_tar(head)) {
            return Some(Self::Stream(Stream::Tar));
        }
        let is_mailbox = extension == "mbox" || (dialect == Dialect::Mail && extension != "eml");
        if starts(b"From ") && is_mailbox {
            return Some(Self::Stream(Stream::Mailbox));
        }
        let has = |text: &str| head.windows(text.len()).any(|window| window == text.as_bytes());
        if (extension == "xml" || dialect == Dialect::MediaWiki) && has("<mediawiki") {
            return Some(Self::Stream(Stream::MediaWiki));
        }
        if extension == "xml" && has("<hibernate-generic") {
            return Some(Self::Confluence);
        }
        let is_records = matches!(&*extension, "jsonl" | "jsonlines" | "ndjson");
        (is_records && dialect == Dialect::JsonLines).then_some(Self::Stream(Stream::Records))
    }
}

/// Whether a file is called as archives, mailboxes and packed dumps are, whatever it holds.
pub(crate) fn is_named_archive(path: &str) -> bool {
    const NAMES: [&str; 11] =
        ["zip", "7z", "tar", "tgz", "gz", "tbz2", "bz2", "txz", "xz", "zst", "mbox"];
    NAMES.contains(&&*extension(path))
}

impl Codec {
    fn of(head: &[u8]) -> Option<Self> {
        let codecs: [(&[u8], Self); 4] = [
            (b"\x1f\x8b\x08", Self::Gzip),
            (b"BZh", Self::Bzip2),
            (b"\xfd7zXZ\0", Self::Xz),
            (b"\x28\xb5\x2f\xfd", Self::Zstd),
        ];
        let is_bzip2 = head.get(4..10) == Some(b"1AY&SY");
        let (_, codec) = codecs.into_iter().find(|(magic, codec)| {
            head.starts_with(magic) && (*codec != Self::Bzip2 || is_bzip2)
        })?;
        Some(codec)
    }
}

/// Whether this is an archive behind something else: a program that unpacks it, or what a transfer
/// put there.
fn is_prefixed(path: &str, head: &[u8], content: &mut dyn Content) -> io::Result<bool> {
    let may_be = match &*extension(path) {
        "zip" => !head.is_empty(),
        "exe" => head.starts_with(b"MZ"),
        _ => false,
    };
    if !may_be || End::of(content)?.is_none() {
        return Ok(false);
    }
    let is_archive = ZipArchive::new(&mut *content).is_ok_and(|archive| !archive.is_empty());
    content.rewind()?;
    Ok(is_archive)
}

/// Whether this is the header of a tar archive of before 1988, which says so by its sum alone.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    let stated = header[148..156].split(|byte| matches!(byte, 0 | b' '));
    let stated = stated.filter_map(|digits| std::str::from_utf8(digits).ok());
    let stated = stated.filter(|digits| !digits.is_empty());
    let sum = header[..148].iter().chain(&header[156..]).map(|byte| u32::from(*byte)).sum::<u32>();
    stated.map(|digits| u32::from_str_radix(digits, 8)).next() == Some(Ok(sum + 8 * 32))
}

/// Whether files of this name may be containers, which are read piece by piece whatever their size.
pub fn may_be_large(name: &str, dialect: Dialect) -> bool {
    match extension(name).as_str() {
        "zip" | "7z" | "tar" | "tgz" | "tbz" | "tbz2" | "txz" | "tzst" | "gz" | "bz2" | "xz"
        | "zst" | "mbox" => true,
        "xml" => true,
        "jsonl" | "jsonlines" | "ndjson" => dialect == Dialect::JsonLines,
        _ => dialect == Dialect::Mail,
    }
}
