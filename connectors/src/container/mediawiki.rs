//! Dumps of MediaWiki, read as a stream: a page at a time.

use super::{Opened, Walk};
use crate::extract::Reason;

/// Not walked yet.
pub(super) fn walk(_opened: Opened<'_>, _walk: &mut Walk<'_>) -> Result<(), Reason> {
    Err(Reason::Skipped("MediaWiki dump: not supported yet".to_owned()))
}
