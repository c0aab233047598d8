//! Where the keyword indexes of a catalog lie: that of this version, and one of an earlier version
//! that serves until it is made.

use std::path::{Path, PathBuf};

use tantivy::Index;
use tantivy::schema::Schema;

use super::LexicalIndex;
use super::directory::CommitDirectory;
use super::open::{self, Opened};
use super::schema::{ANALYSIS, schema};
use crate::error::Result;

/// The keyword indexes of a catalog.
pub struct Found {
    /// That of this version; empty when it was made anew.
    pub current: Opened,
    /// One of an earlier version that has applied more, and can still be searched.
    pub previous: Option<LexicalIndex>,
}

impl LexicalIndex {
    /// Opens what the data directory has for a catalog; what serves nothing any more is removed.
    ///
    /// Fails where [`open`](Self::open) does.
    pub fn of_catalog(data_dir: &Path, identity: &str) -> Result<Found> {
        let own = data_dir.join(format!("keyword-{identity}-{ANALYSIS}"));
        let mut others = others(data_dir, identity, &own)?;
        if !own.exists()
            && let Some(place) = others.iter().position(|other| is_of_this_version(other))
        {
            // Earlier versions named it after the catalog alone.
            fs_err::rename(others.remove(place), &own)?;
        }
        let current = Self::open(&own)?;
        let mut previous: Option<Self> = None;
        for other in others {
            let usable = open::previous(&other);
            let most = previous.as_ref().unwrap_or(&current.index).applied_seq();
            match usable.filter(|usable| usable.applied_seq() > most) {
                Some(usable) => drop(previous.replace(usable)),
                None => fs_err::remove_dir_all(&other)?,
            }
        }
        Ok(Found { current, previous })
    }
}

/// The directories of other indexes of the catalog.
fn others(data_dir: &Path, identity: &str, own: &Path) -> Result<Vec<PathBuf>> {
    let prefix = format!("keyword-{identity}");
    let mut found = Vec::new();
    for entry in fs_err::read_dir(data_dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        let is_of_catalog = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        if is_of_catalog && entry.path() != own && entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn is_of_this_version(directory: &Path) -> bool {
    let index = CommitDirectory::open(directory).and_then(Index::open);
    index.is_ok_and(|index| index.schema() == schema().0)
}

/// The tokenizer under which the terms of an index were made, if its fields are those of this
/// version in all else.
pub(super) fn tokenizer_of(other: &Schema) -> Option<String> {
    let mut theirs = serde_json::to_value(other).ok()?;
    let mut ours = serde_json::to_value(schema().0).ok()?;
    let named = take_tokenizer(&mut theirs)?;
    take_tokenizer(&mut ours)?;
    (theirs == ours).then_some(named)
}

/// Takes the tokenizer's name out of a schema as it is stored.
fn take_tokenizer(schema: &mut serde_json::Value) -> Option<String> {
    let fields = schema.as_array_mut()?;
    let text = fields.iter_mut().find(|field| field["name"] == "text")?;
    let tokenizer = text.pointer_mut("/options/indexing/tokenizer")?;
    tokenizer.take().as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes the index in a directory look as if an earlier version had made it.
    fn age(directory: &Path) {
        let meta = directory.join("meta.json");
        let text = std::fs::read_to_string(&meta).unwrap();
        assert!(text.contains(ANALYSIS), "{text}");
        std::fs::write(&meta, text.replace(ANALYSIS, "ragterm-0")).unwrap();
    }

    fn seqs(found: &Found) -> (u64, Option<u64>) {
        let previous = found.previous.as_ref().map(LexicalIndex::applied_seq);
        (found.current.index.applied_seq(), previous)
    }

    #[test]
    fn an_index_named_by_an_earlier_version_is_kept_if_it_is_of_this_one() {
        let directory = tempfile::tempdir().unwrap();
        let early = directory.path().join("keyword-abc");
        LexicalIndex::open(&early).unwrap().index.commit(7).unwrap();
        let other_catalog = directory.path().join("keyword-abcd");
        LexicalIndex::open(&other_catalog).unwrap().index.commit(9).unwrap();
        let found = LexicalIndex::of_catalog(directory.path(), "abc").unwrap();
        assert_eq!((seqs(&found), found.current.rebuilt), ((7, None), None));
        assert!(!early.exists() && other_catalog.exists());
    }

    #[test]
    fn an_index_of_an_earlier_version_serves_until_this_one_has_all_that_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let early = directory.path().join("keyword-abc");
        LexicalIndex::open(&early).unwrap().index.commit(7).unwrap();
        age(&early);
        let found = LexicalIndex::of_catalog(directory.path(), "abc").unwrap();
        assert_eq!(seqs(&found), (0, Some(7)));
        found.current.index.commit(6).unwrap();
        drop(found);
        let found = LexicalIndex::of_catalog(directory.path(), "abc").unwrap();
        assert_eq!(seqs(&found), (6, Some(7)));
        found.current.index.commit(7).unwrap();
        drop(found);
        let found = LexicalIndex::of_catalog(directory.path(), "abc").unwrap();
        assert_eq!(seqs(&found), (7, None));
        assert!(!early.exists(), "it serves nothing any more");
    }

    #[test]
    fn an_index_with_other_fields_or_damage_serves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let early = directory.path().join("keyword-abc-ragterm-0");
        for damage in ["\"name\":\"source\"", "{\"index_settings\""] {
            LexicalIndex::open(&early).unwrap().index.commit(7).unwrap();
            age(&early);
            let meta = early.join("meta.json");
            let text: String = std::fs::read_to_string(&meta).unwrap().split_whitespace().collect();
            assert!(text.contains(damage), "{text}");
            std::fs::write(&meta, text.replace(damage, "\"name\":\"elsewhere\"")).unwrap();
            let found = LexicalIndex::of_catalog(directory.path(), "abc").unwrap();
            assert_eq!(seqs(&found), (0, None));
            assert!(!early.exists());
        }
    }
}
