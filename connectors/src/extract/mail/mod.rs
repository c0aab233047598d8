//! Messages: headers, text, attachments.

use super::{Extraction, Input, Reason};

/// Not read yet.
pub(super) fn read(_input: &Input<'_>) -> Result<Extraction, Reason> {
    Err(Reason::Skipped("mail message: not supported yet".to_owned()))
}

/// Not read yet.
pub(super) fn read_outlook(_input: &Input<'_>) -> Result<Extraction, Reason> {
    Err(Reason::Skipped("Outlook message: not supported yet".to_owned()))
}
