//! What the whole of a document says for its passages: a report names its company on the first
//! page, and the passage that answers does not.

use std::collections::BTreeMap;

use tantivy::postings::Postings;
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocSet, SegmentReader};

use super::Passage;
use super::ground::Ground;
use super::plan::Scored;
use super::rows::{Rows, Stretched};
use super::schema::Fields;
use crate::id::DocumentId;

/// What a document adds to its passages, as a part of what a passage of its kind would score.
/// Chosen with `SPREAD` on the first halves of the labelled sets: it helps reports most, and
/// leaves documents of one passage in their order.
const SHARE: f32 = 0.5;
/// A term is spread over a document's passages to this power of their number: over all of them,
/// long documents would lose to short ones; over none, they would win.
const SPREAD: f32 = 0.75;
/// A document is known by so many passages from its beginning, so that huge ones cost little.
const MAX_PASSAGES: u64 = 512;
/// As in tantivy's BM25.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// A document's passages, counted.
#[derive(Debug, Clone, Default)]
struct Tally {
    passages: u32,
    tokens: u64,
    /// How often each term stands in them.
    counts: Vec<u32>,
}

/// What each of `documents` adds to the score of any of its passages.
pub(super) fn additions(
    (ground, stretched): (&Ground, &Stretched),
    fields: Fields,
    terms: &[Scored],
    documents: impl Iterator<Item = DocumentId>,
) -> tantivy::Result<BTreeMap<DocumentId, f32>> {
    let empty = Tally { counts: vec![0; terms.len()], ..Tally::default() };
    // In order, so that a segment's dictionary is read forwards.
    let mut tallies: BTreeMap<DocumentId, Tally> =
        documents.map(|document| (document, empty.clone())).collect();
    for segment in ground.searcher.segment_readers() {
        let rows = Rows::open(segment, stretched)?;
        count((segment, &rows), fields, terms, &mut tallies)?;
    }
    let all = ground.passages()? as f32;
    let usual = ground.tokens()? as f32 / all.max(1.0);
    let score = |tally: &Tally| SHARE * score(tally, terms, (all, usual));
    Ok(tallies.iter().map(|(document, tally)| (*document, score(tally))).collect())
}

/// Adds to each passage what its document says.
pub(super) fn add(passages: &mut [Passage], additions: &BTreeMap<DocumentId, f32>) {
    for passage in passages {
        passage.score += additions.get(&passage.document).copied().unwrap_or_default();
    }
}

/// Counts the terms in what a segment has of the documents.
fn count(
    (segment, known): (&SegmentReader, &Rows<'_>),
    fields: Fields,
    terms: &[Scored],
    tallies: &mut BTreeMap<DocumentId, Tally>,
) -> tantivy::Result<()> {
    let mut documents: Vec<&mut Tally> = Vec::with_capacity(tallies.len());
    let mut rows: Vec<(u32, usize)> = Vec::new();
    for (place, (document, tally)) in tallies.iter_mut().enumerate() {
        let found = known.of(*document, 0..MAX_PASSAGES);
        rows.extend(found.map(|row| (row, place)));
        documents.push(tally);
    }
    rows.sort_unstable();
    let lengths = segment.get_fieldnorms_reader(fields.text)?;
    for &(row, place) in &rows {
        documents[place].passages += 1;
        documents[place].tokens += u64::from(lengths.fieldnorm(row));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let inverted = segment.inverted_index(fields.text)?;
    for (number, scored) in terms.iter().enumerate() {
        let term = Term::from_field_text(fields.text, &scored.term);
        let found = inverted.read_postings(&term, IndexRecordOption::WithFreqs)?;
        let Some(mut postings) = found else { continue };
        for &(row, place) in &rows {
            if postings.doc() < row {
                postings.seek(row);
            }
            if postings.doc() == row {
                documents[place].counts[number] += postings.term_freq();
            }
        }
    }
    Ok(())
}

/// BM25 of a passage of usual length for the document; that of its only passage if it has one.
fn score(tally: &Tally, terms: &[Scored], (all, usual): (f32, f32)) -> f32 {
    let passages = tally.passages.max(1) as f32;
    let length = tally.tokens as f32 / passages;
    let norm = K1 * (1.0 - B + B * length / usual.max(1.0));
    let one = |(scored, count): (&Scored, &u32)| {
        let frequency = *count as f32 / passages.powf(SPREAD);
        let having = scored.passages as f32;
        let rarity = (1.0 + (all - having + 0.5).max(0.0) / (having + 0.5)).ln();
        scored.weight * rarity * (1.0 + K1) * frequency / (frequency + norm)
    };
    terms.iter().zip(&tally.counts).map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(passages: u32, count: u32) -> f32 {
        let terms = [Scored { term: "x".into(), weight: 1.0, passages: 10 }];
        let tally = Tally { passages, tokens: 100 * u64::from(passages), counts: vec![count] };
        score(&tally, &terms, (1000.0, 100.0))
    }

    #[test]
    fn a_document_of_one_passage_scores_as_its_passage() {
        let rarity = (1.0f32 + 990.5 / 10.5).ln();
        assert!((scored(1, 2) - rarity * 2.2 * 2.0 / 3.2).abs() < 1e-4);
    }

    #[test]
    fn a_term_all_over_a_document_says_more_than_a_mention() {
        assert!(scored(100, 60) > 4.0 * scored(100, 1));
        assert!(scored(100, 0) == 0.0 && scored(0, 0) == 0.0);
    }

    #[test]
    fn a_long_document_does_not_lose_to_a_short_one_of_the_same_share() {
        assert!(scored(200, 100) > scored(2, 1));
    }
}
