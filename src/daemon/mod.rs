//! The daemon: opens everything, serves the socket, ends cleanly.

mod background;
mod front;
mod lock;
mod remote;
mod socket;
mod web;

use std::time::{Duration, Instant};

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backup;
use crate::config::{Config, Paths};
use crate::engine::{Engine, Opening};
use crate::error::{Error, Result};
use crate::gate::{Entrance, Gate};

use background::Background;
pub use lock::{DataLock, check_owner, make_directory, owner};

use front::{Front, GOODBYE, tell_supervisor};
use remote::Remote;
use socket::Audience;
use web::Web;

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
    let opening = Opening::begin();
    let entrance = Entrance::new(opening.clone());
    let web = Web::bind(&config.daemon).await?;
    let web = web.map(|web| tokio::spawn(web.serve(entrance.clone(), stop.clone())));
    let background = Background::start()?;
    let mut signals = Signals::receive()?;
    let place = (paths.socket.as_path(), Audience::of(&config.access));
    let mut front = Front::new(place, entrance.clone(), stop.clone());
    let engine = Engine::open((config, &paths), background.handle(), (&opening, stop.clone()));
    let opened = tokio::select! {
        biased;
        () = signals.end(&stop) => Ok(None),
        engine = engine => engine.map(Some),
        ended = tell_early(&mut front, &opening, &lock) => ended.map(|()| None),
    };
    let ended = match opened {
        Ok(Some(engine)) => {
            let running = Running { engine, entrance, begin };
            running.serve(&mut front, &mut signals, &lock).await
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    stop.cancel();
    tell_supervisor(NotifyState::Stopping);
    if let Some(web) = web {
        let _late = tokio::time::timeout(GOODBYE, web).await;
    }
    let served = front.finish().await;
    // Only now may another daemon take over.
    front.remove();
    drop(lock);
    ended.and(served)
}

/// Answers on the socket what is waited for, once that takes long.
async fn tell_early(front: &mut Front, opening: &Opening, lock: &DataLock) -> Result<()> {
    opening.lasts().await;
    front.open()?;
    front.admit(lock).await
}

/// An engine that is open, and what stands before it.
struct Running {
    engine: Engine,
    entrance: Entrance,
    begin: Instant,
}

impl Running {
    /// Serves until a signal or a request, or until the data directory is gone, and ends everything.
    async fn serve(self, front: &mut Front, signals: &mut Signals, lock: &DataLock) -> Result<()> {
        let Self { engine, entrance, .. } = &self;
        let stop = engine.stopping();
        let gate = Gate::new(engine.clone())?;
        let remote = Remote::bind(&engine.config.daemon).await?;
        front.open()?;
        engine.start().await?;
        gate.start(stop.clone());
        // Not before everything is open: who gets in is served.
        entrance.open(gate.clone());
        self.tell_start();
        let remote =
            remote.map(|remote| tokio::spawn(remote.serve(entrance.clone(), stop.clone())));
        let ended = tokio::select! {
            () = signals.end(&stop) => Ok(()),
            ended = front.admit(lock) => ended,
        };
        stop.cancel();
        if let Some(remote) = remote {
            // Its calls end with the others.
            let _late = tokio::time::timeout(GOODBYE, remote).await;
        }
        let served = front.finish().await;
        // The last calls have been served: nothing is written down after them.
        gate.close();
        drain(engine).await;
        ended?;
        still_its_catalog(engine)?;
        served
    }

    fn tell_start(&self) {
        let (version, took_ms) =
            (env!("CARGO_PKG_VERSION"), self.begin.elapsed().as_millis() as u64);
        info!(
            event = "start",
            version,
            pid = std::process::id(),
            role = ?self.engine.config.daemon.role,
            socket = %self.engine.paths.socket.display(),
            took_ms,
            "daemon ready"
        );
    }
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

/// The signals that end a daemon; none of them is lost between two waits.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn receive() -> Result<Self> {
        let failed = |error| Error::internal("cannot listen for signals").because(error);
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    /// Waits for one of them, or for `stop`.
    async fn end(&mut self, stop: &CancellationToken) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            () = stop.cancelled() => "a request",
        };
        info!(event = "stop", by = name, "ending");
    }
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
