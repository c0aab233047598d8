//! Extractors: from the bytes of one file to a [`Document`], or the reason why there is none.

mod cells;
mod confluence;
mod cut_off;
pub(crate) mod damage;
mod dates;
mod dokuwiki;
mod encoding;
mod epub;
mod flow;
mod format;
mod front_matter;
mod hangul;
mod headed;
mod html;
mod image;
mod json_lines;
mod kind;
mod language;
mod lightweight;
mod mail;
mod markdown;
mod notebook;
pub(crate) mod notion;
mod office;
mod opendocument;
mod outline;
mod page;
mod parts;
mod pdf;
pub(crate) mod record;
mod rows;
mod rtf;
mod separated;
mod signature;
mod table;
mod workbook;
mod xml;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{Document, Place, Section};
use format::Format;

pub(crate) use confluence::{Holder, holder};
pub(crate) use format::extension;
pub(crate) use kind::Kind;
pub(crate) use mail::Envelope;

/// Raised whenever the same bytes give another document than before.
pub const EXTRACTION_VERSION: u32 = 7;

/// A file to extract.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The path below the source, or within the container, `/` between names. The file name's
    /// extension is asked where the bytes do not tell; a wiki's directories are its headings.
    pub path: &'a str,
    /// The content.
    pub bytes: &'a [u8],
    /// What wrote the file, where it cannot be told from the file alone.
    pub dialect: Dialect,
    /// The languages in which text is recognised in pictures, as `tesseract` names them; `None`:
    /// it is not.
    pub ocr: Option<&'a str>,
}

impl<'a> Input<'a> {
    /// A file of no special dialect.
    pub fn new(path: &'a str, bytes: &'a [u8]) -> Self {
        Self { path, bytes, dialect: Dialect::Any, ocr: None }
    }

    /// The file name.
    pub fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }
}

/// The program whose files a source holds, where that changes how they are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// Whatever each file says of itself.
    #[default]
    Any,
    /// A space export of Confluence, packed or unpacked.
    Confluence,
    /// The pages of a DokuWiki: text files with its markup.
    DokuWiki,
    /// Each line of a `.jsonl` file is a document of its own.
    JsonLines,
    /// Mail: every file is a message or a mailbox, whatever its name.
    Mail,
    /// A dump of MediaWiki.
    MediaWiki,
    /// An export of Notion, packed or unpacked.
    Notion,
}

/// What extracting one file yields.
#[derive(Debug, Default)]
pub struct Extraction {
    /// What the file itself says.
    pub document: Document,
    /// Files that it carries: documents of their own.
    pub attachments: Vec<Attachment>,
    /// When it was written or last changed by what it says itself, in nanoseconds since the epoch;
    /// only of messages and pages of wikis, whose files are newer than they are.
    pub modified_ns: Option<i64>,
}

/// A file inside another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its file name; not yet safe, not yet unique.
    pub name: String,
    /// Its content, or why it was lost.
    pub content: Result<Vec<u8>, Reason>,
}

impl Attachment {
    /// A file of this name.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), content: Ok(bytes) }
    }

    /// What stands for the part of a damaged document that could not be read, while the rest was.
    pub(crate) fn lost(reason: &str) -> Self {
        let content = Err(Reason::Failed(reason.to_owned()));
        Self { name: "lost part".to_owned(), content }
    }
}

impl From<Document> for Extraction {
    fn from(document: Document) -> Self {
        Self { document, ..Self::default() }
    }
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
pub fn extract(input: &Input<'_>) -> Result<Extraction, Reason> {
    if input.bytes.is_empty() {
        return Err(Reason::Skipped("the file is empty".to_owned()));
    }
    if input.dialect == Dialect::Confluence && confluence::is_frame(input.path) {
        return Err(Reason::Skipped("part of the export's frame, not of a page".to_owned()));
    }
    let kind = if input.dialect == Dialect::Mail { Kind::Mail } else { Kind::of(input)? };
    let bytes = input.bytes;
    let mut extraction = match kind {
        Kind::Text => return text(input),
        Kind::Mail => mail::read(input)?,
        Kind::OutlookMail => mail::read_outlook(input)?,
        Kind::Pdf => pdf::read(input)?,
        Kind::OfficeXml => office::read_xml(bytes)?,
        Kind::LegacyOffice => office::read_legacy(bytes)?.into(),
        Kind::Workbook => workbook::read(bytes)?,
        Kind::OpenDocument => opendocument::read(bytes)?,
        Kind::Epub => epub::read(bytes)?,
        Kind::Hangul => hangul::read(bytes)?.into(),
        Kind::HangulXml => hangul::read_xml(bytes)?.into(),
        Kind::Rtf => rtf::read_file(bytes)?,
        Kind::Image => image::read(input)?.into(),
        Kind::Zip => return Err(Reason::Skipped("ZIP archive".to_owned())),
    };
    let document = &mut extraction.document;
    if document.language.is_none() {
        document.language = language::of(document).map(str::to_owned);
    }
    Ok(extraction)
}

fn text(input: &Input<'_>) -> Result<Extraction, Reason> {
    let text = encoding::decode(input.bytes)?;
    let format = Format::of(input, &text);
    let mut extraction: Extraction = match format {
        Format::Html if confluence::is_page(&text) => confluence::read(input.name(), &text),
        _ => document(input, &text, format)?.into(),
    };
    extraction.attachments.extend(cut_off::lost(&text, format));
    if format != Format::Code {
        let language = language::of(&extraction.document).map(str::to_owned);
        extraction.document.language = language;
    }
    Ok(extraction)
}

fn document(input: &Input<'_>, text: &str, format: Format) -> Result<Document, Reason> {
    Ok(match format {
        _ if input.dialect == Dialect::Notion && notion::reads(format) => {
            notion::read(input, text, format)?
        }
        Format::DokuWiki => dokuwiki::read_page(input, text)?,
        Format::Html => html::read(text),
        Format::Markdown => markdown::read_page(input.name(), text)?,
        Format::Lightweight(markup) => lightweight::read(text, markup),
        Format::JsonLines => json_lines::read(text),
        Format::Notebook => notebook::read(text)?,
        Format::Separated(delimiter) => separated::read(text, delimiter),
        Format::Prose | Format::Code => plain(text),
    })
}

/// Reads what the markup of a wiki was turned into.
pub(crate) fn read_html(text: &str) -> Document {
    let mut document = html::read(text);
    document.language = language::of(&document).map(str::to_owned);
    document
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
        extract(&Input::new(name, bytes)).map(|extraction| extraction.document)
    }

    fn skipped(name: &str, bytes: &[u8]) -> String {
        match read(name, bytes) {
            Err(Reason::Skipped(reason)) => reason,
            other => panic!("not skipped: {other:?}"),
        }
    }

    #[test]
    fn binary_data_is_refused_under_any_name() {
        assert_eq!(skipped("note.md", b"GIF89a\x01\0\x01\0"), "GIF image");
        assert_eq!(skipped("note.txt", b"\x01\x02\x03\0\xff\xfe\0\0"), "binary data, not text");
        assert_eq!(skipped("a.zip", b"PK\x03\x04"), "ZIP archive");
        assert_eq!(skipped("a.md", b""), "the file is empty");
    }

    #[test]
    fn a_file_that_is_not_what_its_name_says_fails() {
        let not = |name: &str, bytes: &[u8]| match read(name, bytes) {
            Err(Reason::Failed(reason)) => reason,
            other => panic!("not failed: {other:?}"),
        };
        assert_eq!(not("a.odt", b"plain words"), "not an OpenDocument text but plain text");
        let damaged = "not a PDF document, or damaged at its beginning";
        assert_eq!(not("a.pdf", b"\x01\x02\x03\0\xff\xfe\0\0"), damaged);
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
