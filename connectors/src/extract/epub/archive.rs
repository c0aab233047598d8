//! The files in the package of a book, within limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::extract::{Reason, damage, encoding};

const MAX_ENTRY_BYTES: u64 = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES: u64 = 96 * 1024 * 1024;

/// An open package.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Names are found in any case of their letters.
    indexes: HashMap<String, usize>,
    /// How much may still be unpacked.
    budget: u64,
    is_too_large: bool,
}

impl<'a> Archive<'a> {
    /// Opens a package; fails when it has no directory.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Reason> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damage::reason(&error))?;
        let names = zip.file_names().map(|name| name.map(|name| name.to_lowercase())).enumerate();
        let names = names.filter_map(|(index, name)| Some((name.ok()?, index)));
        let indexes = names.collect();
        Ok(Self { indexes, zip, budget: MAX_TOTAL_BYTES, is_too_large: false })
    }

    /// Whether there is a file of this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.indexes.contains_key(&path.to_lowercase())
    }

    /// The paths with one of these endings, by name.
    pub(super) fn names_ending(&self, endings: &[&str]) -> Vec<String> {
        let names = self.zip.file_names().flatten().map(Cow::into_owned);
        let is_wanted = |name: &String| {
            let name = name.to_lowercase();
            endings.iter().any(|ending| name.ends_with(ending))
        };
        let mut names = names.filter(is_wanted).collect::<Vec<_>>();
        names.sort();
        names
    }

    /// The content of a file, if it is there; fails when it unpacks to too much.
    pub(super) fn bytes(&mut self, path: &str) -> Result<Option<Vec<u8>>, Reason> {
        let Some(index) = self.indexes.get(&path.to_lowercase()) else { return Ok(None) };
        let file = self.zip.by_index(*index).map_err(|error| damage::reason(&error))?;
        let limit = MAX_ENTRY_BYTES.min(self.budget);
        let mut bytes = Vec::new();
        let read = file.take(limit + 1).read_to_end(&mut bytes);
        let size = bytes.len() as u64;
        if size > limit {
            self.is_too_large = true;
            return Err(Reason::Failed("too large: unpacks to too much text".to_owned()));
        }
        self.budget -= size;
        read.map_err(|error| damage::of_reading(&error))?;
        Ok(Some(bytes))
    }

    /// Whether a file was not read because of its size, or that of all.
    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// The text of a file, if it is there.
    pub(super) fn text(&mut self, path: &str) -> Result<Option<String>, Reason> {
        let Some(bytes) = self.bytes(path)? else { return Ok(None) };
        Ok(encoding::decode(&bytes).ok().map(Cow::into_owned))
    }
}
