//! Scores to the last bit: the same for the same visible passages, however the index came about.
//!
//! A sum of fractions depends on its order, and the search adds up a passage's terms in an order that
//! depends on what else lies in its segment. Who may not see that must not be able to tell.

use tantivy::{DocSet, TERMINATED};

use super::ground::Ground;
use super::plan::{Scored, single_weights};
use super::rows::{Rows, Stretched};
use super::{Passage, Query};

/// How far two orders of one sum can lie apart, as a part of it, with plenty to spare.
pub(super) const SLACK: f32 = 1e-4;

/// Scores passages anew: the parts of a query in their own order, added up at twice the precision.
pub(super) fn score(
    passages: &mut [Passage],
    (query, scored): (&Query, &[Scored]),
    (ground, stretched): (&Ground, &Stretched),
) -> tantivy::Result<()> {
    let weights = single_weights(query, scored, ground)?;
    let mut sums = vec![0.0_f64; passages.len()];
    for segment in ground.searcher.segment_readers() {
        let known = Rows::open(segment, stretched)?;
        let mut rows: Vec<(u32, usize)> = Vec::new();
        for (place, passage) in passages.iter().enumerate() {
            let ordinal = u64::from(passage.ordinal);
            let found = known.of(passage.document, ordinal..ordinal + 1);
            rows.extend(found.map(|row| (row, place)));
        }
        rows.sort_unstable();
        for (_, weight) in &weights {
            let mut scorer = weight.scorer(segment, 1.0)?;
            for &(row, place) in &rows {
                if scorer.doc() < row {
                    scorer.seek(row);
                }
                match scorer.doc() {
                    TERMINATED => break,
                    found if found == row => sums[place] += f64::from(scorer.score()),
                    _ => {}
                }
            }
        }
    }
    for (passage, sum) in passages.iter_mut().zip(sums) {
        passage.score = sum as f32;
    }
    Ok(())
}
