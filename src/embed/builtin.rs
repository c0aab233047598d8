//! The built-in embedder: loads the model on first use, gives its memory back when idle.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rten::ThreadPool;
use tokio::task::JoinSet;

use super::network::{DIMENSIONS, FILES_HASH, MAX_TOKENS, Network};
use super::tokenizer::Tokenizer;
use super::windows;
use super::workers::{Workers, cores};
use super::{Counts, Embedder, ModelIdentity, Pace, Purpose, language};
use crate::error::{Error, Result};

/// Raised when the way from text to vector changes although the model's files do not.
const PIPELINE_VERSION: u32 = 1;
/// Windows of a question: 1,016 tokens.
const QUERY_WINDOWS: usize = 4;
/// Passages in one call.
const BATCH: usize = 64;
/// Windows of a passage: 16,256 tokens, far above any chunk.
const DOCUMENT_WINDOWS: usize = 64;

/// all-MiniLM-L6-v2 (English, 384 dimensions) inside the binary. Clones share one model.
#[derive(Clone)]
pub struct BuiltinEmbedder {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for BuiltinEmbedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuiltinEmbedder").finish_non_exhaustive()
    }
}

struct Shared {
    identity: ModelIdentity,
    slot: Mutex<Slot>,
    windowed: AtomicU64,
    cut: AtomicU64,
}

/// The engine while it is loaded, and when it was last needed.
struct Slot {
    engine: Option<Arc<Engine>>,
    last_use: Instant,
}

struct Engine {
    tokenizer: Tokenizer,
    network: Network,
    /// Made by the first question: threads have the priority of the one that makes them, and the
    /// model is made ready by one that yields.
    queries: OnceLock<Workers>,
    documents: Workers,
}

/// The texts of one call, which the threads take one by one.
struct Job {
    texts: Vec<String>,
    purpose: Purpose,
    /// Longest first, so that the threads end together.
    order: Vec<usize>,
    taken: AtomicUsize,
    abandoned: AtomicBool,
}

/// Ends the work of a call whose future was dropped.
struct AbandonOnDrop(Arc<Job>);

impl BuiltinEmbedder {
    /// Cheap: nothing is loaded before the first text.
    pub fn new() -> Self {
        let identity = ModelIdentity {
            provider: "builtin".into(),
            name: "all-MiniLM-L6-v2".into(),
            fingerprint: fingerprint(),
            dimensions: DIMENSIONS,
            max_tokens: MAX_TOKENS,
        };
        let slot = Mutex::new(Slot { engine: None, last_use: Instant::now() });
        let (windowed, cut) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { shared: Arc::new(Shared { identity, slot, windowed, cut }) }
    }
}

#[async_trait]
impl Embedder for BuiltinEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.shared.identity
    }

    fn reads(&self, text: &str) -> bool {
        language::reads(text)
    }

    /// Each call keeps all cores busy; a second one fills the gap at its end.
    fn pace(&self) -> Pace {
        Pace { batch: BATCH, concurrency: 2 }
    }

    fn counts(&self) -> Counts {
        Counts {
            divided: self.shared.windowed.load(Ordering::Relaxed),
            cut: self.shared.cut.load(Ordering::Relaxed),
            retried: 0,
        }
    }

    /// A text of more than 254 tokens gets the mean of its windows' vectors, weighted by
    /// tokens, up to 4 windows for a query and 64 for a document. Dropping the future ends
    /// the work after the texts at hand.
    async fn embed(&self, texts: Vec<String>, purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let job = Arc::new(Job::new(texts, purpose));
        let _abandon = AbandonOnDrop(Arc::clone(&job));
        let mut workers = JoinSet::new();
        for _ in 0..job.workers() {
            let (shared, job) = (Arc::clone(&self.shared), Arc::clone(&job));
            workers.spawn_blocking(move || shared.work(&job));
        }
        let mut vectors = vec![Vec::new(); job.texts.len()];
        while let Some(outcome) = workers.join_next().await {
            let done = outcome
                .map_err(|error| Error::internal("the built-in model failed").because(error))??;
            for (index, vector) in done {
                vectors[index] = vector;
            }
        }
        Ok(vectors)
    }

    fn prepare(&self) {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = shared.engine() {
                tracing::warn!(%error, "the built-in model cannot be made ready");
            }
        });
    }

    fn release_if_idle(&self, idle: Duration) -> bool {
        let mut slot = self.shared.lock();
        let unused = slot.engine.as_ref().is_some_and(|engine| Arc::strong_count(engine) == 1);
        if !unused || slot.last_use.elapsed() < idle {
            return false;
        }
        slot.engine = None;
        tracing::debug!("the built-in model was released");
        true
    }
}

impl Default for BuiltinEmbedder {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    /// Held for the time of a load at most, and never across an await.
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Embeds texts of the job on one thread until none is left.
    fn work(&self, job: &Job) -> Result<Vec<(usize, Vec<f32>)>> {
        let engine = self.engine()?;
        let thread = match job.purpose {
            Purpose::Query => engine.queries.get_or_init(Workers::foreground).next(),
            Purpose::Document => engine.documents.next(),
        };
        let done = thread.run(|| {
            let texts = std::iter::from_fn(|| job.take());
            texts.map(|index| Ok((index, self.vector(&engine, job, (index, &thread))?))).collect()
        });
        drop(engine);
        self.lock().last_use = Instant::now();
        done
    }

    fn vector(
        &self,
        engine: &Engine,
        job: &Job,
        (index, thread): (usize, &Arc<ThreadPool>),
    ) -> Result<Vec<f32>> {
        let text = &job.texts[index];
        let tokens = engine.tokenizer.encode(text, windows::capacity(job.max_windows()))?;
        if tokens.cut {
            self.cut.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(bytes = text.len(), purpose = ?job.purpose, "text too long to embed whole");
        }
        let parts = windows::split(&tokens.ids);
        if parts.len() > 1 {
            self.windowed.fetch_add(1, Ordering::Relaxed);
        }
        let vectors: Vec<_> = parts
            .into_iter()
            .map(|part| Ok((engine.network.embed(part, thread)?, part.len())))
            .collect::<Result<_>>()?;
        match <[_; 1]>::try_from(vectors) {
            Ok([(vector, _)]) => Ok(vector),
            Err(vectors) => Ok(windows::mean(&vectors)),
        }
    }

    /// The loaded engine; loads it, which takes about 60 ms, while other callers wait.
    fn engine(&self) -> Result<Arc<Engine>> {
        let mut slot = self.lock();
        slot.last_use = Instant::now();
        if let Some(engine) = &slot.engine {
            return Ok(Arc::clone(engine));
        }
        let start = Instant::now();
        let engine = Arc::new(Engine {
            tokenizer: Tokenizer::load()?,
            network: Network::load()?,
            queries: OnceLock::new(),
            documents: Workers::background(),
        });
        tracing::debug!(elapsed = ?start.elapsed(), "the built-in model was loaded");
        slot.engine = Some(Arc::clone(&engine));
        Ok(engine)
    }
}

impl Job {
    fn new(texts: Vec<String>, purpose: Purpose) -> Self {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&index| Reverse(texts[index].len()));
        let (taken, abandoned) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { texts, purpose, order, taken, abandoned }
    }

    fn workers(&self) -> usize {
        match self.purpose {
            Purpose::Query => self.texts.len().min(1),
            Purpose::Document => self.texts.len().min(cores()),
        }
    }

    fn max_windows(&self) -> usize {
        match self.purpose {
            Purpose::Query => QUERY_WINDOWS,
            Purpose::Document => DOCUMENT_WINDOWS,
        }
    }

    /// The next text that no thread has taken yet.
    fn take(&self) -> Option<usize> {
        if self.abandoned.load(Ordering::Relaxed) {
            return None;
        }
        self.order.get(self.taken.fetch_add(1, Ordering::Relaxed)).copied()
    }
}

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Relaxed);
    }
}

fn fingerprint() -> String {
    let pipeline = format!("{} {PIPELINE_VERSION}", FILES_HASH.trim());
    blake3::hash(pipeline.as_bytes()).to_hex()[..32].to_string()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[tokio::test]
    async fn a_model_that_was_made_ready_in_the_background_answers_questions_at_normal_priority() {
        let embedder = BuiltinEmbedder::new();
        let shared = Arc::clone(&embedder.shared);
        let background = std::thread::spawn(move || {
            rustix::process::setpriority_process(None, 19).unwrap();
            shared.engine().map(drop)
        });
        background.join().unwrap().unwrap();
        embedder.embed(vec!["a question".into()], Purpose::Query).await.unwrap();
        let engine = embedder.shared.engine().unwrap();
        assert_eq!(engine.queries.get().unwrap().next().run(niceness), niceness());
        assert_eq!(engine.documents.next().run(niceness), 19);
    }
}
