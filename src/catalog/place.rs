//! Where a document stands in its source.

/// Where a document stands in its source, and the fingerprint of its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the source, NFC.
    pub path: String,
    /// The file on disk: as it is spelt there, or the one that the document stands in; empty when
    /// that is `path`.
    pub raw_path: Vec<u8>,
    /// What a search calls its type: the lower-case extension, unless its file says otherwise.
    pub kind: String,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified_ns: i64,
    /// When content or attributes last changed, nanoseconds since the epoch; 0 unknown.
    pub changed_ns: i64,
}

/// The lower-case extension of a path; empty when it has none.
pub fn kind_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_lowercase(),
        _ => String::new(),
    }
}
