//! Tar archives, read as a stream.

use super::{Opened, Walk};
use crate::extract::Reason;

/// Not walked yet.
pub(super) fn walk(_opened: Opened<'_>, _walk: &mut Walk<'_>) -> Result<(), Reason> {
    Err(Reason::Skipped("tar archive: not supported yet".to_owned()))
}
