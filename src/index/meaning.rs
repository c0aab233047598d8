//! The follower that keeps the vector store equal to the catalog.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::publishing::Missed;
use crate::catalog::{Catalog, Change, ModelId};
use crate::error::{Error, Result};
use crate::vectors::{Ensured, VectorStore};

/// Changes applied to the store at a time.
const BATCH: u32 = 256;

/// How long after a fault the work is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// How often a store that another daemon fills is asked how far it is.
const OBSERVE: Duration = Duration::from_secs(1);

/// How often a server is asked whether all is well when there is nothing to do.
const LOOK: Duration = Duration::from_secs(10);

/// How the meaning side is doing.
#[derive(Debug, Clone, Default)]
pub struct MeaningState {
    /// The last change that the store has applied.
    pub applied: u64,
    /// Whether new vectors are stored, but not all of them are searched yet.
    pub publishing: bool,
    /// Why the store does not follow, if so.
    pub store_fault: Option<String>,
    /// What to do about that, where it is known.
    pub store_remedy: Option<String>,
    /// Why embedding does not get on, if so.
    pub embedder_fault: Option<String>,
}

/// Brings the vectors of the catalog into the store.
#[derive(Debug)]
pub struct MeaningFollower {
    pub(super) catalog: Catalog,
    pub(super) model: ModelId,
    pub(super) store: Arc<dyn VectorStore>,
    pub(super) missed: Missed,
    applied: watch::Sender<u64>,
    faults: Mutex<[Option<Fault>; 2]>,
    publishing: AtomicUsize,
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone)]
struct Fault {
    what: String,
    remedy: Option<String>,
}

/// Why the follower attends to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Start,
    Changes,
    Look,
}

/// The two tasks, each with a fault of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task {
    Follow,
    Embed,
}

/// While it lives, some vectors are stored that are not searched yet.
pub(super) struct Publishing<'f>(&'f AtomicUsize);

impl Drop for Publishing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl MeaningFollower {
    /// A follower of the catalog's vectors of one model.
    pub fn new(catalog: Catalog, model: ModelId, store: Arc<dyn VectorStore>) -> Self {
        let applied = watch::Sender::new(0);
        let publishing = AtomicUsize::new(0);
        let (missed, faults) = (Missed::default(), Mutex::default());
        Self { catalog, model, store, missed, applied, faults, publishing }
    }

    /// The model whose vectors it brings.
    pub fn model(&self) -> ModelId {
        self.model
    }

    /// How far it is, and what is wrong.
    pub fn state(&self) -> MeaningState {
        let [store, embedder] =
            self.faults.lock().unwrap_or_else(|poison| poison.into_inner()).clone();
        MeaningState {
            applied: *self.applied.borrow(),
            publishing: self.publishing.load(Ordering::Acquire) > 0 || !self.missed.is_empty(),
            store_remedy: store.as_ref().and_then(|fault| fault.remedy.clone()),
            store_fault: store.map(|fault| fault.what),
            embedder_fault: embedder.map(|fault| fault.what),
        }
    }

    /// Tells of the last change that the store has applied.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// Waits until the store has applied `seq`.
    pub async fn reach(&self, seq: u64) {
        let mut applied = self.applied.subscribe();
        // The sender lives as long as self, so waiting cannot fail.
        let _closed = applied.wait_for(|applied| *applied >= seq).await;
    }

    /// Brings vectors that the catalog has into the store, until `stop`.
    pub async fn follow(&self, stop: CancellationToken) {
        let mut published = self.catalog.subscribe();
        let mut due = Due::Start;
        while !stop.is_cancelled() {
            published.mark_unchanged();
            let attended = stop.run_until_cancelled(self.attend(due, &stop)).await;
            if let Some(Err(error)) = attended {
                warn!(%error, "vector store cannot follow");
                self.set_fault(Task::Follow, Some(&error));
                // It may have lost its collection.
                due = Due::Start;
                pause(&stop).await;
                continue;
            }
            self.set_fault(Task::Follow, None);
            due = tokio::select! {
                () = stop.cancelled() => return,
                _ = published.changed() => Due::Changes,
                () = self.missed.noted() => Due::Changes,
                () = tokio::time::sleep(LOOK) => Due::Look,
            };
        }
    }

    /// Only hears how far another daemon has brought the store, until `stop`.
    pub async fn observe(&self, stop: CancellationToken) {
        let mut published = self.catalog.subscribe();
        let Some(place) = self.store.place() else { return };
        while !stop.is_cancelled() {
            published.mark_unchanged();
            let position = self.catalog.follower_position(place).await;
            let fault = match position {
                Ok(position) => {
                    self.applied.send_replace(position.unwrap_or_default());
                    None
                }
                Err(error) => Some(error),
            };
            self.set_fault(Task::Follow, fault.as_ref());
            tokio::select! {
                () = stop.cancelled() => return,
                _ = published.changed() => {}
                () = tokio::time::sleep(OBSERVE) => {}
            }
        }
    }

    /// Makes the store ready and brings it up to date once.
    pub async fn catch_up(&self, stop: &CancellationToken) -> Result<()> {
        self.attend(Due::Start, stop).await
    }

    async fn attend(&self, due: Due, stop: &CancellationToken) -> Result<()> {
        match due {
            Due::Start => self.begin().await?,
            Due::Changes => {}
            Due::Look => self.look().await?,
        }
        self.apply_changes(stop).await?;
        self.bring_missed().await?;
        if due == Due::Start && !stop.is_cancelled() {
            self.level().await?;
        }
        Ok(())
    }

    /// Whether a server still has the collection, which nobody else would notice.
    async fn look(&self) -> Result<()> {
        if self.store.place().is_some() {
            self.store.count().await?;
        }
        Ok(())
    }

    /// Makes the store ready and finds out where to go on.
    async fn begin(&self) -> Result<()> {
        let ensured = self.store.ensure().await?;
        let Some(place) = self.store.place() else { return Ok(()) };
        let kept = self.catalog.follower_position(place).await?;
        let position = match (ensured, kept) {
            (Ensured::Existing, Some(position)) if position <= self.catalog.seq() => position,
            (Ensured::Existing, _) => {
                info!(place, "vector store is not as the catalog left it; it is filled anew");
                self.store.drop_collection().await?;
                self.store.ensure().await?;
                0
            }
            (Ensured::Created, _) => 0,
        };
        self.catalog.set_follower_position(place, position).await?;
        self.applied.send_replace(position);
        Ok(())
    }

    async fn apply_changes(&self, stop: &CancellationToken) -> Result<()> {
        while !stop.is_cancelled() {
            let applied = *self.applied.borrow();
            let changes = self.catalog.changes_after(applied, BATCH).await?;
            let Some(last) = changes.last().map(Change::seq) else { return Ok(()) };
            // What the catalog counts is of the active model; the next one has to be looked for.
            let is_active = self.catalog.active_model() == Some(self.model);
            let mut without = Vec::new();
            let mut with = Vec::new();
            for change in &changes {
                match change {
                    Change::Removed { id, .. } => without.push(*id),
                    // The embedder brings them; until then nothing of an earlier text is found.
                    Change::Put(document) if is_active && document.embedded == 0 => {
                        without.push(document.id);
                    }
                    Change::Put(document) => with.push(document.id),
                }
            }
            self.store.remove(&without).await?;
            self.publish(&with).await?;
            if let Some(place) = self.store.place() {
                self.catalog.set_follower_position(place, last).await?;
            }
            self.applied.send_replace(last);
        }
        Ok(())
    }

    /// Says, while the result lives, that vectors are stored but not all of them searched.
    pub(super) fn publishing(&self) -> Publishing<'_> {
        self.publishing.fetch_add(1, Ordering::AcqRel);
        Publishing(&self.publishing)
    }

    pub(super) fn set_fault(&self, task: Task, fault: Option<&Error>) {
        let mut faults = self.faults.lock().unwrap_or_else(|poison| poison.into_inner());
        faults[task as usize] = fault.map(|error| Fault {
            what: match task {
                Task::Follow => error.to_string(),
                Task::Embed => error.with_next_step(),
            },
            remedy: error.next_step().map(str::to_owned),
        });
    }

    /// Whether the store could not be written to when that was last tried.
    pub(super) fn is_behind(&self) -> bool {
        let faults = self.faults.lock().unwrap_or_else(|poison| poison.into_inner());
        faults[Task::Follow as usize].is_some()
    }
}

pub(super) async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(RETRY) => {}
    }
}
