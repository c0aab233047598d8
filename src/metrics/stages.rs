//! The parts of a search or an answer, and how long each took.

use std::time::{Duration, Instant};

/// A part of a search or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The query's vector.
    Embed,
    /// The nearest passages to it.
    Dense,
    /// The keyword search.
    Sparse,
    /// One ranking from two.
    Fuse,
    /// Hits, as the catalog has them.
    Hydrate,
    /// The reranker's order.
    Rerank,
    /// The model's answer, from the call to its end.
    Generate,
    /// From the question to the first piece of the answer.
    FirstToken,
}

impl Stage {
    /// Every part, in the order in which they happen.
    pub const ALL: [Self; 8] = [
        Self::Embed,
        Self::Dense,
        Self::Sparse,
        Self::Fuse,
        Self::Hydrate,
        Self::Rerank,
        Self::Generate,
        Self::FirstToken,
    ];

    /// The word for it in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Dense => "dense",
            Self::Sparse => "sparse",
            Self::Fuse => "fuse",
            Self::Hydrate => "hydrate",
            Self::Rerank => "rerank",
            Self::Generate => "generate",
            Self::FirstToken => "first_token",
        }
    }
}

/// How long each part took; what did not happen has no time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages([Option<Duration>; Stage::ALL.len()]);

impl Stages {
    /// The time of one part, added to what is known of it.
    pub fn add(&mut self, stage: Stage, took: Duration) {
        *self.0[stage as usize].get_or_insert_default() += took;
    }

    /// The time since `begin`, as that of one part.
    pub fn since(&mut self, stage: Stage, begin: Instant) {
        self.add(stage, begin.elapsed());
    }

    /// These and others, added up.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (stage, took) in other.iter() {
            self.add(stage, took);
        }
        self
    }

    /// The parts that happened.
    pub fn iter(&self) -> impl Iterator<Item = (Stage, Duration)> + '_ {
        Stage::ALL.into_iter().filter_map(|stage| Some((stage, self.0[stage as usize]?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_happens_twice_took_as_long_as_both() {
        let mut stages = Stages::default();
        stages.add(Stage::Sparse, Duration::from_millis(2));
        let mut other = Stages::default();
        other.add(Stage::Sparse, Duration::from_millis(3));
        other.add(Stage::Rerank, Duration::ZERO);
        let both: Vec<_> = stages.and(other).iter().collect();
        let expected = [(Stage::Sparse, Duration::from_millis(5)), (Stage::Rerank, Duration::ZERO)];
        assert_eq!(both, expected, "what did not happen is left out");
    }

    #[test]
    fn every_part_has_a_place_of_its_own() {
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, place, "{}", stage.name());
        }
    }
}
