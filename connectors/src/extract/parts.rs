//! The parts of a document that is a ZIP package, inflated within limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::{Attachment, Reason, damage};

/// All parts that are read of one package, inflated.
const MAX_INFLATED_BYTES: u64 = 200 * 1024 * 1024;

/// So many lost parts are named.
const MAX_NAMED: usize = 5;

const MAX_ENTRIES: usize = 100_000;

/// A package while its parts are read.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Index by lower-case name: some writers spell a name otherwise where they refer to it.
    names: HashMap<String, usize>,
    left_bytes: u64,
    /// The parts that are there but could not be read, while the document makes sense without them.
    lost: Vec<String>,
    is_too_large: bool,
}

impl<'a> Package<'a> {
    /// Reads the directory of the package.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let archive = ZipArchive::new(Cursor::new(bytes));
        let archive = archive.map_err(|error| damage::reason(&error))?;
        if archive.len() > MAX_ENTRIES {
            return Err(Reason::Failed(format!("holds more than {MAX_ENTRIES} parts")));
        }
        let names = archive.file_names().enumerate();
        let names = names.filter_map(|(index, name)| Some((key(&name.ok()?), index))).collect();
        Ok(Self {
            archive,
            names,
            left_bytes: MAX_INFLATED_BYTES,
            lost: Vec::new(),
            is_too_large: false,
        })
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains_key(&key(name))
    }

    /// The names of all parts that begin so, sorted; in lower case.
    pub(super) fn names(&self, start: &str) -> Vec<String> {
        let mut names = self.names.keys().filter(|name| name.starts_with(start)).cloned();
        let mut names = names.by_ref().collect::<Vec<_>>();
        names.sort_unstable();
        names
    }

    /// A part's content; `None` when there is no such part.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, Reason> {
        let Some(index) = self.names.get(&key(name)).copied() else { return Ok(None) };
        let file = self.archive.by_index(index).map_err(|error| damage::reason(&error))?;
        let mut content = Vec::new();
        let read = file.take(self.left_bytes + 1).read_to_end(&mut content);
        match self.left_bytes.checked_sub(content.len() as u64) {
            Some(left) => self.left_bytes = left,
            None => {
                self.is_too_large = true;
                let limit = MAX_INFLATED_BYTES / (1024 * 1024);
                return Err(Reason::Failed(format!("inflates to more than {limit} MiB")));
            }
        }
        read.map_err(|error| damage::of_reading(&error))?;
        Ok(Some(content))
    }

    /// A part that is XML, decoded.
    pub(super) fn xml(&mut self, name: &str) -> Result<Option<String>, Reason> {
        Ok(self.part(name)?.map(decoded))
    }

    /// A part without which the document still makes sense: a damaged one is as good as none.
    pub(super) fn optional_xml(&mut self, name: &str) -> Option<String> {
        let read = self.xml(name);
        if read.is_err() {
            self.lose(name);
        }
        read.ok().flatten()
    }

    /// Whether a part was not read because all parts together are too large.
    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// A part that was there and could not be read, while the others could.
    pub(super) fn lose(&mut self, name: &str) {
        if !self.lost.iter().any(|lost| lost == name) {
            self.lost.push(name.to_owned());
        }
    }

    /// What is said of the parts that were as good as none.
    pub(super) fn loss(&self) -> Option<Attachment> {
        let names = self.lost.iter().map(|path| path.rsplit('/').next().unwrap_or(path));
        let names = names.take(MAX_NAMED).collect::<Vec<_>>().join(", ");
        let reason = format!("damaged: parts of the document cannot be read ({names})");
        (!self.lost.is_empty()).then(|| Attachment::lost(&reason))
    }
}

/// Why a document whose central part is missing cannot be read.
pub(super) fn missing(name: &str) -> Reason {
    Reason::Failed(format!("damaged: the part {name} is missing"))
}

fn key(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_ascii_lowercase()
}

fn decoded(bytes: Vec<u8>) -> String {
    let utf16 = match bytes.get(..4) {
        Some([0xff, 0xfe, ..] | [_, 0, _, 0]) => Some(encoding_rs::UTF_16LE),
        Some([0xfe, 0xff, ..] | [0, _, 0, _]) => Some(encoding_rs::UTF_16BE),
        _ => None,
    };
    if let Some(encoding) = utf16 {
        return encoding.decode(&bytes).0.into_owned();
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => match String::from_utf8_lossy(error.as_bytes()) {
            Cow::Owned(text) => text,
            Cow::Borrowed(text) => text.to_owned(),
        },
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    /// A package of these parts.
    pub(in crate::extract) fn package(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn failure<T>(result: Result<T, Reason>) -> String {
        match result {
            Err(Reason::Failed(reason)) => reason,
            _ => panic!("it was read"),
        }
    }

    #[test]
    fn names_are_found_in_any_spelling() {
        let bytes = package(&[("Word\\Document.xml", "text")]);
        let mut package = Package::open(&bytes).unwrap();
        assert_eq!(package.xml("/word/document.xml").unwrap().as_deref(), Some("text"));
        assert_eq!(package.xml("other").unwrap(), None);
    }

    #[test]
    fn a_package_inflates_to_no_more_than_its_limit() {
        let bytes = package(&[("a", &"a".repeat(2000)), ("b", "b")]);
        let mut package = Package::open(&bytes).unwrap();
        package.left_bytes = 1000;
        assert_eq!(failure(package.part("a")), "inflates to more than 200 MiB");
        assert_eq!(package.part("b").unwrap().unwrap(), b"b");
    }

    #[test]
    fn a_truncated_package_says_what_is_missing() {
        let bytes = package(&[("a", "text")]);
        let reason = "damaged: it ends too early, the directory at its end is missing";
        assert_eq!(failure(Package::open(&bytes[..bytes.len() / 2])), reason);
    }

    #[test]
    fn a_part_that_is_lost_is_named_while_the_rest_is_read() {
        let mut bytes = package(&[("word/footnotes.xml", &"a".repeat(200)), ("b", "b")]);
        let place = bytes.windows(13).position(|window| window == b"footnotes.xml").unwrap() + 13;
        bytes[place..place + 3].copy_from_slice(b"\xff\xff\xff");
        let mut package = Package::open(&bytes).unwrap();
        assert_eq!(package.optional_xml("missing"), None);
        assert_eq!((package.optional_xml("b").as_deref(), package.loss()), (Some("b"), None));
        assert_eq!(package.optional_xml("word/footnotes.xml"), None);
        let reason = "damaged: parts of the document cannot be read (footnotes.xml)";
        assert_eq!(failure(package.loss().unwrap().content), reason);
    }

    #[test]
    fn parts_in_utf_16_are_decoded() {
        let text = "<a>가</a>";
        let bytes = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        assert_eq!(decoded(bytes), text);
    }
}
