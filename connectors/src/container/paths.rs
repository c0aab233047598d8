//! Paths of what a container holds: safe, bounded, told apart.

use unicode_normalization::UnicodeNormalization;

use crate::extract::extension;

/// Longer paths do not fit into the index of a database.
const MAX_PATH_BYTES: usize = 1024;

/// Longer names are cut: file systems do not have them either.
const MAX_NAME_BYTES: usize = 255;

/// The path in the form that is kept: names in NFC without control characters, no `.` and `..`.
pub(super) fn safe(path: &str) -> String {
    let names = path.split(['/', '\\']).map(clean).filter(|name| !name.is_empty());
    let safe = names.collect::<Vec<_>>().join("/");
    if safe.is_empty() { "unnamed".to_owned() } else { safe }
}

/// A path that is too long keeps its beginning and its extension; a hash stands for the rest.
pub(super) fn bounded(path: String) -> String {
    if path.len() <= MAX_PATH_BYTES {
        return path;
    }
    let hash = blake3::hash(path.as_bytes()).to_hex();
    let kept = &path[..path.floor_char_boundary(MAX_PATH_BYTES - 64)];
    let extension = extension(&path);
    let ending = if extension.len() <= 8 { format!(".{extension}") } else { String::new() };
    format!("{kept}… {}{ending}", &hash[..16])
}

/// `a/plan.md` becomes `a/plan (2).md`.
pub(super) fn with_number(path: &str, number: u32) -> String {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name..].rfind('.').filter(|dot| *dot > 0) {
        Some(dot) => format!("{} ({number}){}", &path[..name + dot], &path[name + dot..]),
        None => format!("{path} ({number})"),
    }
}

fn clean(name: &str) -> String {
    let name: String = name.nfc().filter(|char| !char.is_control()).collect();
    let name = name.trim();
    if name == "." || name == ".." {
        return String::new();
    }
    name[..name.floor_char_boundary(MAX_NAME_BYTES)].to_owned()
}
