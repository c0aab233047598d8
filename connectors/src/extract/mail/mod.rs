//! Messages: headers, text, attachments.

mod body;
mod embedded;
mod envelope;
mod letter;
mod lzfu;
mod message;
mod outlook;
mod parts;
mod properties;
mod quoted;
mod seven_bits;
#[cfg(test)]
mod tests;

pub(crate) use envelope::Envelope;

use super::{Dialect, Extraction, Input, Reason, extension};

/// What an Outlook message begins with.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Reads a message as it is sent (RFC 5322), or a page that was saved as one.
pub(super) fn read(input: &Input<'_>) -> Result<Extraction, Reason> {
    if input.bytes.starts_with(COMPOUND) {
        return read_outlook(input);
    }
    match message::read(input.bytes) {
        Some(outcome) => outcome,
        None if input.dialect == Dialect::Mail && !is_promised(input.name()) => {
            Err(Reason::Skipped("not a message: it has no headers".to_owned()))
        }
        None => Err(Reason::Failed("not a message: it has no headers".to_owned())),
    }
}

/// Whether a file of this name should be mail.
fn is_promised(name: &str) -> bool {
    matches!(&*extension(name), "eml" | "mbox")
}

/// Reads a message that was saved by Outlook.
pub(super) fn read_outlook(input: &Input<'_>) -> Result<Extraction, Reason> {
    outlook::read(input.bytes)
}
