//! OpenDocument texts and presentations.

use super::Reason;
use crate::document::Document;

/// Not read yet.
pub(super) fn read(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("OpenDocument file: not supported yet".to_owned()))
}
