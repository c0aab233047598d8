//! Works through the catalog's queue of documents without vectors, so that the embedder never waits.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{self, FuturesUnordered, StreamExt};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::meaning::{MeaningFollower, Task, pause};
use super::plan::{InFlight, Key, Plan, Room};
use crate::catalog::{Catalog, Embedded, ModelId};
use crate::embed::{Embedder, Purpose};
use crate::error::{Error, ErrorKind, Result};

/// Rounds at the same time: while one stores its vectors, the other keeps the embedder busy.
const ROUNDS: usize = 2;

/// Texts of one round, at the least and at the most.
const TEXTS: std::ops::RangeInclusive<usize> = 128..=2_048;

/// Chunks looked at for each text of a round; most may be in another language, or known.
const LOOK: u64 = 4;

/// What tells a model that fails at everything from texts that it fails at.
const PROBE: &str = "an ordinary sentence";

/// How long a round waits for the keyword index at the most.
const WORDS_FIRST: Duration = Duration::from_secs(20);

/// Embeds what the catalog's queue holds, newest first.
#[derive(Debug)]
pub struct EmbeddingQueue {
    catalog: Catalog,
    model: ModelId,
    embedder: Arc<dyn Embedder>,
    follower: Arc<MeaningFollower>,
    keyword: watch::Receiver<u64>,
    calls: Semaphore,
    embedded: AtomicU64,
    refused: AtomicU64,
    wake: Notify,
}

impl EmbeddingQueue {
    /// A queue whose vectors `follower` makes findable, once `keyword` says that words are.
    pub fn new(
        catalog: Catalog,
        embedder: Arc<dyn Embedder>,
        follower: Arc<MeaningFollower>,
        keyword: watch::Receiver<u64>,
    ) -> Self {
        let calls = Semaphore::new(embedder.pace().concurrency);
        let (embedded, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        let (model, wake) = (follower.model(), Notify::new());
        Self { catalog, model, embedder, follower, keyword, calls, embedded, refused, wake }
    }

    /// Texts embedded since the start of the process.
    pub fn embedded(&self) -> u64 {
        self.embedded.load(Ordering::Relaxed)
    }

    /// Texts that the embedder could not turn into a vector, since the start of the process.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Looks at the queue again, because documents were put back into it.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Works until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut published = self.catalog.subscribe();
        let mut in_flight = InFlight::default();
        let mut rounds = FuturesUnordered::new();
        while !stop.is_cancelled() {
            published.mark_unchanged();
            let has_room = rounds.len() < ROUNDS;
            if has_room {
                match self.plan(&in_flight).await {
                    Ok(Some(plan)) => {
                        in_flight.add(&plan.claims());
                        rounds.push(self.round(plan));
                        continue;
                    }
                    Ok(None) if rounds.is_empty() => self.follower.set_fault(Task::Embed, None),
                    Ok(None) => {}
                    Err(error) => self.fail(&error, &stop).await,
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                Some((claims, outcome)) = rounds.next() => {
                    in_flight.remove(&claims);
                    match outcome {
                        Ok(()) => self.follower.set_fault(Task::Embed, None),
                        Err(error) => self.fail(&error, &stop).await,
                    }
                }
                _ = published.changed(), if has_room => {}
                () = self.wake.notified() => {}
            }
        }
    }

    async fn fail(&self, error: &Error, stop: &CancellationToken) {
        warn!(%error, "embedding is interrupted");
        self.follower.set_fault(Task::Embed, Some(error));
        pause(stop).await;
    }

    /// The next round; `None` when there is nothing to do that no other round does.
    async fn plan(&self, in_flight: &InFlight) -> Result<Option<Plan>> {
        let pace = self.embedder.pace();
        let most = (pace.batch * pace.concurrency * 2).clamp(*TEXTS.start(), *TEXTS.end());
        let queue =
            self.catalog.pending(self.model, most as u64 * LOOK, &in_flight.documents).await?;
        let mut plan = Plan::default();
        for pending in &queue {
            let known = self.catalog.vectors(self.model, &pending.passages.keys).await?;
            let room = plan.add(pending, &known, (&*self.embedder, in_flight, most));
            if room == Room::Full {
                break;
            }
        }
        Ok((!plan.is_empty()).then_some(plan))
    }

    /// Embeds and stores one round; gives back what it had claimed.
    async fn round(&self, plan: Plan) -> (InFlight, Result<()>) {
        let claims = plan.claims();
        self.let_words_go_first().await;
        (claims, self.embed(plan).await)
    }

    /// Waits for the keyword index to follow, because words are what a reader misses most; not for
    /// ever, so that a long import is searched by meaning too.
    async fn let_words_go_first(&self) {
        let mut keyword = self.keyword.clone();
        let caught_up = keyword.wait_for(|applied| *applied >= self.catalog.seq());
        // Late or ended: either way the round goes on.
        let _late = tokio::time::timeout(WORDS_FIRST, caught_up).await;
    }

    async fn embed(&self, plan: Plan) -> Result<()> {
        let Plan { texts, keys, complete, .. } = plan;
        let (vectors, ended) = self.vectors(&texts).await;
        // What came before a fault is kept: no text is embedded twice for it.
        let missing: HashSet<Key> = keys[vectors.len()..].iter().copied().collect();
        let complete = Plan::without(complete, &missing);
        let mut failed = HashSet::new();
        let mut stored = Vec::with_capacity(keys.len());
        for (key, vector) in keys.into_iter().zip(vectors) {
            match vector {
                Some(vector) => stored.push((key, vector)),
                None => drop(failed.insert(key)),
            }
        }
        // Those of a document that is not complete are asked for again.
        let refused: HashSet<&Key> = complete
            .iter()
            .flat_map(|(_, keys)| keys)
            .filter(|key| failed.contains(*key))
            .collect();
        self.refused.fetch_add(refused.len() as u64, Ordering::Relaxed);
        self.store(&stored, &Plan::outcome(complete, &failed)).await?;
        ended
    }

    /// The vectors of the first texts, up to a fault.
    async fn vectors(&self, texts: &[String]) -> (Vec<Option<Vec<f32>>>, Result<()>) {
        let pace = self.embedder.pace();
        let batches: Vec<_> = texts.chunks(pace.batch.max(1)).map(<[_]>::to_vec).collect();
        let mut batches =
            stream::iter(batches).map(|texts| self.batch(texts)).buffered(pace.concurrency.max(1));
        let mut vectors = Vec::with_capacity(texts.len());
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) => vectors.extend(batch),
                Err(error) => return (vectors, Err(error)),
            }
        }
        (vectors, Ok(()))
    }

    /// The vectors of a batch; one by one when one of the texts fails all, so that it stops no other.
    async fn batch(&self, texts: Vec<String>) -> Result<Vec<Option<Vec<f32>>>> {
        // Never closed, so waiting cannot fail.
        let _permit = self.calls.acquire().await.ok();
        let all = self.embedder.embed(texts.clone(), Purpose::Document).await;
        let error = match all {
            Ok(vectors) => return Ok(vectors.into_iter().map(finite).collect()),
            Err(error) if is_about_the_model(&error) => return Err(error),
            Err(error) => error,
        };
        let mut vectors = Vec::with_capacity(texts.len());
        for text in texts {
            match self.embedder.embed(vec![text], Purpose::Document).await {
                Ok(mut one) => vectors.push(one.pop().and_then(finite)),
                Err(error) if is_about_the_model(&error) => return Err(error),
                Err(_) => vectors.push(None),
            }
        }
        let failed = vectors.iter().filter(|vector| vector.is_none()).count();
        if failed == vectors.len() && failed > 1 && !self.embeds(PROBE).await {
            return Err(error);
        }
        warn!(%error, texts = failed, "some texts cannot be embedded");
        Ok(vectors)
    }

    /// Whether a text that nothing can be wrong with gets a vector.
    async fn embeds(&self, text: &str) -> bool {
        let vectors = self.embedder.embed(vec![text.to_owned()], Purpose::Document).await;
        vectors.is_ok_and(|mut vectors| vectors.pop().and_then(finite).is_some())
    }

    /// Stores new vectors, then makes those of completed documents findable.
    async fn store(&self, vectors: &[(Key, Vec<f32>)], complete: &[Embedded]) -> Result<()> {
        let _publishing = self.follower.publishing();
        self.catalog.store_vectors(self.model, vectors, complete).await?;
        self.embedded.fetch_add(vectors.len() as u64, Ordering::Relaxed);
        let ids: Vec<_> = complete.iter().map(|done| done.id).collect();
        debug!(event = "index", texts = vectors.len(), documents = ids.len(), "embedded");
        self.follower.publish_all(&ids).await;
        Ok(())
    }
}

/// Whether trying the texts one by one would not help.
fn is_about_the_model(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Usage | ErrorKind::NotFound)
}

fn finite(vector: Vec<f32>) -> Option<Vec<f32>> {
    vector.iter().all(|value| value.is_finite()).then_some(vector)
}
