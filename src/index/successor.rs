//! The keyword index of this version, made in the background while one of an earlier version serves.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::keyword::{apply, blocking};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::lexical::LexicalIndex;

/// Changes read from the catalog at a time.
const BATCH: u32 = 256;

/// Changes after which what was made is kept, so that a restart goes on from there.
const KEPT: usize = 8_192;

/// How long after a fault the making goes on.
const RETRY: Duration = Duration::from_secs(10);

/// The index that is to take over, if there is one.
#[derive(Debug, Default)]
pub(super) struct Successor(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    Made(Arc<LexicalIndex>),
    Ready(Arc<LexicalIndex>),
}

impl Successor {
    pub fn new(index: Option<LexicalIndex>) -> Self {
        let state = index.map_or(State::None, |index| State::Made(Arc::new(index)));
        Self(Mutex::new(state))
    }

    /// The last change that it has applied; `None` when there is none.
    pub fn applied(&self) -> Option<u64> {
        match &*self.lock() {
            State::None => None,
            State::Made(index) | State::Ready(index) => Some(index.applied_seq()),
        }
    }

    /// Whether it is complete.
    pub fn is_ready(&self) -> bool {
        matches!(&*self.lock(), State::Ready(_))
    }

    /// Takes it when it is complete.
    pub fn take_ready(&self) -> Option<Arc<LexicalIndex>> {
        let mut state = self.lock();
        match std::mem::take(&mut *state) {
            State::Ready(index) => Some(index),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Applies all changes to it, then wakes who takes it; a fault is logged and tried again.
    pub async fn make(&self, catalog: &Catalog, wake: &Notify, stop: &CancellationToken) {
        let Some(index) = self.made() else { return };
        info!("the keyword index of this version is made; the earlier one serves meanwhile");
        while !stop.is_cancelled() {
            match catch_up(&index, catalog, stop).await {
                Ok(true) => {
                    *self.lock() = State::Ready(index);
                    wake.notify_one();
                    return;
                }
                Ok(false) => return,
                Err(error) => warn!(%error, "the keyword index of this version cannot be made"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    fn made(&self) -> Option<Arc<LexicalIndex>> {
        match &*self.lock() {
            State::Made(index) => Some(Arc::clone(index)),
            State::None | State::Ready(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

/// Brings an index up to date; whether it is, and not ended before.
async fn catch_up(
    index: &Arc<LexicalIndex>,
    catalog: &Catalog,
    stop: &CancellationToken,
) -> Result<bool> {
    let mut read = index.applied_seq();
    let mut uncommitted = 0;
    while !stop.is_cancelled() {
        let changes = catalog.changes_with_passages(read, BATCH).await?;
        let is_last = changes.len() < BATCH as usize;
        uncommitted += changes.len();
        if let Some(last) = changes.last().map(|(change, _)| change.seq()) {
            let index = Arc::clone(index);
            blocking(move || apply(&index, &changes)).await?;
            read = last;
        }
        if uncommitted > 0 && (is_last || uncommitted >= KEPT) {
            let index = Arc::clone(index);
            blocking(move || index.commit(read)).await?;
            uncommitted = 0;
        }
        if is_last {
            return Ok(true);
        }
    }
    Ok(false)
}
