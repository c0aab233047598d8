//! Moving all vectors to another store, from the catalog, while search goes on with the old one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::meaning::{Running, contents};
use super::{Engine, store_choice};
use crate::catalog::Outline;
use crate::config::{self, Secret, StoreBackend};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::id::DocumentId;
use crate::index::MeaningFollower;
use crate::vectors::{self, VectorStore};

/// Documents whose vectors are compared one by one.
const SAMPLE: usize = 64;

/// How far a stored vector may be from its original, as a cosine.
const LEAST_COSINE: f32 = 0.999;

/// How often the new store is compared with a catalog that changes.
const ATTEMPTS: usize = 5;

/// How often the progress is told.
const PERIOD: Duration = Duration::from_millis(500);

/// Where the vectors are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The kind of store.
    pub backend: StoreBackend,
    /// Where the server is; empty means what the configuration says, or the usual address.
    pub url: String,
    /// What the server asks for; `None` means the key of the configuration.
    pub api_key_file: Option<PathBuf>,
}

/// How far a migration is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Migration {
    /// `copy` or `check`.
    pub phase: &'static str,
    /// Vectors in the new store.
    pub done: u64,
    /// Vectors in the catalog.
    pub total: u64,
}

/// What a migration did.
#[derive(Debug, Clone)]
pub struct Migrated {
    /// The store in force now.
    pub store: config::Store,
    /// Documents with vectors.
    pub documents: u64,
    /// Vectors.
    pub vectors: u64,
    /// Documents whose vectors were compared one by one.
    pub sampled: u64,
}

/// The parts of the new store.
struct New {
    config: config::Store,
    store: Arc<dyn VectorStore>,
    follower: Arc<MeaningFollower>,
}

impl Engine {
    /// Copies all vectors to `target`, compares them, and goes on with that store. Until then, and
    /// when it fails or is cancelled, the old one stays in force; what was copied is kept.
    pub async fn migrate_store(
        &self,
        target: &Target,
        progress: &watch::Sender<Migration>,
        stop: &CancellationToken,
    ) -> Result<Migrated> {
        let _alone = self.meaning.migration.try_acquire().map_err(|_| {
            Error::usage("another migration is going on").hint("wait for it, or cancel it")
        })?;
        let running = self.meaning.running().ok_or_else(|| {
            Error::unavailable("no embedding model is connected, so there are no vectors to move")
                .hint("`ragterm status` says why")
        })?;
        let config = target.config(&self.config.store, &self.meaning.store())?;
        let new = self.open_store(config, &running)?;
        let copying = self.copy(&new, progress, stop);
        cancellable(copying, stop).await?;
        // From here on nothing is embedded or followed, which takes a moment only.
        let held = self.meaning.hold().await;
        let checking = self.check(&new, progress, stop);
        let migrated = cancellable(checking, stop).await?;
        store_choice::remember(&self.catalog, &self.config.store, &new.config).await?;
        info!(from = self.meaning.store().backend.name(), to = new.config.backend.name(), "moved");
        self.meaning.adopt(new.config, (new.store, new.follower), &held);
        Ok(migrated)
    }

    fn open_store(&self, config: config::Store, running: &Running) -> Result<New> {
        let contents = contents(&self.catalog, running.embedder.identity());
        let store = vectors::open(&config, &contents)?;
        if store.place().is_some() && store.place() == running.store.place() {
            let place = store.place().unwrap_or_default();
            return Err(Error::usage(format!("the vectors are there already: {place}")));
        }
        let model = running.follower.model();
        let follower =
            Arc::new(MeaningFollower::new(self.catalog.clone(), model, Arc::clone(&store)));
        Ok(New { config, store, follower })
    }

    async fn copy(
        &self,
        new: &New,
        progress: &watch::Sender<Migration>,
        stop: &CancellationToken,
    ) -> Result<()> {
        let mut copying = std::pin::pin!(new.follower.catch_up(stop));
        loop {
            tokio::select! {
                copied = &mut copying => return copied,
                () = tokio::time::sleep(PERIOD) => {}
            }
            let total = self.embedded().await?;
            // Not there yet, or busy: the next look tells.
            let count = tokio::time::timeout(PERIOD, new.store.count()).await;
            if let Ok(Ok(done)) = count {
                progress.send_replace(Migration { phase: "copy", done, total });
            }
        }
    }

    /// Brings the new store level with the catalog, and compares counts and a sample.
    async fn check(
        &self,
        new: &New,
        progress: &watch::Sender<Migration>,
        stop: &CancellationToken,
    ) -> Result<Migrated> {
        let total = self.embedded().await?;
        progress.send_replace(Migration { phase: "check", done: total, total });
        for _ in 0..ATTEMPTS {
            new.follower.catch_up(stop).await?;
            let outlines = self.catalog.outlines().await?;
            let stored = new.store.documents().await?;
            let Some(vectors) = equal(&outlines, &stored) else { continue };
            let sampled = self.compare_sample(new, &stored).await?;
            let documents = stored.len() as u64;
            return Ok(Migrated { store: new.config.clone(), documents, vectors, sampled });
        }
        Err(Error::unavailable("the new store does not hold what the catalog has")
            .hint("the old one stays in force; try again, it goes on where it stopped"))
    }

    /// Compares the vectors of documents from all over the collection, and searches for them.
    async fn compare_sample(&self, new: &New, stored: &[(DocumentId, u64)]) -> Result<u64> {
        let step = stored.len().div_ceil(SAMPLE).max(1);
        let mut sampled = 0;
        for (id, _) in stored.iter().step_by(step) {
            let Some(document) = self.catalog.document(*id).await? else { continue };
            let expected = new.follower.vectors_of(*id).await?;
            let found = new.store.vectors(*id).await?;
            let filter = Filter {
                sources: [document.source].into(),
                documents: Some(Arc::new([*id].into())),
                ..Filter::default()
            };
            let Some((_, query)) = expected.first() else { continue };
            let nearest = new.store.nearest(query, &filter, 1).await?;
            if !is_same(&expected, &found) || nearest.first().is_none_or(|one| one.document != *id)
            {
                return Err(Error::unavailable(format!(
                    "the new store gives back other vectors for document {id}"
                ))
                .hint("the old one stays in force; drop the new collection and try again"));
            }
            sampled += 1;
        }
        Ok(sampled)
    }

    async fn embedded(&self) -> Result<u64> {
        Ok(self.catalog.counts().await?.values().map(|counts| counts.embedded).sum())
    }
}

impl Target {
    /// The configuration of the new store: that of the old one where nothing else is said.
    fn config(
        &self,
        configured: &config::Store,
        in_force: &config::Store,
    ) -> Result<config::Store> {
        let is_configured = configured.backend == self.backend;
        let url = match self.url.as_str() {
            "" if is_configured => configured.url.clone(),
            url => config::check_web_address(url).map_err(|reason| {
                Error::usage(format!("`{url}` is no address of a server: it {reason}"))
            })?,
        };
        if self.backend == StoreBackend::Embedded && in_force.backend == StoreBackend::Embedded {
            return Err(Error::usage("the vectors are in the embedded store already"));
        }
        let api_key = match &self.api_key_file {
            Some(file) => Secret::file("--api-key-file", file),
            None if is_configured || in_force.backend == StoreBackend::Embedded => {
                configured.api_key.clone()
            }
            // A key is shown to no other server than the one that it is for.
            None => Secret::Unset,
        };
        Ok(config::Store { backend: self.backend, url, api_key, ..configured.clone() })
    }
}

async fn cancellable<T>(
    work: impl Future<Output = Result<T>>,
    stop: &CancellationToken,
) -> Result<T> {
    let outcome = stop.run_until_cancelled(work).await;
    outcome.filter(|_| !stop.is_cancelled()).unwrap_or_else(|| {
        Err(Error::unavailable("the migration was cancelled; the old store stays in force"))
    })
}

/// The number of vectors when every embedded document has all of its own, and no other is there.
fn equal(outlines: &[Outline], stored: &[(DocumentId, u64)]) -> Option<u64> {
    let expected = outlines.iter().filter(|outline| outline.is_embedded && outline.embedded > 0);
    let mut expected: Vec<_> = expected.map(|outline| (outline.id, outline.embedded)).collect();
    expected.sort_unstable();
    (expected == stored).then(|| stored.iter().map(|(_, vectors)| vectors).sum())
}

fn is_same(expected: &[(u32, Vec<f32>)], found: &[(u32, Vec<f32>)]) -> bool {
    let cosine = |one: &[f32], other: &[f32]| {
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        product(one, other) / (product(one, one) * product(other, other)).sqrt()
    };
    expected.len() == found.len()
        && expected.iter().zip(found).all(|((at, one), (other_at, other))| {
            // What has no direction has no cosine, and is equal to itself.
            let is_near = one == other || cosine(one, other) >= LEAST_COSINE;
            at == other_at && one.len() == other.len() && is_near
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_no_other_server_than_its_own() {
        let defaults = config::Config::default().store;
        let key = Secret::Value("sesame".into());
        let qdrant = config::Store {
            backend: StoreBackend::Qdrant,
            api_key: key.clone(),
            ..defaults.clone()
        };
        let to = |backend| Target { backend, url: String::new(), api_key_file: None };
        let milvus = to(StoreBackend::Milvus).config(&qdrant, &qdrant).unwrap();
        assert_eq!(milvus.api_key, Secret::Unset);
        let embedded = config::Store { api_key: key.clone(), ..defaults };
        let milvus = to(StoreBackend::Milvus).config(&embedded, &embedded).unwrap();
        assert_eq!(milvus.api_key, key);
        assert!(to(StoreBackend::Embedded).config(&embedded, &embedded).is_err());
    }

    #[test]
    fn other_vectors_are_noticed() {
        let one = vec![(0, vec![1.0, 0.0]), (2, vec![0.0, 2.0])];
        let scaled = vec![(0, vec![1.0, 0.001]), (2, vec![0.0, 1.0])];
        assert!(is_same(&one, &scaled));
        assert!(!is_same(&one, &scaled[..1]));
        assert!(!is_same(&one, &[(0, vec![1.0, 0.0]), (3, vec![0.0, 2.0])]));
        assert!(!is_same(&one, &[(0, vec![0.0, 1.0]), (2, vec![0.0, 2.0])]));
    }
}
