//! The questions behind the answers that can still be acted on.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

/// Answers whose buttons can ask again; those of older ones say so.
const ANSWERS: usize = 1_000;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) spaces: Vec<String>,
}

/// What was asked, by the turn that answered it. No text of a document is kept: what buttons show
/// is asked of the daemon anew, which knows what may be seen then.
#[derive(Debug)]
pub(super) struct Kept {
    asked: Mutex<LruCache<String, Asked>>,
}

impl Default for Kept {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(ANSWERS).unwrap_or(NonZeroUsize::MIN);
        Self { asked: Mutex::new(LruCache::new(capacity)) }
    }
}

impl Kept {
    pub(super) fn put(&self, turn: &str, asked: Asked) {
        // The cache is whole after a panic elsewhere: no call here leaves it half changed.
        let mut kept = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        kept.put(turn.to_owned(), asked);
    }

    pub(super) fn get(&self, turn: &str) -> Option<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(turn).cloned()
    }
}
