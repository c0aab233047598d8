//! The life of the side that searches by meaning: connect, follow, embed, again after a fault, and
//! hand over to another model once that one is complete.

mod choice;
mod lane;
mod status;
mod succession;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::store_choice;
use super::turn::{Held, Turn};
use crate::catalog::Catalog;
use crate::config::{self, EmbedderProvider, Role, StoreBackend};
use crate::embed::{self, Embedder};
use crate::error::{Error, Result};
use crate::index::MeaningFollower;
use crate::search::MeaningSide;
use crate::vectors::VectorStore;

pub use lane::{Running, contents};
pub use status::MeaningStatus;
pub use succession::{Change, Reindexing};

use choice::Choices;
use lane::Ends;

/// How long after a fault the servers are connected to again.
const RETRY: Duration = Duration::from_secs(5);

/// What searches say until the first attempt to connect has ended.
const CONNECTING: &str = "the embedder is being connected";

/// How often a daemon that only answers looks whether another model took over.
const LOOK: Duration = Duration::from_secs(2);

/// Keeps the side that searches by meaning running.
#[derive(Debug)]
pub struct MeaningService {
    catalog: Catalog,
    embedder: config::Embedder,
    /// The store in force.
    store: Mutex<config::Store>,
    role: Role,
    keyword: watch::Receiver<u64>,
    side: watch::Sender<MeaningSide>,
    running: Mutex<Option<Running>>,
    /// The active model's configuration, connected or not.
    active: Mutex<config::Embedder>,
    reindexing: watch::Sender<Option<Reindexing>>,
    /// Another model is wanted.
    changed: Notify,
    turn: Turn,
    /// Held by a migration, of which there is one at a time.
    pub(super) migration: Semaphore,
}

impl MeaningService {
    /// A service that is not connected; nothing is asked before [`run`](Self::run), except that
    /// what is built in is there at once.
    pub async fn new(
        catalog: Catalog,
        config: &config::Config,
        keyword: watch::Receiver<u64>,
    ) -> Result<Self> {
        let side = match config.embedder.provider {
            EmbedderProvider::None => MeaningSide::Off,
            _ => MeaningSide::Unready(CONNECTING.into()),
        };
        let store = store_choice::in_force(&catalog, &config.store).await?;
        let is_local = store.backend == StoreBackend::Embedded;
        let mut service = Self {
            catalog,
            embedder: config.embedder.clone(),
            store: Mutex::new(store),
            role: config.daemon.role,
            keyword,
            side: watch::Sender::new(side),
            running: Mutex::default(),
            active: Mutex::new(config.embedder.clone()),
            reindexing: watch::Sender::new(None),
            changed: Notify::new(),
            turn: Turn::default(),
            migration: Semaphore::new(1),
        };
        if service.is_on() {
            let choices = Choices::load(&service.catalog, &service.embedder).await?;
            let active = choices.active.apply(&service.embedder);
            service.active = Mutex::new(active.clone());
            if is_local && active.provider == EmbedderProvider::Builtin {
                service.activate(service.connect(&active).await?);
            }
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

    /// The parts, while they are connected.
    pub fn running(&self) -> Option<Running> {
        self.lock().clone()
    }

    /// The store in force: that of the configuration, or the one that was migrated to.
    pub fn store(&self) -> config::Store {
        self.store.lock().unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    /// Keeps following and embedding from going on while the result lives.
    pub(super) async fn hold(&self) -> Held<'_> {
        self.turn.hold().await
    }

    /// Goes on with another store, which its follower has brought up to date; while it is held.
    pub(super) fn adopt(
        &self,
        store: config::Store,
        parts: (Arc<dyn VectorStore>, Arc<MeaningFollower>),
        _held: &Held<'_>,
    ) {
        let Some(running) = self.running() else { return };
        *self.store.lock().unwrap_or_else(|poison| poison.into_inner()) = store;
        let keyword = self.keyword.clone();
        self.activate(Running::over(&self.catalog, running.embedder, parts, keyword));
        // A model that is to take over has to fill the new store too.
        self.changed.notify_one();
    }

    /// Serves the active model and prepares the wanted one, until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        while self.is_on() && !stop.is_cancelled() {
            let turn = tokio::select! {
                () = stop.cancelled() => return,
                turn = self.turn(&stop) => turn,
            };
            if let Err(error) = turn {
                warn!(%error, "search by meaning cannot go on");
                self.pause(&stop).await;
            }
        }
    }

    /// Works until another model is wanted or takes over.
    async fn turn(&self, stop: &CancellationToken) -> Result<()> {
        let choices = Choices::load(&self.catalog, &self.embedder).await?;
        *self.active.lock().unwrap_or_else(|poison| poison.into_inner()) =
            choices.active.apply(&self.embedder);
        if self.role == Role::Query {
            tokio::select! {
                () = self.serve(&choices, stop) => {}
                () = self.until_replaced() => *self.lock() = None,
            }
            return Ok(());
        }
        choices.settle(&self.catalog, &self.embedder).await?;
        if choices.wanted == choices.active {
            self.reindexing.send_replace(None);
            self.catalog.forget_successor().await?;
            tokio::select! {
                () = self.serve(&choices, stop) => {}
                () = self.changed.notified() => {}
            }
            return Ok(());
        }
        tokio::select! {
            () = self.serve(&choices, stop) => Ok(()),
            () = self.changed.notified() => Ok(()),
            done = self.succeed(&choices, stop) => done,
        }
    }

    /// Connects the active model, then follows and embeds, until `stop`.
    async fn serve(&self, choices: &Choices, stop: &CancellationToken) {
        let active = choices.active.apply(&self.embedder);
        while !stop.is_cancelled() {
            let connected = match self.running() {
                Some(running) => Ok(running),
                None => self.connect(&active).await,
            };
            match connected {
                Ok(running) => {
                    if self.lock().is_none() {
                        self.activate(running);
                    }
                    self.round(&active, stop).await;
                }
                Err(error) => {
                    self.unready(&error);
                    self.pause(stop).await;
                }
            }
        }
    }

    /// Follows and embeds until `stop`, until somebody wants to exchange the parts, or until the
    /// server has another model.
    async fn round(&self, active: &config::Embedder, stop: &CancellationToken) {
        let Some(round) = self.turn.next(stop).await else { return };
        // They may have been exchanged meanwhile.
        let Some(running) = self.running() else { return };
        running.embedder.prepare();
        if let Err(error) = self.make_active(&running).await {
            warn!(%error, "search by meaning cannot go on");
            return self.pause(stop).await;
        }
        tokio::select! {
            () = running.work(self.role, &round.stop) => {}
            () = self.replaced(&running, active) => {
                self.side.send_replace(MeaningSide::Unready(CONNECTING.into()));
                *self.lock() = None;
                self.leave(Some(running)).await;
            }
        }
    }

    /// Another model that answers under the active one's name is the active one from now on: nobody
    /// can embed a question for the earlier one any more.
    async fn make_active(&self, running: &Running) -> Result<()> {
        let model = running.model();
        if self.role == Role::Query || self.catalog.active_model() == Some(model) {
            return Ok(());
        }
        warn!(model = %running.embedder.identity().name, "the embedding model was replaced");
        // What is noted may be of the model that is to take over.
        self.catalog.begin_successor(model).await?;
        self.catalog.switch_model(model).await
    }

    /// Waits until the server says that its model is another one than the connected one.
    async fn replaced(&self, running: &Running, embedder: &config::Embedder) {
        loop {
            running.embedder.answered_as_another().await;
            let now = embed::connect(embedder).await;
            let is_same = |now: &Arc<dyn Embedder>| now.identity() == running.embedder.identity();
            // What cannot be reached, or only answers wrongly, may be itself again later.
            if matches!(&now, Ok(Some(now)) if !is_same(now)) {
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn connect(&self, embedder: &config::Embedder) -> Result<Running> {
        let store = self.store();
        let ends = Ends { embedder, store: &store, keyword: self.keyword.clone() };
        Running::connect(&self.catalog, ends).await
    }

    /// From now on searches ask `running`.
    fn activate(&self, running: Running) {
        self.side.send_replace(MeaningSide::Ready(running.meaning()));
        *self.lock() = Some(running);
    }

    fn unready(&self, error: &Error) {
        warn!(%error, "search by meaning cannot begin");
        self.side.send_replace(MeaningSide::Unready(error.with_next_step()));
    }

    /// Waits until the daemon that indexes has another active model than this one searches.
    async fn until_replaced(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let searched = self.running().map(|running| running.model());
            if searched.is_some() && searched != self.catalog.active_model() {
                return;
            }
        }
    }

    async fn pause(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(RETRY) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}
