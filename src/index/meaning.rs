//! The follower that embeds chunks and keeps the vector index equal to the catalog.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::keyword::attributes;
use crate::catalog::{Catalog, Change, Embedded, ModelId, Passages, Pending};
use crate::chunk;
use crate::embed::{BuiltinEmbedder, Purpose};
use crate::error::Result;
use crate::filter::Attributes;
use crate::id::DocumentId;
use crate::vectors::{DocumentVectors, EmbeddedIndex};

/// Texts embedded in one round: enough to fill batches, few enough to turn to newer documents.
const ROUND: usize = 128;

/// Chunks looked at in one round; most of them may be in another language, or known.
const QUEUE: u64 = 512;

/// Changes applied to the vector index at a time.
const BATCH: u32 = 256;

/// How long after a fault the work is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// How long a round of embedding waits for the keyword index at the most.
const WORDS_FIRST: Duration = Duration::from_secs(20);

/// How the meaning side is doing.
#[derive(Debug, Clone, Default)]
pub struct MeaningState {
    /// The last change that the vector index has applied.
    pub applied: u64,
    /// Whether new vectors are stored, but not all of them are searched yet.
    pub publishing: bool,
    /// Why it does not get on, if it does not.
    pub fault: Option<String>,
}

/// Embeds what is queued in the catalog and feeds the vector index.
#[derive(Debug)]
pub struct MeaningFollower {
    catalog: Catalog,
    model: ModelId,
    embedder: Arc<BuiltinEmbedder>,
    index: Arc<EmbeddedIndex>,
    keyword: watch::Receiver<u64>,
    applied: watch::Sender<u64>,
    faults: Mutex<[Option<String>; 2]>,
    embedded: AtomicU64,
    publishing: AtomicBool,
    wake: Notify,
}

/// The two tasks, each with a fault of its own.
#[derive(Debug, Clone, Copy)]
enum Task {
    Follow,
    Embed,
}

impl MeaningFollower {
    /// A follower that begins with an empty index.
    pub fn new(
        catalog: Catalog,
        model: ModelId,
        embedder: Arc<BuiltinEmbedder>,
        index: Arc<EmbeddedIndex>,
        keyword: watch::Receiver<u64>,
    ) -> Self {
        let applied = watch::Sender::new(0);
        Self {
            catalog,
            model,
            embedder,
            index,
            keyword,
            applied,
            faults: Mutex::default(),
            embedded: AtomicU64::new(0),
            publishing: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// How far it is, and what is wrong.
    pub fn state(&self) -> MeaningState {
        let faults = self.faults.lock().unwrap_or_else(|poison| poison.into_inner());
        let fault = faults.iter().flatten().next().cloned();
        let publishing = self.publishing.load(Ordering::Acquire);
        MeaningState { applied: *self.applied.borrow(), publishing, fault }
    }

    /// Tells of the last change that the vector index has applied.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// Texts embedded since the start of the process.
    pub fn embedded(&self) -> u64 {
        self.embedded.load(Ordering::Relaxed)
    }

    /// Waits until the vector index has applied `seq`.
    pub async fn reach(&self, seq: u64) {
        let mut applied = self.applied.subscribe();
        // The sender lives as long as self, so waiting cannot fail.
        let _closed = applied.wait_for(|applied| *applied >= seq).await;
    }

    /// Brings vectors that the catalog has into the index, until `stop`.
    pub async fn follow(&self, stop: CancellationToken) {
        let mut published = self.catalog.subscribe();
        while !stop.is_cancelled() {
            published.mark_unchanged();
            match self.apply_changes(&stop).await {
                Ok(()) => self.set_fault(Task::Follow, None),
                Err(error) => {
                    warn!(%error, "vector index cannot follow");
                    self.set_fault(Task::Follow, Some(error.to_string()));
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

    async fn apply_changes(&self, stop: &CancellationToken) -> Result<()> {
        while !stop.is_cancelled() {
            let applied = *self.applied.borrow();
            let changes = self.catalog.changes_after(applied, BATCH).await?;
            let Some(last) = changes.last().map(Change::seq) else { return Ok(()) };
            for change in &changes {
                match change {
                    Change::Removed { id, .. } => self.index.remove(&[*id]),
                    // Nothing to bring: the embedder has not seen it yet.
                    Change::Put(document)
                        if document.embedded == 0 && !self.index.contains(document.id) => {}
                    Change::Put(document) => self.publish(document.id).await?,
                }
            }
            self.applied.send_replace(last);
        }
        Ok(())
    }

    /// Puts those vectors of a document into the index that the catalog has already.
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
        self.index.put(&[DocumentVectors { document, attributes, vectors: &present }])
    }

    /// Works through the queue of the catalog, until `stop`.
    pub async fn embed(&self, stop: CancellationToken) {
        let mut published = self.catalog.subscribe();
        while !stop.is_cancelled() {
            published.mark_unchanged();
            self.let_words_go_first(&stop).await;
            let round = tokio::select! {
                () = stop.cancelled() => return,
                round = self.round() => round,
            };
            match round {
                Ok(true) => self.set_fault(Task::Embed, None),
                Ok(false) => {
                    self.set_fault(Task::Embed, None);
                    tokio::select! {
                        () = stop.cancelled() => return,
                        _ = published.changed() => {}
                        () = self.wake.notified() => {}
                    }
                }
                Err(error) => {
                    warn!(%error, "embedding is interrupted");
                    self.set_fault(Task::Embed, Some(error.to_string()));
                    pause(&stop).await;
                }
            }
        }
    }

    /// Waits for the keyword index to follow, because words are what a reader misses most; not for
    /// ever, so that a long import is searched by meaning too.
    async fn let_words_go_first(&self, stop: &CancellationToken) {
        let mut keyword = self.keyword.clone();
        let caught_up = keyword.wait_for(|applied| *applied >= self.catalog.seq());
        tokio::select! {
            () = stop.cancelled() => {}
            // The keyword follower ends on the same token.
            _ended = caught_up => {}
            () = tokio::time::sleep(WORDS_FIRST) => {}
        }
    }

    /// Embeds one round of the queue; `false` when there was nothing to do.
    async fn round(&self) -> Result<bool> {
        let queue = self.catalog.pending(QUEUE).await?;
        if queue.is_empty() {
            return Ok(false);
        }
        let mut plan = Plan::default();
        for pending in &queue {
            let known = self.catalog.vectors(self.model, &pending.passages.keys).await?;
            if !plan.add(pending, &known) {
                break;
            }
        }
        let vectors =
            if plan.texts.is_empty() { Vec::new() } else { self.vectors(&plan.texts).await? };
        let mut failed = HashSet::new();
        let mut stored = Vec::with_capacity(vectors.len());
        for (key, vector) in plan.keys.into_iter().zip(vectors) {
            match vector {
                Some(vector) => stored.push((key, vector)),
                None => drop(failed.insert(key)),
            }
        }
        let without = |(document, keys): (Embedded, Vec<[u8; 16]>)| {
            let missing = keys.iter().filter(|key| failed.contains(*key)).count();
            Embedded { readable: document.readable - missing, ..document }
        };
        let complete: Vec<Embedded> = plan.complete.into_iter().map(without).collect();
        let count = stored.len();
        self.publishing.store(true, Ordering::Release);
        let published = self.store(&stored, &complete).await;
        self.publishing.store(false, Ordering::Release);
        published?;
        debug!(texts = count, documents = complete.len(), "embedded");
        Ok(true)
    }

    /// The vectors of texts; one by one when all at once fails, so that one text stops no other.
    async fn vectors(&self, texts: &[String]) -> Result<Vec<Option<Vec<f32>>>> {
        let all = self.embedder.embed(texts.to_vec(), Purpose::Document).await;
        let error = match all {
            Ok(vectors) => return Ok(vectors.into_iter().map(Some).collect()),
            Err(error) => error,
        };
        let mut vectors = Vec::with_capacity(texts.len());
        for text in texts {
            let one = self.embedder.embed(vec![text.clone()], Purpose::Document).await;
            vectors.push(one.ok().and_then(|mut one| one.pop()));
        }
        let failed = vectors.iter().filter(|vector| vector.is_none()).count();
        if failed == texts.len() {
            return Err(error);
        }
        warn!(%error, texts = failed, "some texts cannot be embedded");
        Ok(vectors)
    }

    /// Stores new vectors, then makes those of completed documents findable.
    async fn store(&self, vectors: &[([u8; 16], Vec<f32>)], complete: &[Embedded]) -> Result<()> {
        self.catalog.store_vectors(self.model, vectors, complete).await?;
        self.embedded.fetch_add(vectors.len() as u64, Ordering::Relaxed);
        let mut failed = (Vec::new(), None);
        for done in complete {
            if let Err(error) = self.publish(done.id).await {
                failed.0.push(done.id);
                failed.1 = Some(error);
            }
        }
        let (again, error) = failed;
        // Their vectors are there; the next round brings them into the index.
        self.catalog.embed_again(&again).await?;
        error.map_or(Ok(()), Err)
    }

    /// Makes the vectors of a completed document findable.
    async fn publish(&self, id: DocumentId) -> Result<()> {
        loop {
            let Some(document) = self.catalog.document(id).await? else {
                self.index.remove(&[id]);
                return Ok(());
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

    /// Takes what the catalog has of these documents into the index anew; what lacks a vector in
    /// the catalog is embedded again.
    pub async fn repair(&self, documents: &[DocumentId]) -> Result<()> {
        let mut incomplete = Vec::new();
        for id in documents {
            self.index.remove(&[*id]);
            let Some(document) = self.catalog.document(*id).await? else { continue };
            self.publish(*id).await?;
            let passages = self.catalog.passages(*id).await?;
            let vectors = self.catalog.vectors(self.model, &passages.keys).await?;
            if vectors.iter().flatten().count() as u64 != document.embedded {
                incomplete.push(*id);
            }
        }
        self.catalog.embed_again(&incomplete).await?;
        self.wake.notify_one();
        Ok(())
    }

    fn set_fault(&self, task: Task, fault: Option<String>) {
        let mut faults = self.faults.lock().unwrap_or_else(|poison| poison.into_inner());
        faults[task as usize] = fault;
    }
}

async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(RETRY) => {}
    }
}

/// What one round embeds, and which documents are complete after it.
#[derive(Debug, Default)]
struct Plan {
    texts: Vec<String>,
    keys: Vec<[u8; 16]>,
    /// With the keys of the chunks that the model reads.
    complete: Vec<(Embedded, Vec<[u8; 16]>)>,
    planned: HashSet<[u8; 16]>,
}

impl Plan {
    /// Adds a document; `false` when the round is full.
    fn add(&mut self, pending: &Pending, known: &[Option<Vec<f32>>]) -> bool {
        let title = (!pending.title.is_empty()).then_some(pending.title.as_str());
        let mut readable = Vec::new();
        let passages = &pending.passages;
        for ((chunk, key), known) in passages.chunks.iter().zip(&passages.keys).zip(known) {
            if known.is_none() && !crate::embed::language::reads(&chunk.text) {
                continue;
            }
            readable.push(*key);
            if known.is_some() || self.planned.contains(key) {
                continue;
            }
            if self.texts.len() == ROUND {
                return false;
            }
            self.texts.push(chunk::embedding_text(title, chunk));
            self.keys.push(*key);
            self.planned.insert(*key);
        }
        let Pending { id, seq, .. } = *pending;
        self.complete.push((Embedded { id, seq, readable: readable.len() }, readable));
        true
    }
}
