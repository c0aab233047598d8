//! When it is quiet: the many segments that a long run left become few, since a search looks up its
//! words in each of them.

use std::pin::Pin;
use std::task::{Context, Poll};

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::{SegmentReader, TantivyError};

use super::LexicalIndex;
use super::open::failure;
use crate::disk::check_room;
use crate::error::Result;

/// Fewer segments are not worth it.
const FEW: usize = 4;

/// A segment is written anew together with smaller ones that have at least this part of its
/// passages: so each passage is written a number of times that grows with the logarithm of all.
const PART: u64 = 4;

/// Passages in one segment at the most, as for the merges that come with changes.
const MOST: u64 = 10_000_000;

/// Segments that become one. It goes on when this is dropped; the index sees it with its next
/// commit, or when its writer is released.
#[must_use]
pub struct Settling(tantivy::FutureResult<Option<SegmentMeta>>);

impl LexicalIndex {
    /// Begins to make one segment of several, beside searches and changes; `None` when they are few.
    ///
    /// Waits for the merges that came with changes: two of one segment would be one in vain.
    pub fn settle(&self) -> Result<Option<Settling>> {
        self.release_writer()?;
        let metas = self.index.searchable_segment_metas();
        let metas = metas.map_err(|error| failure("list the segments of", error))?;
        let sizes = metas.iter().map(|meta| (u64::from(meta.num_docs()), meta.id())).collect();
        let together = together(sizes);
        if together.is_empty() {
            return Ok(None);
        }
        check_room(
            &self.directory,
            self.bytes_of(&together)?,
            "fewer segments of the keyword index",
        )?;
        let mut slot = self.lock();
        Ok(Some(Settling(self.writer(&mut slot)?.merge(&together))))
    }
}

/// What became of several segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// They are one.
    One,
    /// They are as they were, but for one of which every passage was deleted meanwhile: that is gone,
    /// and what was made of all of them is of no use.
    InVain,
}

impl LexicalIndex {
    /// What segments take on disk.
    fn bytes_of(&self, segments: &[SegmentId]) -> Result<u64> {
        let searcher = self.reader.searcher();
        let chosen = |reader: &&SegmentReader| segments.contains(&reader.segment_id());
        let sizes =
            searcher.segment_readers().iter().filter(chosen).map(SegmentReader::space_usage);
        sizes.map(|size| Ok(size?.total().get_bytes())).sum()
    }
}

impl Future for Settling {
    type Output = Result<Settled>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|merged| match merged {
            Ok(_) => Ok(Settled::One),
            Err(TantivyError::InvalidArgument(_)) => Ok(Settled::InVain),
            Err(error) => Err(failure("settle", error)),
        })
    }
}

/// Which segments, of so many passages each, become one: the most small ones of which none is much
/// larger than the others together.
fn together(mut segments: Vec<(u64, SegmentId)>) -> Vec<SegmentId> {
    segments.sort_unstable();
    let (mut sum, mut end) = (0, 0);
    for (place, (passages, _)) in segments.iter().enumerate() {
        let others = sum;
        sum += passages;
        if sum > MOST {
            break;
        }
        if *passages <= others * PART {
            end = place + 1;
        }
    }
    segments.truncate(end);
    match segments.len() {
        0..FEW => Vec::new(),
        _ => segments.into_iter().map(|(_, id)| id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use tantivy::IndexWriter;
    use tantivy::indexer::NoMergePolicy;

    use super::*;
    use crate::chunk::{Chunk, ChunkId};
    use crate::filter::{Attributes, Filter};
    use crate::id::{DocumentId, SourceId};
    use crate::lexical::writer::passage;
    use crate::lexical::{Change, IndexedDocument, Query};

    /// A document of one passage.
    fn document(id: u64, seq: u64, chunks: &[Chunk]) -> IndexedDocument<'_> {
        let attributes = Attributes { source: SourceId(1), kind: "md".into(), modified_ms: 0 };
        let (id, title, file_name, about) = (DocumentId(id), "", "", "");
        IndexedDocument { id, seq, attributes, title, file_name, about, chunks }
    }

    fn text() -> [Chunk; 1] {
        let (id, heading, text) = (ChunkId([0; 16]), Vec::new(), "a heron".to_owned());
        [Chunk { id, heading, lines: None, page: None, text, inner: vec![] }]
    }

    fn remove(index: &LexicalIndex, id: u64, seq: u64) {
        index.apply(&[Change::Remove(DocumentId(id))]).unwrap();
        index.commit(seq).unwrap();
    }

    /// Six segments of two documents each: 1 to 12, published by changes of the same numbers.
    fn filled() -> (LexicalIndex, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let index = LexicalIndex::open(directory.path()).unwrap().index;
        // Of one thread: another would make a segment of its own of one of the two.
        let mut writer: IndexWriter = index.index.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for id in 1..=12 {
            writer.add_document(passage(index.fields, &document(id, id, &text()), 0)).unwrap();
            if id % 2 == 0 {
                let mut prepared = writer.prepare_commit().unwrap();
                prepared.set_payload(&id.to_string());
                prepared.commit().unwrap();
            }
        }
        drop((writer, index));
        (LexicalIndex::open(directory.path()).unwrap().index, directory)
    }

    fn settled(settling: Settling) -> Settled {
        tokio::runtime::Runtime::new().unwrap().block_on(settling).unwrap()
    }

    fn found(index: &LexicalIndex) -> Vec<u64> {
        let filter = Filter { sources: [SourceId(1)].into(), ..Filter::default() };
        let passages = index.search(&Query::parse("heron").unwrap(), &filter, 20).unwrap();
        let mut found: Vec<u64> = passages.iter().map(|passage| passage.document.0).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn segments_become_one_and_what_changes_meanwhile_is_not_lost() {
        let (index, directory) = filled();
        let settling = index.settle().unwrap().expect("there are several segments");
        remove(&index, 7, 14);
        for (id, seq) in [(4, 15), (20, 16)] {
            index.apply(&[Change::Put(document(id, seq, &text()))]).unwrap();
        }
        index.commit(16).unwrap();
        assert_eq!(settled(settling), Settled::One);
        index.release_writer().unwrap();
        let left = [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 20];
        assert_eq!(found(&index), left);
        assert!(index.reader.searcher().segment_readers().len() < FEW);
        assert!(index.settle().unwrap().is_none(), "they are few");
        drop(index);
        let opened = LexicalIndex::open(directory.path()).unwrap();
        assert_eq!((opened.rebuilt, opened.index.applied_seq()), (None, 16));
        assert_eq!(found(&opened.index), left);
    }

    #[test]
    fn a_segment_that_is_deleted_meanwhile_stays_deleted() {
        let (index, _directory) = filled();
        let settling = index.settle().unwrap().expect("there are several segments");
        remove(&index, 5, 13);
        remove(&index, 6, 14);
        // Which it is depends on what was first; nothing comes back, and it can begin anew.
        let _either = settled(settling);
        let left = [1, 2, 3, 4, 7, 8, 9, 10, 11, 12];
        assert_eq!(found(&index), left);
        index.settle().unwrap().map(settled);
        index.release_writer().unwrap();
        assert_eq!(found(&index), left);
        assert!(index.reader.searcher().segment_readers().len() < FEW);
    }

    fn chosen(sizes: &[u64]) -> usize {
        together(sizes.iter().map(|size| (*size, SegmentId::generate_random())).collect()).len()
    }

    #[test]
    fn what_a_long_run_left_becomes_one() {
        assert_eq!(chosen(&[15_310, 312, 2_426, 4_106, 414, 10_298, 12_931, 535]), 8);
        assert_eq!(chosen(&[100, 100, 100]), 0, "few already");
        assert_eq!(chosen(&[0, 0, 5, 5, 5]), 5, "what is all deleted goes as well");
        assert_eq!(chosen(&[]), 0);
    }

    #[test]
    fn a_few_changes_do_not_write_a_large_segment_anew() {
        assert_eq!(chosen(&[1, 1, 2, 1, 1, 100_000]), 5);
        assert_eq!(chosen(&[1, 1, 100_000]), 0);
        assert_eq!(chosen(&[9_000_000, 3_000_000, 900_000, 800_000, 700_000, 600_000]), 5);
    }
}
