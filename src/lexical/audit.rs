//! What the index holds, for comparing it with the catalog.

use std::collections::HashMap;

use super::LexicalIndex;
use super::open::{failure, guarded};
use super::schema::{DOCUMENT, SEQ};
use crate::error::{Error, Result};
use crate::id::DocumentId;

impl LexicalIndex {
    /// Every document that searches can find, with its `seq` and number of passages, by id.
    ///
    /// A document whose passages are of different `seq` shows the lowest. Reads the checksums of
    /// all files first and fails with a corrupt error when one does not fit.
    pub fn documents(&self) -> Result<Vec<(DocumentId, u64, u32)>> {
        guarded("read", || {
            let damaged = self.index.validate_checksum().map_err(|error| failure("read", error))?;
            if !damaged.is_empty() {
                return Err(Error::corrupt(format!(
                    "the keyword index in {} is damaged: {} of its files changed on disk",
                    self.directory.display(),
                    damaged.len()
                )));
            }
            self.count().map_err(|error| failure("read", error))
        })
    }

    fn count(&self) -> tantivy::Result<Vec<(DocumentId, u64, u32)>> {
        let mut found: HashMap<u64, (u64, u32)> = HashMap::new();
        for segment in self.reader.searcher().segment_readers() {
            let documents = segment.fast_fields().u64(DOCUMENT)?;
            let seqs = segment.fast_fields().u64(SEQ)?;
            for row in segment.doc_ids_alive() {
                let seq = seqs.first(row).unwrap_or_default();
                let entry = found.entry(documents.first(row).unwrap_or_default());
                let (lowest, passages) = entry.or_insert((seq, 0));
                *lowest = seq.min(*lowest);
                *passages += 1;
            }
        }
        let mut list: Vec<_> = found
            .into_iter()
            .map(|(id, (seq, passages))| (DocumentId(id), seq, passages))
            .collect();
        list.sort_unstable();
        Ok(list)
    }
}
