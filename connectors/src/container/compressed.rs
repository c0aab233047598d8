//! One compressed file: a dump or an archive is read as a stream, anything else as a whole.

use super::shape::Codec;
use super::{Opened, Walk};
use crate::extract::Reason;

/// Not walked yet.
pub(super) fn walk(_opened: Opened<'_>, _codec: Codec, _walk: &mut Walk<'_>) -> Result<(), Reason> {
    Err(Reason::Skipped("compressed file: not supported yet".to_owned()))
}
