//! RTF: the text without its formatting, with its tables, notes and headings.
//!
//! Works on tokens and a bounded stack of groups: linear in time, whatever the nesting.

mod codepage;
mod destination;
mod fonts;
mod info;
mod reader;
mod story;
mod styles;
#[cfg(test)]
mod tests;
mod tokens;

use super::{Attachment, Extraction, Reason};
use crate::document::Document;
use reader::Reader;

/// Reads a file; one that breaks off gives what it has, and says so.
pub(super) fn read_file(bytes: &[u8]) -> Result<Extraction, Reason> {
    let mut reader = Reader::default();
    reader.run(bytes);
    let is_cut = reader.is_open();
    let cut = || Attachment::lost("damaged: the document breaks off, its last brace is missing");
    let attachments = is_cut.then(cut).into_iter().collect();
    Ok(Extraction { document: reader.finish(), attachments, modified_ns: None })
}

/// Reads an RTF document.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    if !bytes.starts_with(b"{\\rtf") {
        return Err(Reason::Failed("not an RTF document".to_owned()));
    }
    let mut reader = Reader::default();
    reader.run(bytes);
    Ok(reader.finish())
}
