//! Pictures: text recognised in them by `tesseract`, where that is asked for.

use super::{Input, Reason};
use crate::document::Document;

/// Not read yet.
pub(super) fn read(_input: &Input<'_>) -> Result<Document, Reason> {
    Err(Reason::Skipped("image: not supported yet".to_owned()))
}
