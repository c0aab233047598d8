//! The threads in which the bot takes part.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

use super::web::Web;
use crate::core::now_ms;

/// How many threads are remembered; for others Slack is asked.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(5_000).expect("it is not zero");

/// Remembers for each thread whether the bot takes part in it.
#[derive(Debug)]
pub(super) struct Threads {
    known: Mutex<LruCache<String, bool>>,
    /// When the bot began, in seconds since the epoch: later threads it has joined itself, or not.
    since_s: i64,
}

impl Threads {
    pub(super) fn new() -> Self {
        Self { known: Mutex::new(LruCache::new(CAPACITY)), since_s: now_ms() / 1_000 }
    }

    /// From now on the bot takes part in this thread.
    pub(super) fn join(&self, channel: &str, thread: &str) {
        self.remember(channel, thread, true);
    }

    /// Whether `bot` takes part in the thread; Slack is asked once about one from before the bot was
    /// started.
    pub(super) async fn takes_part(
        &self,
        web: &Web,
        (channel, thread): (&str, &str),
        bot: &str,
    ) -> bool {
        if let Some(known) = self.known(channel, thread) {
            return known;
        }
        if begun_s(thread) > self.since_s {
            return false;
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

/// When a thread began: Slack names it by the time of its first message.
fn begun_s(thread: &str) -> i64 {
    thread.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default()
}

fn key(channel: &str, thread: &str) -> String {
    format!("{channel}/{thread}")
}
