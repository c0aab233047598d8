//! The threads in which the bot takes part.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::web::Web;

/// How many threads are remembered; for others Slack is asked.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(5_000).expect("it is not zero");

/// Remembers for each thread whether the bot takes part in it.
#[derive(Debug)]
pub(super) struct Threads {
    known: Mutex<LruCache<String, bool>>,
}

impl Threads {
    pub(super) fn new() -> Self {
        Self { known: Mutex::new(LruCache::new(CAPACITY)) }
    }

    /// From now on the bot takes part in this thread.
    pub(super) fn join(&self, channel: &str, thread: &str) {
        self.remember(channel, thread, true);
    }

    /// Whether `bot` takes part in the thread; Slack is asked once about one that is not known, such
    /// as after a restart.
    pub(super) async fn takes_part(
        &self,
        web: &Web,
        (channel, thread): (&str, &str),
        bot: &str,
    ) -> bool {
        if let Some(known) = self.known(channel, thread) {
            return known;
        }
        match web.takes_part(channel, thread, bot).await {
            Ok(is_in) => {
                self.remember(channel, thread, is_in);
                is_in
            }
            Err(fault) => {
                tracing::warn!(%fault, "slack did not tell who writes in a thread");
                false
            }
        }
    }

    fn known(&self, channel: &str, thread: &str) -> Option<bool> {
        self.lock().get(&key(channel, thread)).copied()
    }

    fn remember(&self, channel: &str, thread: &str, is_in: bool) {
        self.lock().put(key(channel, thread), is_in);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<String, bool>> {
        // No call here leaves the cache half changed.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(channel: &str, thread: &str) -> String {
    format!("{channel}/{thread}")
}
