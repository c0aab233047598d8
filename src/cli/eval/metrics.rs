//! How good a ranking is: nDCG, recall and reciprocal rank, as trec_eval computes them.

use std::collections::HashMap;
use std::ops::Add;

/// What people judged: how relevant a document is to a query; what is missing is not relevant.
pub type Judgements = HashMap<String, f64>;

/// The figures of one ranking, or their mean over several; each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scores {
    /// Graded gain of the first 10, discounted by rank, over that of the best order.
    pub ndcg_10: f64,
    /// The part of the relevant documents among the first 10.
    pub recall_10: f64,
    /// The part of the relevant documents among the first 100.
    pub recall_100: f64,
    /// One over the rank of the first relevant document among the first 10, or 0.
    pub mrr_10: f64,
}

impl Scores {
    /// The figures of one ranking, best first and without repetitions.
    pub fn of(ranking: &[String], judged: &Judgements) -> Self {
        Self {
            ndcg_10: ndcg(ranking, judged, 10),
            recall_10: recall(ranking, judged, 10),
            recall_100: recall(ranking, judged, 100),
            mrr_10: reciprocal_rank(ranking, judged, 10),
        }
    }

    /// The mean over the queries; 0 without any.
    pub fn mean(all: &[Self]) -> Self {
        let count = all.len().max(1) as f64;
        let mean = |figure: fn(&Self) -> f64| all.iter().map(figure).sum::<f64>() / count;
        Self {
            ndcg_10: mean(|scores| scores.ndcg_10),
            recall_10: mean(|scores| scores.recall_10),
            recall_100: mean(|scores| scores.recall_100),
            mrr_10: mean(|scores| scores.mrr_10),
        }
    }
}

/// The value at `share` (0 to 1) of a sorted list, by the nearest rank; 0 of an empty one.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn ndcg(ranking: &[String], judged: &Judgements, depth: usize) -> f64 {
    let mut best: Vec<f64> = judged.values().copied().filter(|grade| *grade > 0.0).collect();
    best.sort_by(|one, other| other.total_cmp(one));
    let ideal = discounted(best.into_iter(), depth);
    if ideal == 0.0 {
        return 0.0;
    }
    discounted(ranking.iter().map(|document| grade(judged, document)), depth) / ideal
}

/// Linear gain over the logarithm of the rank.
fn discounted(grades: impl Iterator<Item = f64>, depth: usize) -> f64 {
    (2u32..)
        .zip(grades.take(depth))
        .map(|(rank, grade)| grade / f64::from(rank).log2())
        .fold(0.0, Add::add)
}

fn recall(ranking: &[String], judged: &Judgements, depth: usize) -> f64 {
    let relevant = judged.values().filter(|grade| **grade > 0.0).count();
    let found = ranking.iter().take(depth).filter(|document| grade(judged, document) > 0.0).count();
    if relevant == 0 { 0.0 } else { found as f64 / relevant as f64 }
}

fn reciprocal_rank(ranking: &[String], judged: &Judgements, depth: usize) -> f64 {
    let first = ranking.iter().take(depth).position(|document| grade(judged, document) > 0.0);
    first.map_or(0.0, |position| 1.0 / (position + 1) as f64)
}

/// Negative judgements count as not relevant.
fn grade(judged: &Judgements, document: &str) -> f64 {
    judged.get(document).copied().unwrap_or(0.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(grades: &[(&str, f64)]) -> Judgements {
        grades.iter().map(|(document, grade)| ((*document).to_owned(), *grade)).collect()
    }

    fn ranking(documents: &str) -> Vec<String> {
        documents.split_whitespace().map(str::to_owned).collect()
    }

    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn gain_is_linear_and_discounted_by_the_logarithm_of_the_rank() {
        // By hand: (3/log2(2) + 0 + 1/log2(4)) / (3/log2(2) + 2/log2(3) + 1/log2(4)).
        let judged = judged(&[("a", 3.0), ("b", 2.0), ("c", 1.0), ("d", 0.0)]);
        let expected = 3.5 / (3.5 + 2.0 / 3f64.log2());
        assert_close(ndcg(&ranking("a d c"), &judged, 10), expected);
        assert_close(ndcg(&ranking("a b c d"), &judged, 10), 1.0);
        assert_close(ndcg(&ranking("a d c"), &judged, 2), 3.0 / (3.0 + 2.0 / 3f64.log2()));
    }

    #[test]
    fn recall_counts_relevant_documents_within_the_depth() {
        let judged = judged(&[("a", 1.0), ("b", 2.0), ("c", 1.0), ("d", 0.0), ("e", -1.0)]);
        assert_close(recall(&ranking("d a x b c"), &judged, 4), 2.0 / 3.0);
        assert_close(recall(&ranking("d a x b c"), &judged, 100), 1.0);
    }

    #[test]
    fn the_reciprocal_rank_is_that_of_the_first_relevant_document() {
        let judged = judged(&[("a", 1.0), ("d", 0.0)]);
        assert_close(reciprocal_rank(&ranking("d x a"), &judged, 10), 1.0 / 3.0);
        assert_close(reciprocal_rank(&ranking("d x a"), &judged, 2), 0.0);
    }

    #[test]
    fn nothing_found_and_nothing_judged_count_as_zero() {
        assert_eq!(Scores::of(&[], &judged(&[("a", 1.0)])), Scores::default());
        assert_eq!(Scores::of(&ranking("a"), &judged(&[])), Scores::default());
        assert_eq!(Scores::mean(&[]), Scores::default());
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([0.5, 0.95, 0.0].map(|share| percentile(&sorted, share)), [2.0, 4.0, 1.0]);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
