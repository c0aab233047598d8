//! Spreadsheets: each sheet a heading, each row a line of cells with their headers.

use super::Reason;
use crate::document::Document;

/// Not read yet.
pub(super) fn read(_bytes: &[u8]) -> Result<Document, Reason> {
    Err(Reason::Skipped("workbook: not supported yet".to_owned()))
}

/// A number as people see it: without the noise of its last binary digits.
pub(super) fn shown(number: &str) -> String { number.to_owned() }
