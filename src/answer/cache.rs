//! Answers that were given before, for the same prompt, model and rights; opt-in and in memory.
//!
//! The key holds the whole prompt, so with the question and what a session made of it, the
//! passages as they are now: what changed in a document, or is gone, misses.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lru::LruCache;

use super::gather::Given;
use crate::llm::Prompt;

/// Answers that are kept.
const ANSWERS: NonZeroUsize = NonZeroUsize::new(512).expect("it is not zero");

/// A longer answer is not kept, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// What a prompt, a model and an asker's rights come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

/// Whose answer it is.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'r> {
    /// Who asks.
    pub principal: &'r str,
    /// What they may see and do.
    pub grants: &'r str,
    /// What is asked of it; empty means all.
    pub spaces: &'r [String],
}

impl CacheKey {
    /// The key of an answer.
    pub fn new(model: &str, rights: Rights<'_>, prompt: &Prompt, given: &[Given]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        let mut spaces = rights.spaces.to_vec();
        spaces.sort_unstable();
        for text in [model, rights.principal, rights.grants, &prompt.system] {
            part(text.as_bytes());
        }
        spaces.iter().for_each(|space| part(space.as_bytes()));
        prompt.messages.iter().for_each(|message| part(message.text.as_bytes()));
        part(&prompt.temperature.to_le_bytes());
        for given in given {
            part(&given.hit.document.id.0.to_le_bytes());
            part(&given.hit.document.seq.to_le_bytes());
            part(given.hit.document.path.as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }
}

/// Answers by their keys, the latest used ones.
#[derive(Debug)]
pub struct Cache {
    answers: Mutex<LruCache<CacheKey, String>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Default for Cache {
    fn default() -> Self {
        let answers = Mutex::new(LruCache::new(ANSWERS));
        Self { answers, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }
}

impl Cache {
    /// The answer of a key, counted as a hit or a miss.
    pub fn get(&self, key: &CacheKey) -> Option<String> {
        let found = self.lock().get(key).cloned();
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps a whole answer.
    pub fn put(&self, key: CacheKey, answer: &str) {
        if !answer.is_empty() && answer.len() <= MAX_BYTES {
            self.lock().put(key, answer.to_owned());
        }
    }

    /// Hits and misses since the start.
    pub fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<CacheKey, String>> {
        self.answers.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}
