//! What the daemon does when it has nothing to do: forget what is too old, give memory back.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::clock::{self, Belief, Keeping};
use super::{Engine, memory};
use crate::config::Role;

/// How often the daemon looks whether something is idle.
const PERIOD: Duration = Duration::from_secs(15);

/// How long after one look at the embedding cache the next one is worth its reading.
const PRUNING: Duration = Duration::from_secs(60 * 60);

/// How often sessions that are too old are looked for.
const FORGETTING: Duration = Duration::from_secs(60 * 60);

/// How long the embedding model may be idle before it is released: its 20 MB are worth the tenth of a
/// second that the first question after a pause would wait.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// Runs until `stop`.
pub async fn run(engine: &Engine, stop: CancellationToken) {
    let mut given_back_at = None;
    let mut pruned: Option<(u64, Instant)> = None;
    let mut forgot: Option<Instant> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let revision = engine.catalog.revision();
        let is_due = pruned.is_none_or(|(at, when)| at != revision && when.elapsed() > PRUNING);
        if is_due && engine.config.daemon.role != Role::Query {
            prune(engine).await;
            pruned = Some((engine.catalog.revision(), Instant::now()));
        }
        // Time passes for what was asked also where no document changes.
        if forgot.is_none_or(|when| when.elapsed() > FORGETTING) {
            if is_believed(engine).await {
                forget_sessions(engine).await;
            }
            forgot = Some(Instant::now());
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

/// Whether the clock can be believed.
async fn is_believed(engine: &Engine) -> bool {
    let keeping = match engine.config.daemon.role {
        Role::Query => Keeping::No,
        Role::All | Role::Index => Keeping::Yes,
    };
    match clock::look(&engine.catalog, keeping).await {
        Ok(Belief::Believed) => true,
        Ok(Belief::Doubted(ahead)) => {
            let days = ahead.as_secs() / (24 * 60 * 60);
            warn!(
                days,
                "the clock is far ahead of when it was last looked at: nothing is forgotten"
            );
            false
        }
        Err(error) => {
            warn!(%error, "it cannot be told whether the clock is right: nothing is forgotten");
            false
        }
    }
}

/// Forgets questions and answers that are older than they are kept for.
async fn forget_sessions(engine: &Engine) {
    match engine.answerer.forget_old().await {
        Ok(0) => {}
        Ok(sessions) => info!(sessions, "old sessions were forgotten"),
        Err(error) => warn!(%error, "old sessions cannot be forgotten"),
    }
}

/// Deletes vectors beyond the size of the embedding cache.
async fn prune(engine: &Engine) {
    match engine.catalog.prune_vectors(engine.config.embedder.cache_bytes).await {
        Ok((0, _)) => {}
        Ok((vectors, bytes)) => {
            info!(vectors, bytes, "vectors that no document needs were deleted")
        }
        Err(error) => warn!(%error, "the embedding cache cannot be pruned"),
    }
}
