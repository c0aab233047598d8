//! Extractors: from the bytes of one file to a [`Document`], or the reason why there is none.

mod encoding;
mod format;
mod front_matter;
mod html;
mod json_lines;
mod language;
mod markdown;
mod outline;
mod rows;
mod separated;
mod signature;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{Document, Place, Section};
use format::Format;

/// Raised whenever the same bytes give another document than before.
pub const EXTRACTION_VERSION: u32 = 2;

/// A file to extract.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The file name; its extension decides first what the bytes are taken for.
    pub name: &'a str,
    /// The content.
    pub bytes: &'a [u8],
}

/// Why a file yields no document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// Not a document that is read: binary, unsupported, empty.
    Skipped(String),
    /// It should be readable but is not: damaged, too large, too slow.
    Failed(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(reason) | Self::Failed(reason) => f.write_str(reason),
        }
    }
}

/// Reads the document in a file. A text of white space alone is a document without sections.
pub fn extract(input: &Input<'_>) -> Result<Document, Reason> {
    if input.bytes.is_empty() {
        return Err(Reason::Skipped("the file is empty".to_owned()));
    }
    if let Some(what) = signature::of(input) {
        return Err(Reason::Skipped(what));
    }
    let text = encoding::decode(input.bytes)?;
    let format = Format::of(input.name, &text);
    let mut document = match format {
        Format::Html => html::read(&text),
        Format::Markdown => markdown::read(&text),
        Format::JsonLines => json_lines::read(&text),
        Format::Separated(delimiter) => separated::read(&text, delimiter),
        Format::Prose | Format::Code => plain(&text),
    };
    if format != Format::Code {
        document.language = language::of(&document).map(str::to_owned);
    }
    Ok(document)
}

/// The text as it stands, in one section.
fn plain(text: &str) -> Document {
    let mut document = Document::default();
    if !text.trim().is_empty() {
        let place = Place::Line(1);
        document.sections.push(Section { heading: Vec::new(), text: text.to_owned(), place });
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> Result<Document, Reason> {
        extract(&Input { name, bytes })
    }

    fn skipped(name: &str, bytes: &[u8]) -> String {
        match read(name, bytes) {
            Err(Reason::Skipped(reason)) => reason,
            other => panic!("not skipped: {other:?}"),
        }
    }

    #[test]
    fn binary_data_is_refused_under_any_name() {
        assert_eq!(skipped("note.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "PNG image");
        assert_eq!(skipped("note.txt", b"\x01\x02\x03\0\xff\xfe\0\0"), "binary data, not text");
        assert_eq!(skipped("a.docx", b"PK\x03\x04"), "Word document (.docx): not supported yet");
        assert_eq!(skipped("a.zip", b"PK\x03\x04"), "ZIP archive");
        assert_eq!(skipped("a", b"%PDF-1.7\n"), "PDF document: not supported yet");
        assert_eq!(skipped("a.md", b""), "the file is empty");
    }

    #[test]
    fn the_extension_decides_and_without_one_the_content() {
        let html = b"<!DOCTYPE html><title>T</title><p>text";
        assert_eq!(read("page", html).unwrap().title.as_deref(), Some("T"));
        assert_eq!(read("page.txt", b"# no heading").unwrap().title, None);
        assert_eq!(read("PAGE.MD", b"# Heading").unwrap().title.as_deref(), Some("Heading"));
        assert_eq!(read("README", b"plain\n").unwrap().sections[0].text, "plain\n");
    }

    #[test]
    fn plain_text_keeps_its_lines() {
        let document = read("a.txt", b"one\r\ntwo\r\n").unwrap();
        assert_eq!(document.sections[0].text, "one\ntwo\n");
        assert_eq!(document.sections[0].place, Place::Line(1));
    }

    #[test]
    fn a_log_with_a_null_is_read_whatever_letters_it_begins_with() {
        for log in ["BMW 320 was sold\0 on Monday\n", "MZ: the merger\0 is off\n"] {
            assert_eq!(read("a.log", log.as_bytes()).unwrap().sections.len(), 1);
        }
        assert_eq!(skipped("a.log", b"BM\x36\0\x0c\0\0\0\0\0\x36\0\0\0"), "BMP image");
    }

    #[test]
    fn white_space_alone_is_a_document_without_text() {
        assert_eq!(read("a.txt", b" \n\n").unwrap(), Document::default());
    }

    #[test]
    fn source_code_has_no_human_language() {
        let comment = "// The manager has to approve the request before the end of the year.\n";
        assert_eq!(read("a.rs", comment.repeat(9).as_bytes()).unwrap().language, None);
        assert!(read("a.txt", comment.repeat(9).as_bytes()).unwrap().language.is_some());
    }
}
