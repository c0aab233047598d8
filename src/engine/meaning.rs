//! The life of the side that searches by meaning: connect, follow, embed, and again after a fault.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::choice;
use super::turn::{Held, Turn};
use crate::catalog::Catalog;
use crate::config::{self, EmbedderProvider, StoreBackend};
use crate::embed::{self, Counts, Embedder, ModelIdentity};
use crate::error::Result;
use crate::index::{EmbeddingQueue, MeaningFollower, MeaningState};
use crate::search::{Meaning, MeaningSide};
use crate::vectors::{self, Contents, Server, VectorStore};

/// How long after a fault the servers are connected to again.
const RETRY: Duration = Duration::from_secs(5);

/// A status never waits longer than this for a vector store.
const COUNT_TIMEOUT: Duration = Duration::from_secs(1);

/// Keeps the side that searches by meaning running.
#[derive(Debug)]
pub struct MeaningService {
    catalog: Catalog,
    embedder: config::Embedder,
    store: Mutex<config::Store>,
    keyword: watch::Receiver<u64>,
    side: watch::Sender<MeaningSide>,
    running: Mutex<Option<Running>>,
    turn: Turn,
    /// Held by a migration, of which there is one at a time.
    pub(super) migration: Semaphore,
}

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
}

/// How the embedding side is, for people.
#[derive(Debug, Clone, Default)]
pub struct MeaningStatus {
    /// Who computes the vectors.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Components of a vector; 0 while the model is not known.
    pub dimensions: usize,
    /// Where the vectors are.
    pub backend: &'static str,
    /// The server that they are on, if any.
    pub server: Option<Server>,
    /// Vectors that are searched.
    pub points: u64,
    /// Texts that were sent to the model since the daemon started.
    pub embedded_texts: u64,
    /// Texts that the model could not turn into a vector since the daemon started.
    pub refused_texts: u64,
    /// Texts that were too long, calls that were repeated.
    pub counts: Counts,
    /// How far the store is, and what is wrong.
    pub state: MeaningState,
}

impl MeaningService {
    /// A service that is not connected; nothing is asked before [`run`](Self::run), except that
    /// what is built in is there at once.
    pub async fn new(
        catalog: Catalog,
        config: &config::Config,
        keyword: watch::Receiver<u64>,
    ) -> Result<Self> {
        let embedder = config.embedder.clone();
        let store = choice::in_force(&catalog, &config.store).await?;
        let is_local = store.backend == StoreBackend::Embedded;
        let side = match embedder.provider {
            EmbedderProvider::None => MeaningSide::Off,
            _ => MeaningSide::Unready("the embedder is being connected".into()),
        };
        let (side, store) = (watch::Sender::new(side), Mutex::new(store));
        let (running, turn, migration) = (Mutex::default(), Turn::default(), Semaphore::new(1));
        let service = Self { catalog, embedder, store, keyword, side, running, turn, migration };
        if service.embedder.provider == EmbedderProvider::Builtin && is_local {
            service.connect().await?;
        }
        Ok(service)
    }

    /// Tells what searches can ask.
    pub fn side(&self) -> watch::Receiver<MeaningSide> {
        self.side.subscribe()
    }

    /// Whether an embedder is configured.
    pub fn is_on(&self) -> bool {
        self.embedder.provider != EmbedderProvider::None
    }

    /// The store in force: that of the configuration, or the one that was migrated to.
    pub fn store(&self) -> config::Store {
        self.store.lock().unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    /// The parts, while they are connected.
    pub fn running(&self) -> Option<Running> {
        self.running.lock().unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    /// Connects, follows and embeds until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        while self.is_on() && !stop.is_cancelled() {
            let connected = match self.running() {
                Some(running) => Ok(running),
                None => tokio::select! {
                    () = stop.cancelled() => return,
                    connected = self.connect() => connected,
                },
            };
            match connected {
                Ok(_) => self.round(&stop).await,
                Err(error) => {
                    warn!(%error, "search by meaning cannot begin");
                    self.side.send_replace(MeaningSide::Unready(error.to_string()));
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(RETRY) => {}
                    }
                }
            }
        }
    }

    /// Follows and embeds until `stop`, or until somebody wants to exchange the parts.
    async fn round(&self, stop: &CancellationToken) {
        let Some(round) = self.turn.next(stop).await else { return };
        // They may have been exchanged meanwhile.
        let Some(running) = self.running() else { return };
        tokio::join!(
            running.follower.follow(round.stop.clone()),
            running.queue.run(round.stop.clone())
        );
    }

    /// Keeps following and embedding from going on while the result lives.
    pub(super) async fn hold(&self) -> Held<'_> {
        self.turn.hold().await
    }

    /// Goes on with another store, which `follower` has brought up to date; while it is held.
    pub(super) fn adopt(
        &self,
        store: config::Store,
        parts: (Arc<dyn VectorStore>, Arc<MeaningFollower>),
        _held: &Held<'_>,
    ) {
        let Some(running) = self.running() else { return };
        *self.store.lock().unwrap_or_else(|poison| poison.into_inner()) = store;
        self.go_on_with(running.embedder, parts.0, parts.1);
    }

    fn go_on_with(
        &self,
        embedder: Arc<dyn Embedder>,
        store: Arc<dyn VectorStore>,
        follower: Arc<MeaningFollower>,
    ) -> Running {
        let queue = Arc::new(EmbeddingQueue::new(
            self.catalog.clone(),
            Arc::clone(&embedder),
            Arc::clone(&follower),
            self.keyword.clone(),
        ));
        let meaning = Meaning {
            embedder: Arc::clone(&embedder),
            store: Arc::clone(&store),
            applied: follower.subscribe(),
            loaded_at: self.catalog.seq(),
        };
        let running = Running { embedder, store, follower, queue };
        *self.running.lock().unwrap_or_else(|poison| poison.into_inner()) = Some(running.clone());
        self.side.send_replace(MeaningSide::Ready(meaning));
        running
    }

    async fn connect(&self) -> Result<Running> {
        let embedder = embed::connect(&self.embedder).await?;
        let embedder = embedder.ok_or_else(|| crate::error::Error::internal("no embedder"))?;
        let identity = embedder.identity();
        let model = self.catalog.use_model(identity).await?;
        let store = vectors::open(&self.store(), &contents(&self.catalog, identity))?;
        info!(model = %identity.name, dimensions = identity.dimensions, "embedding model");
        let follower = MeaningFollower::new(self.catalog.clone(), model, Arc::clone(&store));
        Ok(self.go_on_with(Arc::clone(&embedder), store, Arc::new(follower)))
    }

    /// How it is; `None` when no embedder is configured.
    pub async fn status(&self) -> Option<MeaningStatus> {
        if !self.is_on() {
            return None;
        }
        let backend = self.store().backend.name();
        let Some(running) = self.running() else {
            return Some(self.unready_status(backend));
        };
        let identity = running.embedder.identity();
        let mut state = running.follower.state();
        let points = match tokio::time::timeout(COUNT_TIMEOUT, running.store.count()).await {
            Ok(Ok(points)) => points,
            Ok(Err(error)) => {
                state.store_fault.get_or_insert(error.to_string());
                0
            }
            Err(_) => {
                state.store_fault.get_or_insert("the vector store does not answer".into());
                0
            }
        };
        Some(MeaningStatus {
            provider: identity.provider.clone(),
            model: identity.name.clone(),
            dimensions: identity.dimensions,
            backend,
            server: running.store.server(),
            points,
            embedded_texts: running.queue.embedded(),
            refused_texts: running.queue.refused(),
            counts: running.embedder.counts(),
            state,
        })
    }

    fn unready_status(&self, backend: &'static str) -> MeaningStatus {
        let fault = match &*self.side.borrow() {
            MeaningSide::Unready(reason) => Some(reason.clone()),
            _ => None,
        };
        MeaningStatus {
            provider: self.embedder.provider.name().into(),
            model: self.embedder.model.clone(),
            backend,
            state: MeaningState { embedder_fault: fault, ..MeaningState::default() },
            ..MeaningStatus::default()
        }
    }
}

/// Which vectors belong into a store.
pub(super) fn contents(catalog: &Catalog, identity: &ModelIdentity) -> Contents {
    Contents {
        catalog: catalog.identity().to_owned(),
        model: identity.fingerprint.clone(),
        dimensions: identity.dimensions,
    }
}
