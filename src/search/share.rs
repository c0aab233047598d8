//! How much of the searched text has vectors, kept from query to query.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::catalog::{Catalog, Counts};
use crate::error::Result;
use crate::id::SourceId;

/// Older counts are counted again, unless nothing changed.
const FRESH: Duration = Duration::from_secs(1);

/// Counts of the catalog: those of now, or of at most a second ago.
#[derive(Debug)]
pub struct Shares {
    catalog: Catalog,
    latest: Mutex<Option<Latest>>,
    counting: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Latest {
    revision: u64,
    at: Instant,
    counts: Arc<Counts>,
}

/// Chunks of the searched sources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    total: u64,
    readable: u64,
    embedded: u64,
}

impl Shares {
    /// Shares that count in `catalog`.
    pub fn new(catalog: Catalog) -> Self {
        Self { catalog, latest: Mutex::new(None), counting: tokio::sync::Mutex::default() }
    }

    /// The share of the given sources.
    pub async fn of(&self, sources: &HashSet<SourceId>) -> Result<Share> {
        let counts = self.counts().await?;
        let mut share = Share::default();
        for counts in sources.iter().filter_map(|source| counts.get(source)) {
            share.total += counts.chunks;
            share.readable += counts.readable;
            share.embedded += counts.embedded;
        }
        Ok(share)
    }

    /// The counts of now; counted only if something changed since they were counted last.
    pub async fn exact(&self) -> Result<Arc<Counts>> {
        let revision = self.catalog.revision();
        let latest =
            self.lock().as_ref().map(|latest| (latest.revision, Arc::clone(&latest.counts)));
        match latest {
            Some((counted, counts)) if counted == revision => Ok(counts),
            _ => {
                let counts = Arc::new(self.catalog.counts().await?);
                let latest = Latest { revision, at: Instant::now(), counts: Arc::clone(&counts) };
                *self.lock() = Some(latest);
                Ok(counts)
            }
        }
    }

    async fn counts(&self) -> Result<Arc<Counts>> {
        let latest = self.lock().as_ref().map(|latest| (latest.at, Arc::clone(&latest.counts)));
        let Some((at, counts)) = latest else { return self.exact().await };
        if at.elapsed() < FRESH {
            return Ok(counts);
        }
        // One counts, and the others go on with what was: a hundred searches at once would count
        // the same a hundred times.
        match self.counting.try_lock() {
            Ok(_counting) => self.exact().await,
            Err(_) => Ok(counts),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Latest>> {
        self.latest.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

impl Share {
    /// Of the chunks that the model reads, the part with a vector, 0 to 1.
    pub fn embedded(&self) -> f64 {
        if self.readable == 0 { 1.0 } else { self.embedded as f64 / self.readable as f64 }
    }

    /// How far similarity can be trusted to rank these sources, 0 to 1.
    ///
    /// What has no vector yet would lose to what has one; and where the model reads less than
    /// half of the text, most of the right answers have no vector at all.
    pub fn trust(&self) -> f64 {
        if self.total == 0 || self.readable == 0 {
            return 0.0;
        }
        let readable = self.readable as f64 / self.total as f64;
        self.embedded() * (2.0 * readable).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_grows_with_the_vectors() {
        let share = |total, readable, embedded| Share { total, readable, embedded };
        assert_eq!(share(0, 0, 0).trust(), 0.0);
        assert_eq!(share(100, 0, 0).trust(), 0.0);
        assert_eq!(share(100, 100, 50).trust(), 0.5);
        assert_eq!(share(100, 50, 50).trust(), 1.0);
        assert_eq!(share(100, 10, 10).trust(), 0.2);
        assert_eq!(share(100, 0, 0).embedded(), 1.0);
    }
}
