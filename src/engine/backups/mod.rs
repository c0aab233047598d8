//! Backups on demand and by the clock, one at a time.

mod clock;
mod disk;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use clock::run;

use super::Engine;
use crate::backup::{self, Form, Header, Order, Progress};
use crate::config::{self, Surroundings};
use crate::error::{Error, Result};

/// Who takes a backup, and how the last one by the clock ended.
#[derive(Debug)]
pub struct Backups {
    turn: Semaphore,
    /// One thread at most waits for the directory of backups by the clock.
    disk: Arc<Semaphore>,
    fault: Mutex<Option<String>>,
    /// Backups that are never rotated away, in words.
    stale: Mutex<Option<String>>,
}

impl Default for Backups {
    fn default() -> Self {
        let disk = Arc::new(Semaphore::new(1));
        Self { turn: Semaphore::new(1), disk, fault: Mutex::default(), stale: Mutex::default() }
    }
}

impl Backups {
    /// What an operator may want to delete.
    pub fn stale(&self) -> Option<String> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells of it once in the log, and from then on in the status, until it is gone.
    fn set_stale(&self, stale: Option<String>) {
        let mut known = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(told), None) = (&stale, &*known) {
            warn!("{told}");
        }
        *known = stale;
    }

    /// Why the last backup by the clock failed.
    pub fn notice(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn begin(&self) -> Result<SemaphorePermit<'_>> {
        self.turn.try_acquire().map_err(|_| {
            Error::usage("another backup is being taken").hint("wait until it is complete")
        })
    }

    /// Waits for so long until it is one's turn.
    async fn wait(&self, limit: Duration, stop: &CancellationToken) -> Result<SemaphorePermit<'_>> {
        let waiting = tokio::time::timeout(limit, self.turn.acquire());
        match stop.run_until_cancelled(waiting).await {
            Some(Ok(Ok(turn))) => Ok(turn),
            Some(Err(_)) => Err(Error::unavailable("another backup is still being taken")
                .hint("end the `ragterm backup` that does not end")),
            Some(Ok(Err(_))) | None => Err(Error::unavailable("the daemon ends")),
        }
    }
}

impl Engine {
    /// Takes a backup and writes it to `out`, until `stop`; `Usage` while another one is taken.
    pub async fn back_up(
        &self,
        form: Form,
        out: impl Write + Send + 'static,
        progress: watch::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Result<Header> {
        let turn = self.backups.begin()?;
        self.take_backup((form, turn), out, progress, stop).await
    }

    async fn take_backup(
        &self,
        (form, _turn): (Form, SemaphorePermit<'_>),
        out: impl Write + Send + 'static,
        progress: watch::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Result<Header> {
        let begin = Instant::now();
        let order = Order {
            catalog: &self.catalog,
            form,
            directory: &self.paths.data_dir,
            configuration: Surroundings::of_this_process()
                .and_then(|surroundings| config::load_file(&surroundings, &self.paths, &[])),
        };
        let taken = backup::take(order, out, progress, stop).await;
        match &taken {
            Ok(header) => {
                let (seq, took) = (header.contents.seq, begin.elapsed());
                info!(seq, catalog = %header.catalog, ?took, "backup taken");
            }
            Err(error) => warn!(%error, "no backup was taken"),
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_that_does_not_come_is_told() {
        let (backups, stop) = (Backups::default(), CancellationToken::new());
        let turn = backups.begin().unwrap();
        let error = backups.wait(Duration::from_millis(10), &stop).await.unwrap_err();
        assert_eq!(error.to_string(), "another backup is still being taken");
        drop(turn);
        drop(backups.wait(Duration::from_secs(60), &stop).await.unwrap());
    }
}
