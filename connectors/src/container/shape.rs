//! Which containers there are, and how one is recognised.

use std::io::{self, Read};

use super::Content;
use crate::extract::{Dialect, Kind, extension};

/// How much of a file is looked at to recognise it.
const HEAD_BYTES: u64 = 16 * 1024;

/// How a container is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A ZIP archive, or a wiki's export in one.
    Zip,
    /// A 7z archive.
    SevenZip,
    /// A tar archive.
    Tar,
    /// One compressed file, often an archive or a dump.
    Compressed(Codec),
    /// Messages one after the other (mbox).
    Mailbox,
    /// An XML dump of MediaWiki.
    MediaWiki,
    /// The `entities.xml` of an unpacked Confluence export.
    Confluence,
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
        let codecs: [(&[u8], Codec); 4] = [
            (b"\x1f\x8b\x08", Codec::Gzip),
            (b"BZh", Codec::Bzip2),
            (b"\xfd7zXZ\0", Codec::Xz),
            (b"\x28\xb5\x2f\xfd", Codec::Zstd),
        ];
        let is_bzip2 = |head: &[u8]| head.get(4..10) == Some(b"1AY&SY");
        for (magic, codec) in codecs {
            if starts(magic) && (codec != Codec::Bzip2 || is_bzip2(head)) {
                return Some(Self::Compressed(codec));
            }
        }
        if head.get(257..262) == Some(b"ustar") {
            return Some(Self::Tar);
        }
        let extension = extension(path);
        if starts(b"From ") && (extension == "mbox" || dialect == Dialect::Mail) {
            return Some(Self::Mailbox);
        }
        let has = |text: &str| head.windows(text.len()).any(|window| window == text.as_bytes());
        if has("<mediawiki") && (extension == "xml" || dialect == Dialect::MediaWiki) {
            return Some(Self::MediaWiki);
        }
        if has("<hibernate-generic") && extension == "xml" {
            return Some(Self::Confluence);
        }
        let is_records = matches!(&*extension, "jsonl" | "jsonlines" | "ndjson");
        (is_records && dialect == Dialect::JsonLines).then_some(Self::Records)
    }
}

/// Whether files of this name may be containers, which are read piece by piece whatever their size.
pub fn may_be_large(name: &str, dialect: Dialect) -> bool {
    match extension(name).as_str() {
        "zip" | "7z" | "tar" | "tgz" | "tbz2" | "txz" | "gz" | "bz2" | "xz" | "zst" | "mbox" => {
            true
        }
        "xml" => true,
        "jsonl" | "jsonlines" | "ndjson" => dialect == Dialect::JsonLines,
        _ => dialect == Dialect::Mail,
    }
}
