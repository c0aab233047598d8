//! Word and PowerPoint, of both generations.

use super::Reason;
use crate::document::Document;

/// Not read yet.
pub(super) fn read_xml(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("Office document: not supported yet".to_owned()))
}

/// Not read yet.
pub(super) fn read_legacy(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("Office document: not supported yet".to_owned()))
}
