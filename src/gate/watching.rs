//! What those who watch the daemon are told: no name of a user, a space or a document.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Gate;
use crate::engine::Health;
use crate::error::Result;
use crate::metrics::Metrics;

/// How often it is looked whether a back-end is missing.
const LOOK: Duration = Duration::from_secs(1);

/// How long the state of the daemon is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Gate {
    /// Where calls are counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Whether questions can be answered, and what is missing.
    pub async fn health(&self) -> Health {
        self.engine.health().await
    }

    /// Everything that is counted, in Prometheus' text format.
    pub async fn metrics_text(&self) -> Result<String> {
        // What cannot be read now is as it was: the counters are there all the same. One after the
        // other, because a count that is older than the last would look as if it began anew.
        let _turn = self.scraping.lock().await;
        if let Ok(Ok(now)) = tokio::time::timeout(PATIENCE, self.engine.snapshot()).await {
            self.metrics.observe(&now);
        }
        self.metrics.text()
    }

    /// Counts the time in which a back-end is missing, until `stop`.
    pub(super) async fn count_degraded(&self, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK);
        let mut last = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => {}
            }
            if self.engine.is_degraded() {
                self.metrics.degraded(last.elapsed());
            }
            last = Instant::now();
        }
    }
}
