//! PDF: text in reading order, page by page.

use super::{Extraction, Input, Reason};

/// Not read yet.
pub(super) fn read(_input: &Input<'_>) -> Result<Extraction, Reason> {
    Err(Reason::Skipped("PDF document: not supported yet".to_owned()))
}
