//! How the embedding side is, for people.

use std::time::Duration;

use super::{CONNECTING, MeaningService, Reindexing};
use crate::embed::{Counts, Server};
use crate::index::MeaningState;
use crate::search::MeaningSide;
use crate::vectors;

/// A status never waits longer than this for a vector store.
const COUNT_TIMEOUT: Duration = Duration::from_secs(1);

/// How the embedding side is, for people.
#[derive(Debug, Clone, Default)]
pub struct MeaningStatus {
    /// Who computes the vectors.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Components of a vector; 0 while the model is not known.
    pub dimensions: usize,
    /// Longest text embedded in one piece, in tokens; 0 when it is not known.
    pub max_tokens: usize,
    /// Who runs the model; empty when it is built in.
    pub server: Server,
    /// Where the vectors are.
    pub backend: &'static str,
    /// The server that they are on, if any.
    pub store_server: Option<vectors::Server>,
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
    /// The model that is to take over, and how far it is.
    pub reindexing: Option<Reindexing>,
}

impl MeaningStatus {
    /// Which model it is and whether it answers, without anything that documents or calls change.
    pub fn outline(self) -> Self {
        let fault = self.state.embedder_fault.map(|_| "it does not answer at the moment".into());
        Self {
            provider: self.provider,
            model: self.model,
            dimensions: self.dimensions,
            max_tokens: 0,
            server: Server::default(),
            backend: self.backend,
            store_server: None,
            points: 0,
            embedded_texts: 0,
            refused_texts: 0,
            counts: Counts::default(),
            state: MeaningState { embedder_fault: fault, ..MeaningState::default() },
            reindexing: None,
        }
    }
}

impl MeaningService {
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
            max_tokens: identity.max_tokens,
            server: running.embedder.server().cloned().unwrap_or_default(),
            backend,
            store_server: running.store.server(),
            points,
            embedded_texts: running.queue.embedded(),
            refused_texts: running.queue.refused(),
            counts: running.embedder.counts(),
            state,
            reindexing: self.reindexing(),
        })
    }

    fn unready_status(&self, backend: &'static str) -> MeaningStatus {
        let fault = match &*self.side.borrow() {
            MeaningSide::Unready(reason) if reason != CONNECTING => Some(reason.clone()),
            _ => None,
        };
        let active = self.active.lock().unwrap_or_else(|poison| poison.into_inner());
        MeaningStatus {
            provider: active.provider.name().into(),
            model: active.model.clone(),
            server: Server { url: active.url.clone(), ..Server::default() },
            backend,
            reindexing: self.reindexing(),
            state: MeaningState { embedder_fault: fault, ..MeaningState::default() },
            ..MeaningStatus::default()
        }
    }
}
