//! One search: bounds for every row from the high bytes, exact scores for what may still win.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use super::Candidate;
use super::code::Query;
use super::documents::Selection;
use super::segment::{SEGMENT_ROWS, Segment};

/// More rows than this for each thread are worth starting another one.
const ROWS_PER_THREAD: usize = 32 * 1024;
const MAX_THREADS: usize = 4;
/// Covers the rounding of the sums themselves.
const ROUNDING: f32 = 1e-5;

/// What one search looks at; it holds no lock.
pub(super) struct Scan<'a> {
    pub(super) query: &'a Query,
    pub(super) segments: &'a [Arc<Segment>],
    pub(super) selection: &'a Selection,
}

/// A segment with the middle of each row's possible scores.
struct Scored<'a> {
    segment: &'a Segment,
    middles: &'a [f32],
}

impl Scan<'_> {
    /// The best passage of each of the `limit` nearest documents, best first.
    pub(super) fn nearest(&self, limit: usize) -> Vec<Candidate> {
        let segments: Vec<&Segment> = self
            .segments
            .iter()
            .map(AsRef::as_ref)
            .filter(|segment| segment.owners().iter().any(|owner| self.selects(owner.slot)))
            .collect();
        let mut middles = vec![0f32; segments.len() * SEGMENT_ROWS];
        self.score(&segments, &mut middles);
        let scored: Vec<Scored<'_>> = segments
            .iter()
            .zip(middles.chunks(SEGMENT_ROWS))
            .map(|(segment, middles)| Scored { segment, middles })
            .collect();
        let least = self.least_scores(&scored);
        let mut candidates = self.refine(&scored, &least, threshold(&least, limit));
        candidates.sort_unstable_by(|one, other| {
            let by_score = other.score.total_cmp(&one.score);
            by_score.then((one.document, one.ordinal).cmp(&(other.document, other.ordinal)))
        });
        keep_best_of_each(&mut candidates, limit);
        candidates
    }

    fn selects(&self, slot: u32) -> bool {
        self.selection.slots.get(slot as usize).copied().unwrap_or(false)
    }

    /// Fills the middles of all segments, on several threads when there are many rows.
    fn score(&self, segments: &[&Segment], middles: &mut [f32]) {
        let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
        let threads = (middles.len() / ROWS_PER_THREAD).clamp(1, cores);
        let share = segments.len().div_ceil(threads).max(1);
        let score = |segments: &[&Segment], middles: &mut [f32]| {
            let mut products = Vec::with_capacity(SEGMENT_ROWS);
            for (segment, middles) in segments.iter().zip(middles.chunks_mut(SEGMENT_ROWS)) {
                segment.middles(self.query, &mut products, middles);
            }
        };
        thread::scope(|scope| {
            let mut shares = segments.chunks(share).zip(middles.chunks_mut(share * SEGMENT_ROWS));
            let own = shares.next();
            for (segments, middles) in shares {
                scope.spawn(move || score(segments, middles));
            }
            if let Some((segments, middles)) = own {
                score(segments, middles);
            }
        });
    }

    /// For each slot a score that its best passage surely reaches.
    fn least_scores(&self, scored: &[Scored<'_>]) -> Vec<f32> {
        let mut least = vec![f32::NEG_INFINITY; self.selection.slots.len()];
        for Scored { segment, middles } in scored {
            for (row, owner) in segment.owners().iter().enumerate() {
                if self.selects(owner.slot) {
                    let least = &mut least[owner.slot as usize];
                    *least = least.max(middles[row] - segment.margin(self.query, row) - ROUNDING);
                }
            }
        }
        least
    }

    /// True scores of the rows that may be their document's best and reach the threshold.
    fn refine(&self, scored: &[Scored<'_>], least: &[f32], threshold: f32) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for Scored { segment, middles } in scored {
            for (row, owner) in segment.owners().iter().enumerate() {
                let most = middles[row] + segment.margin(self.query, row) + ROUNDING;
                if most >= threshold
                    && self.selects(owner.slot)
                    && most >= least[owner.slot as usize]
                {
                    candidates.push(Candidate {
                        document: owner.document,
                        ordinal: owner.ordinal,
                        score: segment.cosine(self.query, row),
                    });
                }
            }
        }
        candidates
    }
}

/// The score that the `limit` best documents surely reach.
fn threshold(least: &[f32], limit: usize) -> f32 {
    let mut reached: Vec<f32> = least.iter().copied().filter(|score| score.is_finite()).collect();
    if reached.len() <= limit {
        return f32::NEG_INFINITY;
    }
    *reached.select_nth_unstable_by(limit - 1, |one, other| other.total_cmp(one)).1
}

/// Keeps the first candidate of each document, and `limit` of those.
fn keep_best_of_each(candidates: &mut Vec<Candidate>, limit: usize) {
    let mut seen = std::collections::HashSet::new();
    candidates.retain(|candidate| seen.len() < limit && seen.insert(candidate.document));
}
