//! The best passages of the best documents, under a filter, in one pass over the matches.

use std::cmp::Ordering;
use std::collections::HashMap;

use tantivy::SegmentReader;
use tantivy::columnar::Column;

use super::open::{failure, guarded};
use super::plan::{scored_terms, weight};
use super::schema::{DOCUMENT, KIND, MODIFIED, ORDINAL, SOURCE};
use super::{LexicalIndex, Passage, Query, exact, whole};
use crate::error::Result;
use crate::filter::Filter;
use crate::id::{DocumentId, SourceId};

/// So many passages of one document are returned.
const PASSAGES_PER_DOCUMENT: usize = 3;

impl LexicalIndex {
    /// Passages that match, best first: of `limit` documents if so many match, the best passage
    /// and up to two more that beat the last document's; each with what its document adds.
    pub fn search(&self, query: &Query, filter: &Filter, limit: usize) -> Result<Vec<Passage>> {
        if limit == 0 || filter.sources.is_empty() {
            return Ok(Vec::new());
        }
        guarded("search", || {
            self.find(query, filter, limit).map_err(|error| failure("search", error))
        })
    }

    fn find(&self, query: &Query, filter: &Filter, limit: usize) -> tantivy::Result<Vec<Passage>> {
        let ground = self.grounds.of(self.reader.searcher(), self.fields.text, filter)?;
        let scored = scored_terms(query, &ground)?;
        let Some(weight) = weight(query, &scored, &ground)? else {
            return Ok(Vec::new());
        };
        let slack = if ground.is_part() { exact::SLACK } else { 0.0 };
        let mut best = Best::new(limit, slack);
        for segment in ground.searcher.segment_readers() {
            let columns = Columns::open(segment, filter)?;
            let alive = segment.alive_bitset();
            weight.for_each_pruning(best.threshold, segment, &mut |row, score| {
                if alive.is_none_or(|alive| alive.is_alive(row)) && columns.admit(row) {
                    best.offer(columns.passage(row, score));
                }
                best.threshold
            })?;
        }
        let mut passages = best.into_passages();
        let documents = passages.iter().map(|passage| passage.document);
        let places = (&ground, &self.stretched);
        let additions = whole::additions(places, self.fields, &scored, documents)?;
        if ground.is_part() {
            exact::score(&mut passages, (query, &scored), places)?;
        }
        whole::add(&mut passages, &additions);
        passages.sort_by(order);
        Ok(passages)
    }
}

/// A filter against the columns of one segment.
struct Columns<'f> {
    filter: &'f Filter,
    document: Column<u64>,
    ordinal: Column<u64>,
    source: Column<u64>,
    modified: Column<i64>,
    /// The wanted types as this segment numbers them; `None` when all are.
    kinds: Option<(Column<u64>, Vec<u64>)>,
}

impl<'f> Columns<'f> {
    fn open(segment: &SegmentReader, filter: &'f Filter) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let mut kinds = None;
        if !filter.types.is_empty() {
            let mut wanted = Vec::new();
            if let Some(column) = fast.str(KIND)? {
                for kind in &filter.types {
                    wanted.extend(column.dictionary().term_ord(kind.as_bytes())?);
                }
                kinds = Some((column.ords().clone(), wanted));
            }
        }
        Ok(Self {
            filter,
            document: fast.u64(DOCUMENT)?,
            ordinal: fast.u64(ORDINAL)?,
            source: fast.u64(SOURCE)?,
            modified: fast.i64(MODIFIED)?,
            kinds,
        })
    }

    fn admit(&self, row: u32) -> bool {
        let filter = self.filter;
        let source = SourceId(self.source.first(row).unwrap_or_default() as u32);
        if !filter.sources.contains(&source) {
            return false;
        }
        if filter.modified_since_ms.is_some_and(|since| self.modified.first(row) < Some(since)) {
            return false;
        }
        if let Some((column, wanted)) = &self.kinds
            && !column.first(row).is_some_and(|kind| wanted.contains(&kind))
        {
            return false;
        }
        filter.documents.as_ref().is_none_or(|documents| documents.contains(&self.document(row)))
    }

    fn document(&self, row: u32) -> DocumentId {
        DocumentId(self.document.first(row).unwrap_or_default())
    }

    fn passage(&self, row: u32, score: f32) -> Passage {
        let ordinal = self.ordinal.first(row).unwrap_or_default() as u32;
        Passage { document: self.document(row), ordinal, score }
    }
}

/// The best documents so far, each with its best passages.
struct Best {
    limit: usize,
    documents: HashMap<DocumentId, Vec<Passage>>,
    /// A passage must beat this to matter.
    threshold: f32,
    /// As a part of the threshold, by how much one may miss it and still matter.
    slack: f32,
}

impl Best {
    fn new(limit: usize, slack: f32) -> Self {
        Self { limit, documents: HashMap::new(), threshold: f32::MIN, slack }
    }

    fn offer(&mut self, passage: Passage) {
        let passages = self.documents.entry(passage.document).or_default();
        let place = passages.partition_point(|other| order(other, &passage).is_lt());
        passages.insert(place, passage);
        passages.truncate(PASSAGES_PER_DOCUMENT);
        // Trimming at twice the limit makes its cost vanish among the offers.
        if self.documents.len() >= self.limit.saturating_mul(2) {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let mut scores: Vec<f32> = self.documents.values().map(|list| list[0].score).collect();
        if scores.len() < self.limit {
            return;
        }
        let (_, last, _) = scores.select_nth_unstable_by(self.limit - 1, |a, b| b.total_cmp(a));
        self.threshold = *last - last.abs() * self.slack;
        let threshold = self.threshold;
        self.documents.retain(|_, list| list[0].score >= threshold);
    }

    fn into_passages(mut self) -> Vec<Passage> {
        self.trim();
        let mut documents: Vec<Vec<Passage>> = self.documents.into_values().collect();
        documents.sort_by(|a, b| order(&a[0], &b[0]));
        documents.truncate(self.limit);
        let mut passages: Vec<Passage> = documents.into_iter().flatten().collect();
        passages.sort_by(order);
        passages
    }
}

/// Best first; equal scores by age and place, so that answers do not change from run to run.
fn order(a: &Passage, b: &Passage) -> Ordering {
    b.score.total_cmp(&a.score).then_with(|| (a.document, a.ordinal).cmp(&(b.document, b.ordinal)))
}
