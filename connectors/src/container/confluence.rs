//! Space exports of Confluence in XML (`entities.xml`), packed or unpacked.

use zip::ZipArchive;

use super::{Content, Packed, Walk};
use crate::extract::Reason;

/// Not walked yet.
pub(super) fn walk_unpacked(_opened: Packed<'_>, _walk: &mut Walk<'_>) -> Result<(), Reason> {
    Err(Reason::Skipped("Confluence export: not supported yet".to_owned()))
}

/// Not walked yet.
pub(super) fn walk_packed(
    _archive: ZipArchive<Box<dyn Content + '_>>,
    _walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    Err(Reason::Skipped("Confluence export: not supported yet".to_owned()))
}
