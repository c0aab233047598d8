//! The answers given lately, for the buttons under them; a restart forgets them.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::question::{Answer, Question};

/// An answer (or the hits of a search, as its sources) with what was asked.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The question, or the search with its text as the question.
    pub question: Question,
    /// What was answered.
    pub answer: Answer,
}

/// Answers by the key under which the platform's buttons name them; of limited number.
#[derive(Debug)]
pub struct Kept {
    answers: Mutex<LruCache<String, Arc<Given>>>,
}

impl Kept {
    /// Keeps at most `capacity` answers (at least one).
    pub fn new(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Self { answers: Mutex::new(LruCache::new(capacity)) }
    }

    /// Keeps `given` under `key`.
    pub fn keep(&self, key: &str, given: Given) {
        self.answers().put(key.to_owned(), Arc::new(given));
    }

    /// What was kept under `key`, if it is still there.
    pub fn get(&self, key: &str) -> Option<Arc<Given>> {
        self.answers().get(key).cloned()
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, LruCache<String, Arc<Given>>> {
        // No call here leaves the cache half changed.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
