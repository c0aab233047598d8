//! The daemon: opens everything, serves the socket, ends cleanly.

mod lock;
mod socket;

use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::{Config, Paths};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::rpc;

/// How long open calls may take to end.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long everything else together may take to end.
const DRAIN: Duration = Duration::from_secs(4);

/// Runs the daemon until a signal or a request ends it.
///
/// Fails with a usage error when another daemon owns the data directory.
pub async fn run(config: Config, paths: Paths) -> Result<()> {
    let begin = Instant::now();
    let lock = lock::DataLock::acquire(&paths.data_dir)?;
    let stop = CancellationToken::new();
    let engine = Engine::open(config, &paths, stop.clone()).await?;
    // Not before everything is open: who can connect is served.
    let listener = socket::bind(&paths.socket)?;
    engine.start().await?;
    info!(socket = %paths.socket.display(), took = ?begin.elapsed(), "daemon ready");
    let connections = socket::incoming(listener);
    let mut server = tokio::spawn(rpc::serve(engine.clone(), connections, stop.clone()));
    let served = tokio::select! {
        served = &mut server => Some(served),
        ended = end_on_signal(&stop) => {
            ended?;
            None
        }
    };
    stop.cancel();
    let served = match served {
        Some(served) => served,
        // Answers that are on their way, that of `ragterm stop` among them, arrive.
        None => tokio::time::timeout(GOODBYE, server).await.unwrap_or(Ok(Ok(()))),
    };
    drain(&engine).await;
    // Only now may another daemon take over.
    socket::remove(&paths.socket);
    drop(lock);
    served.map_err(|error| Error::internal("the gRPC server failed").because(error))?
}

async fn end_on_signal(stop: &CancellationToken) -> Result<()> {
    let failed = |error| Error::internal("cannot listen for signals").because(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        () = stop.cancelled() => "a request",
    };
    info!(by = name, "ending");
    Ok(())
}

/// Waits for every task, and names those that are late.
async fn drain(engine: &Engine) {
    let begin = Instant::now();
    if tokio::time::timeout(DRAIN, engine.close()).await.is_err() {
        for late in engine.late() {
            warn!(task = %late, "did not end in time");
        }
    }
    info!(took = ?begin.elapsed(), "ended");
}
