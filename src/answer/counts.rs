//! How questions ended, since the daemon started.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::catalog::TurnOutcome;

/// Questions by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// With an end of any sort.
    pub asked: u64,
    /// Nothing relevant was found.
    pub refused: u64,
    /// With the beginning of an answer.
    pub partial: u64,
    /// With passages alone.
    pub passages: u64,
    /// With an answer from memory.
    pub cache_hits: u64,
    /// Looked for in memory in vain.
    pub cache_misses: u64,
}

/// Counts questions.
#[derive(Debug, Default)]
pub(super) struct Counters {
    asked: AtomicU64,
    refused: AtomicU64,
    partial: AtomicU64,
    passages: AtomicU64,
}

impl Counters {
    pub fn count(&self, outcome: TurnOutcome) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let counter = match outcome {
            TurnOutcome::Answered => return,
            TurnOutcome::Refused => &self.refused,
            TurnOutcome::Partial => &self.partial,
            TurnOutcome::Passages => &self.passages,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn read(&self, (cache_hits, cache_misses): (u64, u64)) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            asked: read(&self.asked),
            refused: read(&self.refused),
            partial: read(&self.partial),
            passages: read(&self.passages),
            cache_hits,
            cache_misses,
        }
    }
}
