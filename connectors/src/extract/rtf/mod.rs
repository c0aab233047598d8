//! RTF: the text without its formatting.

use super::Reason;
use crate::document::Document;

/// Not read yet.
pub(super) fn read(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("RTF document: not supported yet".to_owned()))
}
