//! Mailboxes: messages one after the other (RFC 4155).

use super::{Opened, Walk};
use crate::extract::Reason;

/// Not walked yet.
pub(super) fn walk(_opened: Opened<'_>, _walk: &mut Walk<'_>) -> Result<(), Reason> {
    Err(Reason::Skipped("mailbox: not supported yet".to_owned()))
}
