//! What is true of a daemon at one moment, read when the metrics are asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::IntCounter;

use super::Metrics;

/// The state of a daemon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Changes that the keyword index has not applied.
    pub keyword_lag: u64,
    /// Changes that the vector store has not applied.
    pub vectors_lag: u64,
    /// Documents that wait to be read.
    pub to_read: u64,
    /// Documents that wait for vectors.
    pub to_embed: u64,
    /// Documents that can be found.
    pub indexed: u64,
    /// Documents that could not be read.
    pub failed: u64,
    /// Documents that were passed over.
    pub skipped: u64,
    /// Texts that became vectors, since the model was connected.
    pub embedded_texts: u64,
    /// Answers that were kept, since the start.
    pub cache_hits: u64,
    /// Answers that were not, since the start.
    pub cache_misses: u64,
    /// Whether no backup by the clock can be taken.
    pub backup_failing: bool,
}

impl Snapshot {
    /// Puts it where the metrics are gathered from.
    pub(super) fn show(&self, metrics: &Metrics) {
        let lags = [("keyword", self.keyword_lag), ("vectors", self.vectors_lag)];
        for (follower, lag) in lags {
            metrics.lag.with_label_values(&[follower]).set(lag as f64);
        }
        for (queue, depth) in [("extract", self.to_read), ("embed", self.to_embed)] {
            metrics.queues.with_label_values(&[queue]).set(depth as f64);
        }
        let states = [
            ("indexed", self.indexed),
            ("pending", self.to_read),
            ("failed", self.failed),
            ("skipped", self.skipped),
        ];
        for (state, documents) in states {
            metrics.documents.with_label_values(&[state]).set(documents as f64);
        }
        metrics.backup_failing.set(i64::from(self.backup_failing));
        metrics.odometers.embedded.show(self.embedded_texts, &metrics.embedded_texts);
        metrics.odometers.cache_hits.show(self.cache_hits, &metrics.cache_hits);
        metrics.odometers.cache_misses.show(self.cache_misses, &metrics.cache_misses);
    }
}

/// Counts of other parts, which begin anew when the part does.
#[derive(Debug, Default)]
pub(super) struct Odometers {
    embedded: Odometer,
    cache_hits: Odometer,
    cache_misses: Odometer,
}

/// What a count was when it was last looked at.
#[derive(Debug, Default)]
struct Odometer(AtomicU64);

impl Odometer {
    /// Adds to `counter` what came to the count; one that fell began anew.
    fn show(&self, count: u64, counter: &IntCounter) {
        let before = self.0.swap(count, Ordering::Relaxed);
        counter.inc_by(if count < before { count } else { count - before });
    }
}
