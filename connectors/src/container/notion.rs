//! How exports of Notion are known among archives, and what their names are.

use super::names::is_left_out;
use crate::extract::notion::readable_path;

/// What the names of an export and of its parts begin with.
const EXPORTS: [&str; 2] = ["Export-", "ExportBlock-"];

const IDENTIFIER_DIGITS: usize = 32;

/// Whether an archive of these names is an export: Notion puts its identifiers behind the names
/// of pages, and packs large exports into parts.
pub(super) fn is_export(names: &[String]) -> bool {
    let (mut files, mut parts, mut pages, mut identified) = (0_usize, 0_usize, 0_usize, 0_usize);
    for name in names.iter().filter(|name| !is_left_out(name) && !name.ends_with('/')) {
        files += 1;
        parts += usize::from(is_part(name));
        let Some((stem, "md" | "html" | "csv")) = name.rsplit_once('.') else { continue };
        pages += 1;
        identified += usize::from(has_identifier(stem.strip_suffix("_all").unwrap_or(stem)));
    }
    (identified > 0 && identified * 2 > pages) || (parts > 0 && parts == files)
}

/// Whether this is the name of an archive that holds a part of an export.
pub(super) fn is_part(name: &str) -> bool {
    let stem = name.strip_suffix(".zip").and_then(|stem| stem.rsplit_once("Part-"));
    stem.is_some_and(|(before, number)| {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (before.is_empty() || EXPORTS.iter().any(|export| before.starts_with(export)))
    })
}

/// The path of a file without identifiers, and without the directory that stands for the export: it
/// has another name in the next one.
pub(super) fn path(name: &str) -> String {
    let below = name
        .split_once('/')
        .filter(|(first, _)| EXPORTS.iter().any(|export| first.starts_with(export)));
    readable_path(below.map_or(name, |(_, below)| below))
}

fn has_identifier(stem: &str) -> bool {
    let identifier = stem.rsplit([' ', '/']).next().unwrap_or_default();
    identifier.len() == IDENTIFIER_DIGITS
        && identifier.len() < stem.len()
        && identifier.bytes().all(|byte| byte.is_ascii_hexdigit())
}
