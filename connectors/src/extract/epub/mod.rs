//! EPUB books: chapters in the order of the spine.

use super::Reason;
use crate::document::Document;

/// Not read yet.
pub(super) fn read(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("EPUB book: not supported yet".to_owned()))
}
