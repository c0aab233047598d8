//! ZIP archives, and the exports of wikis that come as one.

use super::{Opened, Walk, confluence};
use crate::extract::Reason;

/// Exports of Confluence alone are walked yet.
pub(super) fn walk(opened: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let archive = zip::ZipArchive::new(opened.content)
        .map_err(|error| Reason::Failed(format!("damaged: {error}")))?;
    if confluence::is_export(archive.file_names().flatten()) {
        return confluence::walk_packed(archive, walk);
    }
    Err(Reason::Skipped("ZIP archive: not supported yet".to_owned()))
}
