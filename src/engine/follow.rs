//! What a daemon does that only answers: hears of changes and keeps its list of sources fresh.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Engine;
use crate::config::CatalogUrl;

/// Sources are registered rarely, and without a change of documents.
const PERIOD: Duration = Duration::from_secs(5);

/// Runs until `stop`.
pub async fn run(engine: &Engine, stop: CancellationToken) {
    let CatalogUrl::Postgres(url) = &engine.config.catalog.url else { return };
    let url = match url.read() {
        Ok(url) => url.unwrap_or_default(),
        Err(error) => return warn!(%error, "changes of the catalog cannot be heard"),
    };
    let followed = async {
        tokio::join!(engine.catalog.listen(&url, &stop), list_sources(engine, &stop));
    };
    tokio::select! {
        () = followed => {}
        () = engine.catalog.replaced() => {
            // What this process has indexed is of another history.
            error!("the catalog was restored from a backup: this daemon ends, to start anew with it");
            engine.stop();
        }
    }
}

async fn list_sources(engine: &Engine, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = engine.sources.observe().await {
            warn!(%error, "the sources cannot be listed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}
