//! What the daemon does when it has nothing to do: give memory back.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Engine, memory};

/// How often the daemon looks whether something is idle.
const PERIOD: Duration = Duration::from_secs(15);

/// How long the embedding model may be idle before it is released.
const IDLE: Duration = Duration::from_secs(60);

/// Runs until `stop`.
pub async fn run(engine: &Engine, stop: CancellationToken) {
    let mut given_back_at = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let running = engine.meaning.running();
        let released = running.is_some_and(|running| running.embedder.release_if_idle(IDLE));
        let seq = engine.catalog.seq();
        let at_rest = engine.keyword.applied() == seq;
        if released || (at_rest && given_back_at != Some(seq)) {
            tokio::task::spawn_blocking(memory::give_back);
            given_back_at = Some(seq);
            debug!(released, "memory given back");
        }
    }
}
