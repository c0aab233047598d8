//! What words are weighed in: the whole index, or some of its sources as if there were no others.
//!
//! The weight of a word depends on how common it is. For a caller who may not see every source it is
//! counted among the visible passages alone: else scores would tell of the others.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use lru::LruCache;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocSet, Searcher, SegmentReader, TERMINATED};

use super::schema::SOURCE;
use crate::filter::Filter;
use crate::id::SourceId;

/// Sets of sources whose passages are remembered.
const SETS: NonZeroUsize = NonZeroUsize::new(32).expect("it is not zero");

/// One state of the index, and what of it counts.
pub(super) struct Ground {
    pub searcher: Searcher,
    pub field: Field,
    /// The passages that count; `None` when all do.
    alone: Option<Arc<Visible>>,
}

/// The passages of some sources in one state of the index.
#[derive(Debug)]
struct Visible {
    /// For each segment, a bit for each row.
    rows: Vec<Vec<u64>>,
    passages: u64,
    tokens: u64,
}

/// A state of the index and a set of sources, sorted.
type Key = (u64, Vec<SourceId>);

/// The passages of the latest asked sets of sources.
pub(super) struct Grounds {
    latest: Mutex<LruCache<Key, Arc<Visible>>>,
}

impl Default for Grounds {
    fn default() -> Self {
        Self { latest: Mutex::new(LruCache::new(SETS)) }
    }
}

impl Grounds {
    /// The ground of a search under `filter`.
    pub fn of(&self, searcher: Searcher, field: Field, filter: &Filter) -> tantivy::Result<Ground> {
        let alone = match filter.is_alone {
            true => Some(self.visible(&searcher, field, &filter.sources)?),
            false => None,
        };
        Ok(Ground { searcher, field, alone })
    }

    fn visible(
        &self,
        searcher: &Searcher,
        field: Field,
        sources: &HashSet<SourceId>,
    ) -> tantivy::Result<Arc<Visible>> {
        let mut sorted: Vec<SourceId> = sources.iter().copied().collect();
        sorted.sort_unstable();
        let key = (searcher.generation().generation_id(), sorted);
        let known = self.lock().get(&key).cloned();
        if let Some(visible) = known {
            return Ok(visible);
        }
        let visible = Arc::new(Visible::of(searcher, field, sources)?);
        self.lock().put(key, Arc::clone(&visible));
        Ok(visible)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<Key, Arc<Visible>>> {
        self.latest.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

impl Visible {
    fn of(searcher: &Searcher, field: Field, sources: &HashSet<SourceId>) -> tantivy::Result<Self> {
        let mut visible = Self { rows: Vec::new(), passages: 0, tokens: 0 };
        for segment in searcher.segment_readers() {
            let column = segment.fast_fields().u64(SOURCE)?;
            let lengths = segment.get_fieldnorms_reader(field)?;
            let alive = segment.alive_bitset();
            let mut rows = vec![0_u64; (segment.max_doc() as usize).div_ceil(64)];
            for row in 0..segment.max_doc() {
                let source = SourceId(column.first(row).unwrap_or_default() as u32);
                if sources.contains(&source) && alive.is_none_or(|alive| alive.is_alive(row)) {
                    rows[row as usize / 64] |= 1 << (row % 64);
                    visible.passages += 1;
                    visible.tokens += u64::from(lengths.fieldnorm(row));
                }
            }
            visible.rows.push(rows);
        }
        Ok(visible)
    }
}

impl Ground {
    /// Passages that hold a term.
    pub fn passages_with(&self, term: &Term) -> tantivy::Result<u64> {
        if self.alone.is_none() {
            return self.searcher.doc_freq(term);
        }
        let mut passages = 0;
        for number in 0..self.searcher.segment_readers().len() {
            passages += self.passages_in(number, term)?;
        }
        Ok(passages)
    }

    /// Passages of one segment that hold a term; only for a part of the index.
    pub fn passages_in(&self, number: usize, term: &Term) -> tantivy::Result<u64> {
        let segment = self.searcher.segment_reader(number as u32);
        let rows = self.alone.as_ref().and_then(|visible| visible.rows.get(number));
        let Some(rows) = rows else { return self.searcher.doc_freq(term) };
        count(segment, self.field, (term, rows))
    }

    /// Whether only a part of the index counts.
    pub fn is_part(&self) -> bool {
        self.alone.is_some()
    }

    /// All passages.
    pub fn passages(&self) -> tantivy::Result<u64> {
        match &self.alone {
            // Of none there are no scores; the formula divides by it.
            Some(visible) => Ok(visible.passages.max(1)),
            None => self.searcher.total_num_docs(),
        }
    }

    /// The words of all passages.
    pub fn tokens(&self) -> tantivy::Result<u64> {
        match &self.alone {
            Some(visible) => Ok(visible.tokens.max(1)),
            None => self.searcher.total_num_tokens(self.field),
        }
    }
}

fn count(
    segment: &SegmentReader,
    field: Field,
    (term, rows): (&Term, &[u64]),
) -> tantivy::Result<u64> {
    let inverted = segment.inverted_index(field)?;
    let Some(mut postings) = inverted.read_postings(term, IndexRecordOption::Basic)? else {
        return Ok(0);
    };
    let mut counted = 0;
    while postings.doc() != TERMINATED {
        let row = postings.doc();
        counted += rows[row as usize / 64] >> (row % 64) & 1;
        postings.advance();
    }
    Ok(counted)
}
