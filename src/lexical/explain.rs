//! Why a passage has its score: what each term of the query contributes.

use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocSet, SegmentReader, TERMINATED};

use super::ground::Ground;
use super::open::{failure, guarded};
use super::plan::{scored_terms, single_weights};
use super::schema::ORDINAL;
use super::{LexicalIndex, Query, whole};
use crate::error::Result;
use crate::filter::Filter;
use crate::id::DocumentId;

/// The name of what the words of a document as a whole add to each of its passages.
const WHOLE: &str = "the whole document";

/// What one term or phrase adds to a passage's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The term as it is indexed (stemmed, folded), the phrase in quotes, or [`WHOLE`].
    pub term: String,
    /// Its part of the score.
    pub score: f32,
}

impl LexicalIndex {
    /// The terms that a passage's score consists of, weightiest first; none when it is not found.
    pub fn explain(
        &self,
        query: &Query,
        filter: &Filter,
        passage: (DocumentId, u32),
    ) -> Result<Vec<Contribution>> {
        guarded("search", || {
            let ground = self.grounds.of(self.reader.searcher(), self.fields.text, filter);
            let explained = ground.and_then(|ground| self.contributions(query, &ground, passage));
            explained.map_err(|error| failure("search", error))
        })
    }

    fn contributions(
        &self,
        query: &Query,
        ground: &Ground,
        passage: (DocumentId, u32),
    ) -> tantivy::Result<Vec<Contribution>> {
        let scored = scored_terms(query, ground)?;
        let weights = single_weights(query, &scored, ground)?;
        let mut contributions = Vec::new();
        for segment in ground.searcher.segment_readers() {
            let Some(row) = self.row(segment, passage)? else { continue };
            for (term, weight) in &weights {
                let mut scorer = weight.scorer(segment, 1.0)?;
                if scorer.doc() == row || scorer.doc() < row && scorer.seek(row) == row {
                    contributions.push(Contribution { term: term.clone(), score: scorer.score() });
                }
            }
        }
        if !contributions.is_empty() {
            let only = std::iter::once(passage.0);
            let added = whole::additions((ground, &self.stretched), self.fields, &scored, only)?;
            let added = added.into_values().filter(|score| *score > 0.0);
            contributions.extend(added.map(|score| Contribution { term: WHOLE.into(), score }));
        }
        contributions.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(contributions)
    }

    fn row(
        &self,
        segment: &SegmentReader,
        (document, ordinal): (DocumentId, u32),
    ) -> tantivy::Result<Option<u32>> {
        let term = Term::from_field_u64(self.fields.document, document.0);
        let inverted = segment.inverted_index(self.fields.document)?;
        let Some(mut rows) = inverted.read_postings(&term, IndexRecordOption::Basic)? else {
            return Ok(None);
        };
        let ordinals = segment.fast_fields().u64(ORDINAL)?;
        while rows.doc() != TERMINATED {
            let row = rows.doc();
            let alive = segment.alive_bitset().is_none_or(|alive| alive.is_alive(row));
            if alive && ordinals.first(row) == Some(u64::from(ordinal)) {
                return Ok(Some(row));
            }
            rows.advance();
        }
        Ok(None)
    }
}
