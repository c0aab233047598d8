//! How changes are noticed now, for `status`; and what scans tell a running watch.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::Watches;
use super::settling::State;
use crate::folder::listing::Listing;

/// Files of one listing beyond this many are not waited for.
const MAX_TOLD: usize = 10_000;

/// How changes are noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::folder) enum Mode {
    /// No watch was started.
    #[default]
    Off,
    /// The root is not there; it is looked for.
    Waiting,
    /// Events alone.
    Events,
    /// A look at everything from time to time, and why; events still come where they can.
    Polling(String),
}

/// Shared by a folder and its watch.
#[derive(Debug, Default)]
pub(in crate::folder) struct Status {
    mode: Mutex<Mode>,
    settling: Mutex<Vec<(PathBuf, State)>>,
    pub(super) told: Notify,
    waiting: watch::Sender<usize>,
}

impl Status {
    pub fn mode(&self) -> Mode {
        lock(&self.mode).clone()
    }

    pub fn set(&self, mode: Mode) {
        *lock(&self.mode) = mode;
    }

    /// Whether times and sizes may come late.
    pub fn is_polled(&self) -> bool {
        matches!(self.mode(), Mode::Polling(_))
    }

    /// The words for people.
    pub fn describe(&self, interval: Duration, watches: Option<&Watches>) -> String {
        let every = format!("polling every {} s", interval.as_secs_f64());
        let folders = watches.map_or(0, Watches::count);
        match self.mode() {
            Mode::Off => "not watched".into(),
            Mode::Waiting => "waiting for the folder".into(),
            Mode::Events if folders == 1 => "events (1 directory)".into(),
            Mode::Events => format!("events ({folders} directories)"),
            Mode::Polling(reason) if reason.is_empty() => every,
            Mode::Polling(reason) => format!("{every}: {reason}"),
        }
    }

    /// A scan is done: has the watch, if one runs, send a hint for each unsettled file once it
    /// stands still.
    pub fn scanned(&self, listing: &Listing) {
        if self.mode() == Mode::Off {
            return;
        }
        let mut settling = lock(&self.settling);
        let unsettled = listing.entries.iter().filter(|entry| !entry.settled);
        for entry in unsettled.take(MAX_TOLD.saturating_sub(settling.len())) {
            settling.push((entry.raw.clone(), (entry.size, entry.modified_ns)));
        }
        // The lock is held, so that no count falls between.
        let told = settling.len();
        self.waiting.send_if_modified(|waiting| raise(waiting, told));
        self.told.notify_one();
    }

    /// How many changes were noticed and are not delivered yet.
    pub fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }

    /// The watch holds back so many; what it was told and has not taken yet comes on top.
    pub(super) fn count(&self, held: usize) {
        let told = lock(&self.settling);
        let count = held + told.len();
        self.waiting.send_if_modified(|waiting| std::mem::replace(waiting, count) != count);
    }

    pub(super) fn take_settling(&self) -> Vec<(PathBuf, State)> {
        std::mem::take(&mut lock(&self.settling))
    }
}

fn raise(waiting: &mut usize, least: usize) -> bool {
    let raised = *waiting < least;
    *waiting = least.max(*waiting);
    raised
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
