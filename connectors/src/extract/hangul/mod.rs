//! The Korean word processor: HWP 3 and 5, HWPX.

use super::Reason;
use crate::document::Document;

/// Not read yet.
pub(super) fn read(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("Hangul document: not supported yet".to_owned()))
}

/// Not read yet.
pub(super) fn read_xml(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("Hangul document: not supported yet".to_owned()))
}
