//! Where the passages of a document are in a segment: looked up for each hit of each search, so it is
//! listed once for each segment.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{Searcher, SegmentReader};

use super::schema::{DOCUMENT, ORDINAL};
use crate::id::DocumentId;

/// The stretches of rows of one document each, by document; 16 bytes each.
type Stretches = Arc<[(DocumentId, u32, u32)]>;

/// The stretches of every segment that was looked into.
#[derive(Default)]
pub(super) struct Stretched(Mutex<HashMap<SegmentId, Stretches>>);

impl Stretched {
    /// Those of one segment; rows of a segment never change, they only die.
    fn of(&self, segment: &SegmentReader) -> tantivy::Result<Stretches> {
        let known = self.lock().get(&segment.segment_id()).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let stretches = stretches(segment)?;
        self.lock().insert(segment.segment_id(), Arc::clone(&stretches));
        Ok(stretches)
    }

    /// Lists what is new, so that no search waits for it, and forgets segments that are no more.
    pub fn follow(&self, searcher: &Searcher) -> tantivy::Result<()> {
        let segments = searcher.segment_readers();
        for segment in segments {
            self.of(segment)?;
        }
        self.lock().retain(|id, _| segments.iter().any(|segment| segment.segment_id() == *id));
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SegmentId, Stretches>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stretches(segment: &SegmentReader) -> tantivy::Result<Stretches> {
    let documents = segment.fast_fields().u64(DOCUMENT)?;
    let mut found: Vec<(DocumentId, u32, u32)> = Vec::new();
    for row in 0..segment.max_doc() {
        let document = DocumentId(documents.first(row).unwrap_or_default());
        match found.last_mut() {
            Some((last, _, end)) if *last == document => *end = row + 1,
            _ => found.push((document, row, row + 1)),
        }
    }
    found.sort_unstable();
    Ok(found.into())
}

/// The rows of documents in one segment; opened once for all that is looked up there.
pub(super) struct Rows<'s> {
    segment: &'s SegmentReader,
    stretches: Stretches,
    ordinals: Column<u64>,
}

impl<'s> Rows<'s> {
    pub fn open(segment: &'s SegmentReader, stretched: &Stretched) -> tantivy::Result<Self> {
        let (stretches, ordinals) = (stretched.of(segment)?, segment.fast_fields().u64(ORDINAL)?);
        Ok(Self { segment, stretches, ordinals })
    }

    /// The rows of some of a document's passages, by their ordinals, in order.
    pub fn of(&self, document: DocumentId, wanted: Range<u64>) -> impl Iterator<Item = u32> + '_ {
        let first = self.stretches.partition_point(|(other, ..)| *other < document);
        let own = self.stretches[first..].iter().take_while(move |(other, ..)| *other == document);
        let alive = self.segment.alive_bitset();
        own.flat_map(|(_, first, end)| *first..*end).filter(move |row| {
            let ordinal = self.ordinals.first(*row);
            alive.is_none_or(|alive| alive.is_alive(*row))
                && ordinal.is_some_and(|ordinal| wanted.contains(&ordinal))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{Chunk, ChunkId};
    use crate::filter::Attributes;
    use crate::id::SourceId;
    use crate::lexical::{Change, IndexedDocument, LexicalIndex};

    fn put(index: &LexicalIndex, id: u64, seq: u64, passages: usize) {
        let text = format!("passage of {id}");
        let id_of_chunk = ChunkId([0; 16]);
        let chunk = Chunk {
            id: id_of_chunk,
            heading: Vec::new(),
            lines: None,
            page: None,
            text,
            inner: vec![],
        };
        let document = IndexedDocument {
            id: DocumentId(id),
            seq,
            attributes: Attributes { source: SourceId(1), kind: "md".into(), modified_ms: 0 },
            title: "",
            file_name: "",
            about: "",
            chunks: &vec![chunk; passages],
        };
        index.apply(&[Change::Put(document)]).unwrap();
    }

    /// How many passages each document has, as looked up and as counted row by row.
    fn counts(index: &LexicalIndex, ids: std::ops::Range<u64>) -> Vec<(usize, usize)> {
        let searcher = index.reader.searcher();
        let mut counts = Vec::new();
        for id in ids {
            let (mut looked_up, mut counted) = (0, 0);
            for segment in searcher.segment_readers() {
                let rows = Rows::open(segment, &index.stretched).unwrap();
                looked_up += rows.of(DocumentId(id), 0..u64::MAX).count();
                let documents = segment.fast_fields().u64(DOCUMENT).unwrap();
                let own = |row: &u32| documents.first(*row) == Some(id);
                counted += segment.doc_ids_alive().filter(own).count();
            }
            counts.push((looked_up, counted));
        }
        counts
    }

    #[test]
    fn rows_are_found_across_versions_segments_and_merges() {
        let directory = tempfile::tempdir().unwrap();
        let index = LexicalIndex::open(directory.path()).unwrap().index;
        for seq in 1..=40 {
            // Some documents come back in another size, in a segment of their own or not.
            put(&index, seq % 7, seq, (seq % 5) as usize + 1);
            if seq % 3 == 0 {
                index.commit(seq).unwrap();
                let counts = counts(&index, 0..7);
                assert!(
                    counts.iter().all(|(looked_up, counted)| looked_up == counted),
                    "{counts:?}"
                );
            }
        }
        index.apply(&[Change::Remove(DocumentId(5))]).unwrap();
        index.commit(41).unwrap();
        index.release_writer().unwrap();
        let counts = counts(&index, 0..8);
        assert_eq!(counts[5], (0, 0));
        // The last versions of the others: 36 to 40 and 34, by their remainders.
        let passages: Vec<usize> = counts.iter().map(|(looked_up, _)| *looked_up).collect();
        assert_eq!(passages, [1, 2, 3, 4, 5, 0, 5, 0]);
        let segments = index.reader.searcher().segment_readers().len();
        assert_eq!(index.stretched.lock().len(), segments, "segments that are gone are forgotten");
    }

    #[test]
    fn a_part_of_the_passages_is_found_by_its_ordinals() {
        let directory = tempfile::tempdir().unwrap();
        let index = LexicalIndex::open(directory.path()).unwrap().index;
        put(&index, 1, 1, 9);
        index.commit(1).unwrap();
        let searcher = index.reader.searcher();
        // The writer's threads may have put its passages into a segment each.
        let count = |id, wanted: Range<u64>| {
            let in_segment = |segment: &SegmentReader| {
                let rows = Rows::open(segment, &index.stretched).unwrap();
                rows.of(DocumentId(id), wanted.clone()).count()
            };
            searcher.segment_readers().iter().map(in_segment).sum::<usize>()
        };
        assert_eq!(count(1, 2..5), 3);
        assert_eq!(count(2, 0..9), 0);
    }
}
