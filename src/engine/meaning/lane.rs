//! One model with one store: connected, followed, and fed until something else takes over.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::catalog::{Catalog, ModelId};
use crate::config::{self, Role};
use crate::embed::{self, Embedder, ModelIdentity};
use crate::error::{Error, Result};
use crate::index::{EmbeddingQueue, MeaningFollower};
use crate::search::Meaning;
use crate::vectors::{self, Contents, VectorStore};

/// The parts while they are connected.
#[derive(Debug, Clone)]
pub struct Running {
    /// Turns texts into vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Holds the vectors.
    pub store: Arc<dyn VectorStore>,
    /// Brings vectors into the store.
    pub follower: Arc<MeaningFollower>,
    /// Makes vectors.
    pub queue: Arc<EmbeddingQueue>,
    /// The last change when they were connected.
    loaded_at: u64,
}

/// What has to be said to connect.
pub struct Ends<'c> {
    /// The model.
    pub embedder: &'c config::Embedder,
    /// Where its vectors go.
    pub store: &'c config::Store,
    /// What the keyword index has applied.
    pub keyword: watch::Receiver<u64>,
}

impl Running {
    /// Connects a model and a store for the vectors of a catalog.
    pub async fn connect(catalog: &Catalog, ends: Ends<'_>) -> Result<Self> {
        let embedder = embed::connect(ends.embedder).await?;
        let embedder = embedder.ok_or_else(|| Error::internal("no embedder is configured"))?;
        let identity = embedder.identity();
        let model = catalog.use_model(identity).await?;
        let store = vectors::open(ends.store, &contents(catalog, identity))?;
        info!(model = %identity.name, dimensions = identity.dimensions, "embedding model");
        let follower = Arc::new(MeaningFollower::new(catalog.clone(), model, Arc::clone(&store)));
        Ok(Self::over(catalog, embedder, (store, follower), ends.keyword))
    }

    /// The parts over a store that `follower` brings vectors into.
    pub fn over(
        catalog: &Catalog,
        embedder: Arc<dyn Embedder>,
        (store, follower): (Arc<dyn VectorStore>, Arc<MeaningFollower>),
        keyword: watch::Receiver<u64>,
    ) -> Self {
        let queue = Arc::new(EmbeddingQueue::new(
            catalog.clone(),
            Arc::clone(&embedder),
            Arc::clone(&follower),
            keyword,
        ));
        Self { embedder, store, follower, queue, loaded_at: catalog.seq() }
    }

    /// The model's number in the catalog.
    pub fn model(&self) -> ModelId {
        self.follower.model()
    }

    /// What searches ask.
    pub fn meaning(&self) -> Meaning {
        Meaning {
            embedder: Arc::clone(&self.embedder),
            store: Arc::clone(&self.store),
            applied: self.follower.subscribe(),
            loaded_at: self.loaded_at,
        }
    }

    /// Follows and embeds until `stop`; where another daemon does that, only what is this
    /// process's own.
    pub async fn work(&self, role: Role, stop: &CancellationToken) {
        let is_own = self.store.place().is_none();
        match role {
            Role::Query if is_own => self.follower.follow(stop.clone()).await,
            Role::Query => self.follower.observe(stop.clone()).await,
            Role::All | Role::Index => {
                let following = self.follower.follow(stop.clone());
                tokio::join!(following, self.queue.run(stop.clone()));
            }
        }
    }
}

/// Which vectors belong into a store.
pub fn contents(catalog: &Catalog, identity: &ModelIdentity) -> Contents {
    Contents {
        catalog: catalog.identity().to_owned(),
        model: identity.fingerprint.clone(),
        dimensions: identity.dimensions,
    }
}
