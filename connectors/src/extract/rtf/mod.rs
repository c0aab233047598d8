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

use super::Reason;
use crate::document::Document;
use reader::Reader;

/// Reads an RTF document.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    if !bytes.starts_with(b"{\\rtf") {
        return Err(Reason::Failed("not an RTF document".to_owned()));
    }
    let mut reader = Reader::default();
    reader.run(bytes);
    Ok(reader.finish())
}
