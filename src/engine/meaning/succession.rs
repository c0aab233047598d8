//! From one embedding model to another, while search goes on with the first.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::choice::{Choice, Choices};
use super::lane::Running;
use super::{MeaningService, RETRY};
use crate::config::{EmbedderProvider, Role};
use crate::error::{Error, Result};

/// How often the next model is asked how far it is.
const LOOK: Duration = Duration::from_secs(1);

/// More seldom where that takes long: this many times as long is waited.
const SELDOM: u32 = 20;

/// How far the model is that is to take over.
#[derive(Debug, Clone)]
pub struct Reindexing {
    /// `PROVIDER:MODEL`.
    pub embedder: String,
    /// Chunks that it is done with.
    pub done: u64,
    /// Chunks that there are.
    pub total: u64,
    /// Chunks a second since this process took it up.
    pub rate_per_s: f64,
    /// Why it does not get on, if so.
    pub fault: Option<String>,
}

/// What is asked about the embedding model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The model of these words shall take over.
    To(String),
    /// The one that was active before shall come back.
    Back,
    /// The active one shall stay.
    Cancel,
    /// Nothing: how far is it?
    Look,
}

impl Reindexing {
    fn begun(embedder: &Choice) -> Self {
        let embedder = embedder.to_string();
        Self { embedder, done: 0, total: 0, rate_per_s: 0.0, fault: None }
    }

    /// Seconds that the rest will take; `None` while nobody can say.
    pub fn eta_s(&self) -> Option<f64> {
        let left = self.total.saturating_sub(self.done) as f64;
        (self.rate_per_s > 0.0).then(|| left / self.rate_per_s)
    }
}

impl MeaningService {
    /// How far the model is that is to take over; `None` when none is.
    pub fn reindexing(&self) -> Option<Reindexing> {
        self.reindexing.borrow().clone()
    }

    /// Tells how far it is.
    pub fn watch_reindexing(&self) -> watch::Receiver<Option<Reindexing>> {
        self.reindexing.subscribe()
    }

    /// Changes which model is wanted, and says which is wanted now.
    pub async fn change(&self, change: &Change) -> Result<Choice> {
        if self.role == Role::Query {
            return Err(Error::usage("this daemon only answers (`daemon.role = \"query\"`)")
                .hint("ask the daemon that indexes"));
        }
        if self.embedder.provider == EmbedderProvider::None {
            return Err(Error::usage("no embedder is configured")
                .hint("set `embedder.provider` in config.toml"));
        }
        let Choices { active, wanted: earlier } =
            Choices::load(&self.catalog, &self.embedder).await?;
        let wanted = match change {
            Change::Look => return Ok(earlier),
            Change::Cancel => active.clone(),
            Change::To(words) => Choice::parse(words, &self.embedder)?,
            Change::Back => Choices::previous(&self.catalog).await?.ok_or_else(|| {
                Error::usage("no other model was active before")
                    .hint("name one: `ragterm reindex --embedder PROVIDER:MODEL`")
            })?,
        };
        if wanted == earlier {
            return Ok(wanted);
        }
        Choices::want(&self.catalog, &self.embedder, &wanted).await?;
        let is_other = wanted != active;
        self.reindexing.send_replace(is_other.then(|| Reindexing::begun(&wanted)));
        self.changed.notify_one();
        Ok(wanted)
    }

    /// Makes the vectors of the wanted model beside those in use; takes over when they are
    /// complete, in one step.
    pub(super) async fn succeed(&self, choices: &Choices, stop: &CancellationToken) -> Result<()> {
        self.reindexing.send_replace(Some(Reindexing::begun(&choices.wanted)));
        let wanted = choices.wanted.apply(&self.embedder);
        let next = loop {
            match self.connect(&wanted).await {
                Ok(next) => break next,
                Err(error) => {
                    warn!(%error, "the next embedding model cannot be used");
                    self.note(|reindexing| reindexing.fault = Some(error.with_next_step()));
                }
            }
            tokio::time::sleep(RETRY).await;
        };
        self.catalog.begin_successor(next.model()).await?;
        tokio::select! {
            () = next.work(self.role, stop) => return Ok(()),
            // It is connected to again.
            () = self.replaced(&next, &wanted) => return Ok(()),
            complete = self.until_complete(&next) => complete?,
        }
        // Nobody may take the earlier model for the active one meanwhile.
        let held = self.hold().await;
        self.catalog.switch_model(next.model()).await?;
        choices.took_over(&self.catalog).await?;
        info!(model = %choices.wanted, "another embedding model took over");
        let old = self.running();
        self.activate(next);
        drop(held);
        self.reindexing.send_replace(None);
        self.leave(old).await;
        Ok(())
    }

    /// The earlier model's vectors stay in the catalog; its place in the store is given back.
    pub(super) async fn leave(&self, old: Option<Running>) {
        let Some(old) = old else { return };
        let now = self.running();
        let is_kept = now.is_some_and(|now| now.store.place() == old.store.place());
        let is_own = self.role != Role::Query && old.store.place().is_some();
        if is_own
            && !is_kept
            && let Err(error) = old.store.drop_collection().await
        {
            warn!(%error, "the vectors of the earlier model stay in the vector store");
        }
    }

    /// Waits until the next model has everything, and says how far it is meanwhile.
    async fn until_complete(&self, next: &Running) -> Result<()> {
        let begun = Instant::now();
        let mut first = None;
        loop {
            let asked = Instant::now();
            let seq = self.catalog.seq();
            let (done, total) = match self.catalog.active_model() == Some(next.model()) {
                // Only the way to it is another.
                true => (0, 0),
                false => self.catalog.successor_progress().await?,
            };
            // After the counting: what was counted is in the store once nothing is being published.
            let state = next.follower.state();
            // It reads all documents.
            let pause = LOOK.max(asked.elapsed() * SELDOM);
            let first = *first.get_or_insert(done);
            let rate_per_s = done.saturating_sub(first) as f64 / begun.elapsed().as_secs_f64();
            let fault = state.embedder_fault.or(state.store_fault);
            self.note(|reindexing| {
                (reindexing.done, reindexing.total) = (done, total);
                (reindexing.rate_per_s, reindexing.fault) = (rate_per_s, fault.clone());
            });
            let is_level = state.applied >= seq && !state.publishing && fault.is_none();
            if done == total && is_level && seq == self.catalog.seq() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn note(&self, change: impl FnOnce(&mut Reindexing)) {
        self.reindexing.send_modify(|reindexing| {
            if let Some(reindexing) = reindexing {
                change(reindexing);
            }
        });
    }
}
