//! The daemon: opens everything, serves the socket, ends cleanly.

mod background;
mod lock;
mod remote;
mod socket;
mod web;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::backup;
use crate::config::{Config, Paths};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::gate::Gate;
use crate::rpc;

use background::Background;
pub use lock::{DataLock, check_owner, make_directory, owner};

use remote::Remote;
use socket::{Audience, Socket};
use web::{Opened, Web};

/// How often the daemon looks whether its socket and its data directory are still there.
const LOOK: Duration = Duration::from_secs(1);

/// Connections that wait to be served.
const WAITING: usize = 16;

/// How long open calls may take to end.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long everything else together may take to end.
const DRAIN: Duration = Duration::from_secs(4);

/// Runs the daemon until a signal or a request ends it, or its data directory is gone.
///
/// Fails with a usage error when another daemon owns the data directory.
pub async fn run(config: Config, paths: Paths) -> Result<()> {
    let begin = Instant::now();
    // What is written is nobody else's to read, whatever the mode of the directory.
    rustix::process::umask(Mode::from_bits_truncate(0o077));
    open_more_files();
    let lock = own(&paths)?;
    let stop = CancellationToken::new();
    let web = Web::bind(&config.daemon).await?;
    let opened = Opened::default();
    let web = web.map(|web| tokio::spawn(web.serve(Arc::clone(&opened), stop.clone())));
    let background = Background::start()?;
    let engine = Engine::open((config, &paths), background.handle(), stop.clone()).await?;
    // Not before everything is open: who can connect is served.
    let gate = Gate::new(engine.clone())?;
    let remote = Remote::bind(&engine.config.daemon).await?;
    let audience = if gate.admits_others() { Audience::Others } else { Audience::Owner };
    let mut socket = Socket::bind(&paths.socket, audience)?;
    engine.start().await?;
    gate.start(stop.clone());
    // It is told of once.
    let _first = opened.set(gate.clone());
    let (version, took_ms) = (env!("CARGO_PKG_VERSION"), begin.elapsed().as_millis() as u64);
    info!(
        event = "start",
        version,
        pid = std::process::id(),
        role = ?engine.config.daemon.role,
        socket = %paths.socket.display(),
        took_ms,
        "daemon ready"
    );
    let (sender, connections) = mpsc::channel(WAITING);
    let connections = ReceiverStream::new(connections);
    let server = tokio::spawn(rpc::serve_local(gate.clone(), connections, stop.clone()));
    let remote = remote.map(|remote| tokio::spawn(remote.serve(gate.clone(), stop.clone())));
    let ended = tokio::select! {
        ended = end_on_signal(&stop) => ended,
        ended = admit(&mut socket, (&lock, &gate), sender) => ended,
    };
    stop.cancel();
    if let Some(remote) = remote {
        // Its calls end with the others.
        let _late = tokio::time::timeout(GOODBYE, remote).await;
    }
    if let Some(web) = web {
        let _late = tokio::time::timeout(GOODBYE, web).await;
    }
    // Answers that are on their way, that of `ragterm stop` among them, arrive.
    let served = tokio::time::timeout(GOODBYE, server).await.unwrap_or(Ok(Ok(())));
    // The last calls have been served: nothing is written down after them.
    gate.close();
    drain(&engine).await;
    // Only now may another daemon take over.
    socket.remove();
    drop(lock);
    ended?;
    still_its_catalog(&engine)?;
    served.map_err(|error| Error::internal("the gRPC server failed").because(error))?
}

/// Takes the data directory, and ends or clears away what a restore or a backup left unfinished.
fn own(paths: &Paths) -> Result<DataLock> {
    let lock = DataLock::acquire(&paths.data_dir)?;
    if let Some(settled) = backup::settle(paths)? {
        warn!(?settled, "a restore that was interrupted was completed");
    }
    backup::sweep(&paths.data_dir);
    Ok(lock)
}

/// A failure, so that whoever looks after the daemon starts it again.
fn still_its_catalog(engine: &Engine) -> Result<()> {
    match engine.catalog.is_replaced() {
        false => Ok(()),
        true => {
            Err(Error::unavailable("the catalog was restored from a backup while this daemon ran")
                .hint("start it again; it follows the restored catalog"))
        }
    }
}

/// Raises the limit of open files as far as it may be: each connection takes one.
fn open_more_files() {
    let limits = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limits.maximum, maximum: limits.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        warn!(%error, "the limit of open files cannot be raised");
    }
}

/// Lets callers in until the server ends, and keeps the socket where they look for it; fails when
/// the data directory is gone.
async fn admit(
    socket: &mut Socket,
    (lock, gate): (&DataLock, &Gate),
    connections: mpsc::Sender<io::Result<UnixStream>>,
) -> Result<()> {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = connections.closed() => return Ok(()),
            connection = socket.accept(|peer| gate.admits(peer)) => {
                // A server that has ended is noticed above.
                let _ended = connections.send(Ok(connection)).await;
            }
            _ = look.tick() => {
                if !lock.is_in_place() {
                    let error = data_gone(lock.directory());
                    error!(event = "stop", %error, "ending");
                    return Err(error);
                }
                socket.restore();
            }
        }
    }
}

fn data_gone(directory: &Path) -> Error {
    Error::unavailable(format!(
        "the data directory {} was removed or replaced while the daemon used it",
        directory.display()
    ))
    .hint("put it back if it was moved; the next command starts a daemon on what is there")
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
    info!(event = "stop", by = name, "ending");
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
    info!(event = "stop", took_ms = begin.elapsed().as_millis() as u64, "ended");
}
