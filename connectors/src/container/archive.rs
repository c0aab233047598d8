//! ZIP archives, and the exports of wikis that come as one.

use super::{Opened, Walk};
use crate::extract::Reason;

/// Not walked yet.
pub(super) fn walk(_opened: Opened<'_>, _walk: &mut Walk<'_>) -> Result<(), Reason> {
    Err(Reason::Skipped("ZIP archive: not supported yet".to_owned()))
}
