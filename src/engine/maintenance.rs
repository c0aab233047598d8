//! What the daemon does when it has nothing to do: give memory back.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Engine, IDLE};

/// How often the daemon looks whether something is idle.
const PERIOD: Duration = Duration::from_secs(15);

/// Runs until `stop`.
pub async fn run(engine: &Engine, stop: CancellationToken) {
    let mut settled = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        if let Some((meaning, _)) = &engine.meaning
            && meaning.embedder.release_if_idle(IDLE)
        {
            debug!("embedding model released");
        }
        // Once after each time that something was published.
        if engine.catalog.seq() != settled && engine.keyword.applied() == engine.catalog.seq() {
            settled = engine.catalog.seq();
        }
    }
}
