//! Bringing documents with their vectors from the catalog into the store, and what was missed.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Mutex;

use tokio::sync::Notify;
use tracing::{info, warn};

use super::keyword::attributes;
use super::meaning::{MeaningFollower, Task};
use crate::catalog::Document;
use crate::error::Result;
use crate::id::DocumentId;
use crate::vectors::DocumentVectors;

/// Vectors brought into the store at a time, at the least where there are so many.
const ROWS: usize = 2_048;

/// Documents whose vectors are in the catalog and could not be brought into the store.
#[derive(Debug, Default)]
pub(super) struct Missed {
    documents: Mutex<BTreeSet<DocumentId>>,
    noted: Notify,
}

/// A document as the catalog has it; `None` when it is gone.
struct Held {
    id: DocumentId,
    document: Option<Document>,
    vectors: Vec<(u32, Vec<f32>)>,
}

impl Missed {
    pub(super) fn is_empty(&self) -> bool {
        self.documents().is_empty()
    }

    /// Waits until something is missed.
    pub(super) async fn noted(&self) {
        self.noted.notified().await;
    }

    fn note(&self, documents: &[DocumentId]) {
        self.documents().extend(documents);
        self.noted.notify_one();
    }

    fn documents(&self) -> std::sync::MutexGuard<'_, BTreeSet<DocumentId>> {
        self.documents.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

impl MeaningFollower {
    /// Makes the vectors of completed documents findable; while the store cannot take them, they
    /// wait in the catalog, and embedding goes on.
    pub(super) async fn publish_all(&self, documents: &[DocumentId]) {
        if self.is_behind() {
            return self.missed.note(documents);
        }
        if let Err(error) = self.publish(documents).await {
            warn!(%error, "vectors are not in the store yet");
            self.set_fault(Task::Follow, Some(&error));
            self.missed.note(documents);
        }
    }

    /// Brings what was missed into the store.
    pub(super) async fn bring_missed(&self) -> Result<()> {
        let missed: Vec<_> = self.missed.documents().iter().copied().collect();
        self.publish(&missed).await?;
        let mut left = self.missed.documents();
        left.retain(|id| missed.binary_search(id).is_err());
        Ok(())
    }

    /// Brings what the catalog has of each document into the store.
    pub(super) async fn publish(&self, documents: &[DocumentId]) -> Result<()> {
        let mut queue: VecDeque<DocumentId> = documents.iter().copied().collect();
        while !queue.is_empty() {
            let held = self.hold(&mut queue).await?;
            self.put(&held).await?;
            // One may have changed or gone while its vectors were read.
            for Held { id, document, .. } in &held {
                let after = self.catalog.document(*id).await?;
                if after.map(|after| after.seq) != document.as_ref().map(|before| before.seq) {
                    queue.push_back(*id);
                }
            }
        }
        Ok(())
    }

    /// Takes documents from the queue until there are enough vectors.
    async fn hold(&self, queue: &mut VecDeque<DocumentId>) -> Result<Vec<Held>> {
        let mut held = Vec::new();
        let mut rows = 0;
        while rows < ROWS {
            let Some(id) = queue.pop_front() else { break };
            let document = self.catalog.document(id).await?;
            let vectors = match &document {
                Some(_) => self.vectors_of(id).await?,
                None => Vec::new(),
            };
            // One without vectors costs a little too.
            rows += vectors.len().max(1);
            held.push(Held { id, document, vectors });
        }
        Ok(held)
    }

    /// The vectors that the catalog has of a document, by ordinal.
    pub async fn vectors_of(&self, id: DocumentId) -> Result<Vec<(u32, Vec<f32>)>> {
        let passages = self.catalog.passages(id).await?;
        let vectors = self.catalog.vectors(self.model, &passages.keys).await?;
        Ok((0..).zip(vectors).filter_map(|(ordinal, vector)| Some((ordinal, vector?))).collect())
    }

    async fn put(&self, held: &[Held]) -> Result<()> {
        let gone: Vec<_> =
            held.iter().filter(|one| one.document.is_none()).map(|one| one.id).collect();
        let rows: Vec<Vec<(u32, &[f32])>> = held
            .iter()
            .map(|one| one.vectors.iter().map(|(at, vector)| (*at, vector.as_slice())).collect())
            .collect();
        let documents: Vec<DocumentVectors<'_>> = held
            .iter()
            .zip(&rows)
            .filter_map(|(one, vectors)| {
                let attributes = attributes(one.document.as_ref()?);
                Some(DocumentVectors { document: one.id, attributes, vectors })
            })
            .collect();
        self.store.remove(&gone).await?;
        self.store.put(&documents).await
    }

    /// Takes what the catalog has of these documents into the store anew; those that lack a
    /// vector in the catalog are queued for the embedder.
    pub async fn repair(&self, documents: &[DocumentId]) -> Result<()> {
        let mut incomplete = Vec::new();
        self.store.remove(documents).await?;
        self.publish(documents).await?;
        for id in documents {
            let Some(document) = self.catalog.document(*id).await? else { continue };
            if self.vectors_of(*id).await?.len() as u64 != document.embedded {
                incomplete.push(*id);
            }
        }
        self.catalog.embed_again(self.model, &incomplete).await
    }

    /// Compares the store with the catalog, because a process or a round may have ended, or another
    /// store may have been in force, between an embedding and its publication.
    pub(super) async fn level(&self) -> Result<()> {
        // What the catalog counts is of the active model.
        if self.catalog.active_model() != Some(self.model) {
            return Ok(());
        }
        let counts = self.catalog.counts().await?;
        let embedded: u64 = counts.values().map(|counts| counts.embedded).sum();
        if self.store.count().await? == embedded {
            return Ok(());
        }
        let mut stored: HashMap<DocumentId, u64> =
            self.store.documents().await?.into_iter().collect();
        let mut differing = Vec::new();
        for outline in self.catalog.outlines().await? {
            let rows = stored.remove(&outline.id).unwrap_or_default();
            if outline.is_embedded && rows != outline.embedded {
                differing.push(outline.id);
            }
        }
        differing.extend(stored.into_keys());
        if !differing.is_empty() {
            info!(documents = differing.len(), "vector store is levelled with the catalog");
        }
        self.publish(&differing).await
    }
}
