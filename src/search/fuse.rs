//! One ranking from two: normalised scores of the keyword and the vector search, weighted.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::id::DocumentId;

/// A passage that one of the searches found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The document.
    pub document: DocumentId,
    /// The passage's index in the document.
    pub ordinal: u32,
    /// The search's own score: BM25 or cosine.
    pub score: f32,
}

/// How much each search counts; a weight of zero leaves its search out entirely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Of the keyword search.
    pub keyword: f32,
    /// Of the vector search; zero where the model does not know the language.
    pub dense: f32,
}

/// A document in the joint ranking, with what its score is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    /// The document.
    pub document: DocumentId,
    /// The passage that contributes most.
    pub ordinal: u32,
    /// The weighted mean of both parts, from 0 to 1.
    pub score: f32,
    /// The document's best BM25, when the keyword search found it.
    pub keyword: Option<f32>,
    /// The document's best cosine, when the vector search found it.
    pub dense: Option<f32>,
    /// `keyword` as a share of the best one, 0 to 1; 0 when it was not found.
    pub keyword_part: f32,
    /// `dense` as a share of the best one, 0 to 1; 0 when it was not found.
    pub dense_part: f32,
}

/// Ranks every document that a search with a weight found; ties by document id.
///
/// Scores that are not finite are passed over, and so are weights that are not positive.
pub fn fuse(keyword: &[Scored], dense: &[Scored], weights: Weights) -> Vec<Fused> {
    let keyword = Side::new(keyword, weights.keyword);
    let dense = Side::new(dense, weights.dense);
    let total = keyword.weight + dense.weight;
    let passages = best_passages(&[&keyword, &dense]);
    let mut fused: Vec<Fused> = passages
        .into_iter()
        .map(|(document, ordinal)| {
            let (keyword_part, dense_part) = (keyword.part(document), dense.part(document));
            Fused {
                document,
                ordinal,
                score: (keyword.weight * keyword_part + dense.weight * dense_part) / total,
                keyword: keyword.best.get(&document).copied(),
                dense: dense.best.get(&document).copied(),
                keyword_part,
                dense_part,
            }
        })
        .collect();
    fused.sort_unstable_by(order);
    fused
}

/// Best first. Cosines below zero all have the part 0: the raw score still orders them.
pub(super) fn by_score(one: &Fused, other: &Fused) -> Ordering {
    let raw = |fused: &Fused| fused.dense.unwrap_or(f32::NEG_INFINITY);
    other.score.total_cmp(&one.score).then(raw(other).total_cmp(&raw(one)))
}

fn order(one: &Fused, other: &Fused) -> Ordering {
    by_score(one, other).then(one.document.cmp(&other.document))
}

/// What one search found, with the best score of each document and of all.
struct Side<'a> {
    found: &'a [Scored],
    weight: f32,
    best: HashMap<DocumentId, f32>,
    highest: f32,
}

impl<'a> Side<'a> {
    fn new(found: &'a [Scored], weight: f32) -> Self {
        let is_used = weight.is_finite() && weight > 0.0;
        let (found, weight) = if is_used { (found, weight) } else { (&[][..], 0.0) };
        let mut best = HashMap::new();
        for passage in found.iter().filter(|passage| passage.score.is_finite()) {
            let score = best.entry(passage.document).or_insert(passage.score);
            *score = passage.score.max(*score);
        }
        let highest = best.values().copied().fold(0.0, f32::max);
        Self { found, weight, best, highest }
    }

    /// The share of the best score. Measured better than stretching the found range to 0 to 1:
    /// how far down the lowest candidate stands says nothing about the query.
    fn normalised(&self, score: f32) -> f32 {
        if self.highest > 0.0 { (score / self.highest).clamp(0.0, 1.0) } else { 0.0 }
    }

    fn part(&self, document: DocumentId) -> f32 {
        self.best.get(&document).map_or(0.0, |score| self.normalised(*score))
    }
}

/// Each document's passage with the highest weighted score; the earliest of equals.
fn best_passages(sides: &[&Side<'_>]) -> HashMap<DocumentId, u32> {
    let mut weighted: HashMap<(DocumentId, u32), f32> = HashMap::new();
    for side in sides {
        for passage in side.found.iter().filter(|passage| passage.score.is_finite()) {
            let part = side.weight * side.normalised(passage.score);
            *weighted.entry((passage.document, passage.ordinal)).or_default() += part;
        }
    }
    let mut best: HashMap<DocumentId, (f32, u32)> = HashMap::new();
    for ((document, ordinal), part) in weighted {
        let held = best.entry(document).or_insert((part, ordinal));
        if part > held.0 || (part == held.0 && ordinal < held.1) {
            *held = (part, ordinal);
        }
    }
    best.into_iter().map(|(document, (_, ordinal))| (document, ordinal)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVEN: Weights = Weights { keyword: 0.5, dense: 0.5 };

    fn scored(found: &[(u64, u32, f32)]) -> Vec<Scored> {
        let scored =
            |&(document, ordinal, score)| Scored { document: DocumentId(document), ordinal, score };
        found.iter().map(scored).collect()
    }

    fn ranking(
        keyword: &[(u64, u32, f32)],
        dense: &[(u64, u32, f32)],
        weights: Weights,
    ) -> Vec<u64> {
        let fused = fuse(&scored(keyword), &scored(dense), weights);
        fused.iter().map(|fused| fused.document.0).collect()
    }

    #[test]
    fn a_document_that_both_find_beats_one_that_leads_a_single_side() {
        let keyword = [(1, 0, 12.0), (2, 0, 10.0), (3, 0, 2.0)];
        let dense = [(4, 0, 0.8), (2, 0, 0.7), (5, 0, 0.1)];
        assert_eq!(ranking(&keyword, &dense, EVEN)[0], 2);
    }

    #[test]
    fn a_weight_of_zero_leaves_its_side_out() {
        let keyword = [(1, 0, 9.0), (2, 0, 3.0)];
        let dense = [(3, 0, 0.9), (2, 0, 0.8)];
        assert_eq!(ranking(&keyword, &dense, Weights { keyword: 1.0, dense: 0.0 }), [1, 2]);
        assert_eq!(ranking(&keyword, &dense, Weights { keyword: 0.0, dense: 1.0 }), [3, 2]);
        assert_eq!(ranking(&keyword, &dense, Weights { keyword: 1.0, dense: f32::NAN }), [1, 2]);
        assert!(ranking(&keyword, &dense, Weights { keyword: 0.0, dense: -1.0 }).is_empty());
    }

    #[test]
    fn each_document_shows_the_passage_that_contributes_most() {
        let keyword = scored(&[(1, 4, 10.0), (1, 7, 9.0), (2, 0, 1.0)]);
        let dense = scored(&[(1, 7, 0.9), (3, 0, 0.2)]);
        let fused = fuse(&keyword, &dense, EVEN);
        assert_eq!((fused[0].document.0, fused[0].ordinal), (1, 7));
        assert_eq!((fused[0].keyword, fused[0].dense), (Some(10.0), Some(0.9)));
        assert_eq!((fused[0].keyword_part, fused[0].dense_part), (1.0, 1.0));
        assert!((fused[0].score - 1.0).abs() < 1e-6);
    }

    #[test]
    fn ties_are_broken_by_document_whatever_the_order_of_input() {
        let one = [(5, 0, 1.0), (4, 0, 1.0), (9, 1, 1.0), (9, 0, 1.0)];
        let other = [(9, 0, 1.0), (9, 1, 1.0), (4, 0, 1.0), (5, 0, 1.0)];
        assert_eq!(ranking(&one, &[], EVEN), [4, 5, 9]);
        assert_eq!(fuse(&scored(&one), &[], EVEN), fuse(&scored(&other), &[], EVEN));
    }

    #[test]
    fn negative_cosines_are_still_ranked() {
        let dense = [(1, 0, -0.9), (2, 0, -0.1), (3, 0, -0.5)];
        assert_eq!(ranking(&[], &dense, EVEN), [2, 3, 1]);
    }

    #[test]
    fn scores_that_are_no_numbers_are_passed_over() {
        let keyword = [(1, 0, f32::NAN), (2, 0, f32::INFINITY), (3, 0, 1.0), (4, 0, 2.0)];
        let fused = fuse(&scored(&keyword), &[], EVEN);
        assert_eq!(fused.iter().map(|one| one.document.0).collect::<Vec<_>>(), [4, 3]);
        assert!(fused.iter().all(|one| one.score.is_finite()));
        assert!(fuse(&[], &[], EVEN).is_empty());
    }
}
