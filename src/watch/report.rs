//! What a source says of itself while it is watched.

use std::time::{Duration, Instant};

use crate::index::Tally;

/// How a source is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// The catalog is being brought up to it.
    #[default]
    Indexing,
    /// The catalog equals it.
    Ready,
    /// It cannot be reached; nothing is removed meanwhile.
    Unavailable,
    /// So much vanished that the removals wait for confirmation.
    Held,
    /// The catalog or a worker cannot take it now; it is tried again.
    Paused,
    /// Another daemon sees to it.
    Elsewhere,
}

impl State {
    /// The word of the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Indexing => "indexing",
            Self::Ready => "ready",
            Self::Unavailable => "unavailable",
            Self::Held => "held",
            Self::Paused => "paused",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// The latest word of a source.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How it is doing.
    pub state: State,
    /// Why, where the state needs a reason.
    pub reason: String,
    /// How changes are noticed.
    pub watching: String,
    /// Removals that wait for confirmation.
    pub held: u64,
    /// Changes that were noticed and are not looked at yet: files that are still being written.
    pub waiting: u64,
    /// What is being done, if anything.
    pub job: Option<Job>,
    /// How many comparisons with the whole source have ended.
    pub runs: u64,
    /// What the last of them did.
    pub last: Run,
    /// The last change that it published.
    pub published: u64,
    /// When the last complete scan ended, milliseconds since the epoch; 0 before the first.
    pub scanned_ms: i64,
    /// What a drop folder has put aside because it could not be read.
    pub failures: Failures,
}

/// Files that were put aside; the catalog does not know them any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many there are.
    pub count: u64,
    /// The latest of them, by their paths below the source, and why they failed.
    pub latest: Vec<(String, String)>,
}

/// What one comparison with the whole source did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    /// What was published.
    pub tally: Tally,
    /// Entries that were as they had been.
    pub unchanged: u64,
    /// From the beginning of the scan to the last publication.
    pub took: Duration,
}

/// Work that takes a while.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// `scan` or `index`.
    pub phase: &'static str,
    /// Documents done.
    pub done: u64,
    /// Documents to be done.
    pub total: u64,
    /// When it began.
    pub started: Instant,
}

impl Job {
    /// Work of `total` documents that begins now.
    pub fn new(phase: &'static str, total: u64) -> Self {
        Self { phase, done: 0, total, started: Instant::now() }
    }

    /// Documents a second so far.
    pub fn rate_per_s(&self) -> f64 {
        self.done as f64 / self.started.elapsed().as_secs_f64().max(0.001)
    }

    /// Seconds that the rest will take; `None` before the first document.
    pub fn eta_s(&self) -> Option<f64> {
        let rate = self.rate_per_s();
        (self.done > 0).then(|| self.total.saturating_sub(self.done) as f64 / rate)
    }
}
