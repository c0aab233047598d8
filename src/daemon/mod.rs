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
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::backup;
use crate::config::{Config, Paths};
use crate::engine::{Engine, Opening};
use crate::error::{Error, Result};
use crate::gate::{Entrance, Gate};

pub use crate::engine::PATIENCE;
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
    let entrance = Entrance::new(opening.clone(), stop.clone());
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
            let running = Running { engine, entrance, begin, gate: None, remote: None };
            running.serve(&mut front, &mut signals, (&opening, &lock)).await
        }
        early => {
            begin_to_end(&stop);
            early.map(drop)
        }
    };
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

/// Tells the supervisor, before anything has ended, and asks everything to.
fn begin_to_end(stop: &CancellationToken) {
    tell_supervisor(NotifyState::Stopping);
    stop.cancel();
}

/// An engine that is open, and what stands before it.
struct Running {
    engine: Engine,
    entrance: Entrance,
    begin: Instant,
    gate: Option<Gate>,
    remote: Option<JoinHandle<Result<()>>>,
}

impl Running {
    /// Serves until a signal or a request, until the data directory is gone, or until something
    /// cannot be started; whichever it is, everything has ended afterwards.
    async fn serve(
        mut self,
        front: &mut Front,
        signals: &mut Signals,
        (opening, lock): (&Opening, &DataLock),
    ) -> Result<()> {
        let stop = self.engine.stopping();
        let started = tokio::select! {
            biased;
            () = signals.end(&stop) => Ok(false),
            started = self.start(front, (opening, lock)) => started,
        };
        let ended = match started {
            Ok(true) => tokio::select! {
                () = signals.end(&stop) => Ok(()),
                ended = front.admit(lock) => ended,
            },
            early => early.map(drop),
        };
        let served = self.end(front).await;
        ended?;
        still_its_catalog(&self.engine)?;
        served
    }

    /// Starts everything, and lets callers in when all of it runs, or earlier when that takes long;
    /// false when the server ended meanwhile.
    async fn start(
        &mut self,
        front: &mut Front,
        (opening, lock): (&Opening, &DataLock),
    ) -> Result<bool> {
        let Self { engine, entrance, .. } = &*self;
        let gate = Gate::new(engine.clone())?;
        let remote = Remote::bind(&engine.config.daemon).await?;
        front.open()?;
        tokio::select! {
            started = engine.start() => started?,
            ended = tell_early(front, opening, lock) => return ended.map(|()| false),
        }
        let stop = engine.stopping();
        gate.start(stop.clone());
        // Not before everything is open: who gets in is served.
        entrance.open(gate.clone());
        let remote = remote.map(|remote| tokio::spawn(remote.serve(entrance.clone(), stop)));
        self.tell_start();
        (self.gate, self.remote) = (Some(gate), remote);
        Ok(true)
    }

    /// Ends everything, however far it has come.
    async fn end(&mut self, front: &mut Front) -> Result<()> {
        begin_to_end(&self.engine.stopping());
        if let Some(remote) = self.remote.take() {
            // Its calls end with the others.
            let _late = tokio::time::timeout(GOODBYE, remote).await;
        }
        let served = front.finish().await;
        // The last calls have been served: nothing is written down after them.
        if let Some(gate) = &self.gate {
            gate.close();
        }
        drain(&self.engine).await;
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
