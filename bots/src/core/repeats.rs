//! Recognises events that a platform delivers more than once.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// The ids of the events seen lately, of limited number and age.
#[derive(Debug)]
pub struct Repeats {
    seen: Mutex<LruCache<String, Instant>>,
    remembered: Duration,
}

impl Repeats {
    /// Remembers at most `capacity` ids (at least one), each for `remembered`.
    pub fn new(capacity: usize, remembered: Duration) -> Self {
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Self { seen: Mutex::new(LruCache::new(capacity)), remembered }
    }

    /// Whether `id` is seen for the first time (or the first time in long), at `now`; remembers it.
    pub fn is_first(&self, id: &str, now: Instant) -> bool {
        // The cache is whole after a panic elsewhere: no call here leaves it half changed.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.put(id.to_owned(), now);
        before.is_none_or(|before| now.duration_since(before) > self.remembered)
    }

    /// Forgets `id`, so that it may come again.
    pub fn forget(&self, id: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).pop(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn an_id_is_first_once_within_its_time() {
        let repeats = Repeats::new(10, HOUR);
        let now = Instant::now();
        assert!(repeats.is_first("a", now));
        assert!(!repeats.is_first("a", now + HOUR / 2));
        assert!(repeats.is_first("b", now));
        assert!(repeats.is_first("a", now + 2 * HOUR));
    }

    #[test]
    fn what_is_remembered_is_limited_in_number() {
        let repeats = Repeats::new(2, HOUR);
        let now = Instant::now();
        for id in ["a", "b", "c"] {
            assert!(repeats.is_first(id, now));
        }
        assert!(!repeats.is_first("c", now));
        assert!(repeats.is_first("a", now));
    }
}
