//! The follower that keeps the vector store equal to the catalog.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::keyword::attributes;
use crate::catalog::{Catalog, Change, ModelId, Passages};
use crate::error::{Error, Result};
use crate::filter::Attributes;
use crate::id::DocumentId;
use crate::vectors::{DocumentVectors, Ensured, VectorStore};

/// Changes applied to the store at a time.
const BATCH: u32 = 256;

/// How long after a fault the work is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// How often a store that another daemon fills is asked how far it is.
const LOOK: Duration = Duration::from_secs(1);

/// How the meaning side is doing.
#[derive(Debug, Clone, Default)]
pub struct MeaningState {
    /// The last change that the store has applied.
    pub applied: u64,
    /// Whether new vectors are stored, but not all of them are searched yet.
    pub publishing: bool,
    /// Why the store does not follow, if so.
    pub store_fault: Option<String>,
    /// Why embedding does not get on, if so.
    pub embedder_fault: Option<String>,
}

/// Brings the vectors of the catalog into the store.
#[derive(Debug)]
pub struct MeaningFollower {
    catalog: Catalog,
    model: ModelId,
    store: Arc<dyn VectorStore>,
    applied: watch::Sender<u64>,
    faults: Mutex<[Option<String>; 2]>,
    publishing: AtomicUsize,
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
        Self { catalog, model, store, applied, faults: Mutex::default(), publishing }
    }

    /// The model whose vectors it brings.
    pub fn model(&self) -> ModelId {
        self.model
    }

    /// How far it is, and what is wrong.
    pub fn state(&self) -> MeaningState {
        let [store_fault, embedder_fault] =
            self.faults.lock().unwrap_or_else(|poison| poison.into_inner()).clone();
        let publishing = self.publishing.load(Ordering::Acquire) > 0;
        MeaningState { applied: *self.applied.borrow(), publishing, store_fault, embedder_fault }
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
        let mut is_ensured = false;
        while !stop.is_cancelled() {
            published.mark_unchanged();
            let outcome = match is_ensured {
                true => self.apply_changes(&stop).await,
                false => self.begin().await,
            };
            match outcome {
                Ok(()) if is_ensured => self.set_fault(Task::Follow, None),
                Ok(()) => {
                    is_ensured = true;
                    continue;
                }
                Err(error) => {
                    warn!(%error, "vector store cannot follow");
                    self.set_fault(Task::Follow, Some(&error));
                    // It may have lost its collection.
                    is_ensured = false;
                    pause(&stop).await;
                    continue;
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = published.changed() => {}
            }
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
                () = tokio::time::sleep(LOOK) => {}
            }
        }
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
            for id in with {
                self.publish(id).await?;
            }
            if let Some(place) = self.store.place() {
                self.catalog.set_follower_position(place, last).await?;
            }
            self.applied.send_replace(last);
        }
        Ok(())
    }

    /// Makes the vectors of completed documents findable; what fails is queued again.
    pub(super) async fn publish_all(&self, documents: &[DocumentId]) -> Result<()> {
        let mut failed = (Vec::new(), None);
        for id in documents {
            if let Err(error) = self.publish(*id).await {
                failed.0.push(*id);
                failed.1 = Some(error);
            }
        }
        let (again, error) = failed;
        // Their vectors are in the catalog; the next round brings them into the store.
        self.catalog.embed_again(self.model, &again).await?;
        error.map_or(Ok(()), Err)
    }

    /// Brings what the catalog has of one document into the store.
    async fn publish(&self, id: DocumentId) -> Result<()> {
        loop {
            let Some(document) = self.catalog.document(id).await? else {
                return self.store.remove(&[id]).await;
            };
            let passages = self.catalog.passages(id).await?;
            self.refresh(id, attributes(&document), &passages).await?;
            // It may have changed or gone while its vectors were read.
            let after = self.catalog.document(id).await?;
            if after.is_some_and(|after| after.seq == document.seq) {
                return Ok(());
            }
        }
    }

    async fn refresh(
        &self,
        document: DocumentId,
        attributes: Attributes,
        passages: &Passages,
    ) -> Result<()> {
        let vectors = self.catalog.vectors(self.model, &passages.keys).await?;
        let present: Vec<(u32, &[f32])> = (0..)
            .zip(&vectors)
            .filter_map(|(ordinal, vector)| Some((ordinal, vector.as_deref()?)))
            .collect();
        self.store.put(&[DocumentVectors { document, attributes, vectors: &present }]).await
    }

    /// Takes what the catalog has of these documents into the store anew; those that lack a
    /// vector in the catalog are queued for the embedder.
    pub async fn repair(&self, documents: &[DocumentId]) -> Result<()> {
        let mut incomplete = Vec::new();
        self.store.remove(documents).await?;
        for id in documents {
            let Some(document) = self.catalog.document(*id).await? else { continue };
            self.publish(*id).await?;
            let passages = self.catalog.passages(*id).await?;
            let vectors = self.catalog.vectors(self.model, &passages.keys).await?;
            if vectors.iter().flatten().count() as u64 != document.embedded {
                incomplete.push(*id);
            }
        }
        self.catalog.embed_again(self.model, &incomplete).await
    }

    /// Says, while the result lives, that vectors are stored but not all of them searched.
    pub(super) fn publishing(&self) -> Publishing<'_> {
        self.publishing.fetch_add(1, Ordering::AcqRel);
        Publishing(&self.publishing)
    }

    pub(super) fn set_fault(&self, task: Task, fault: Option<&Error>) {
        let mut faults = self.faults.lock().unwrap_or_else(|poison| poison.into_inner());
        faults[task as usize] = fault.map(Error::with_next_step);
    }
}

pub(super) async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(RETRY) => {}
    }
}
