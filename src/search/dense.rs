//! The side of a search that goes by meaning: the query's vector, then the nearest passages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{Instrument, debug_span, warn};

use super::fuse::Scored;
use super::{Mode, Request, Side};
use crate::embed::{Embedder, Purpose};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::metrics::{Stage, Stages};
use crate::vectors::{Candidate, VectorStore};

/// A query never waits longer than this for its vector, nor for the store.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What searches by meaning: a model and a store with its vectors.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// Turns the query into a vector.
    pub embedder: Arc<dyn Embedder>,
    /// Finds the nearest passages.
    pub store: Arc<dyn VectorStore>,
    /// The last change whose vectors are in the store.
    pub applied: watch::Receiver<u64>,
    /// The last change when the store began to be filled.
    pub loaded_at: u64,
}

/// The side that searches by meaning, as it is now.
#[derive(Debug, Clone, Default)]
pub enum MeaningSide {
    /// No embedder is configured.
    #[default]
    Off,
    /// Why it cannot be asked yet.
    Unready(String),
    /// It can be asked.
    Ready(Meaning),
}

impl MeaningSide {
    /// Whether the model reads the language of a text; what is not there reads nothing.
    pub fn reads(&self, text: &str) -> bool {
        match self {
            Self::Off => false,
            // The model is not known yet; the answer says that meaning is missing.
            Self::Unready(_) => true,
            Self::Ready(meaning) => meaning.embedder.reads(text),
        }
    }

    /// The nearest passages; what fails is said in the answer, not in its place.
    pub(super) async fn search(
        &self,
        request: &Request,
        filter: &Filter,
        depth: usize,
    ) -> Result<Side> {
        match self {
            Self::Off => match request.mode {
                Mode::Semantic => Err(Error::usage("no embedding model is configured")
                    .hint("set `embedder.provider`, or search with --mode keyword")),
                _ => Ok(Side::none()),
            },
            Self::Unready(reason) => {
                Ok(Side::degraded(format!("meaning was not searched: {reason}")))
            }
            Self::Ready(meaning) => Ok(meaning.search(&request.text, filter, depth).await),
        }
    }
}

impl Meaning {
    async fn search(&self, text: &str, filter: &Filter, depth: usize) -> Side {
        let searching = self.nearest(text, filter, depth);
        match tokio::time::timeout(TIMEOUT, searching).await {
            Ok(Ok((found, stages))) => {
                let loading = *self.applied.borrow() < self.loaded_at;
                let degraded = loading.then(|| {
                    "meaning was searched in part: the vectors are being loaded".to_string()
                });
                Side { found: found.into_iter().map(scored).collect(), degraded, stages }
            }
            Ok(Err(error)) => {
                warn!(%error, "meaning was not searched");
                Side::degraded(format!("meaning was not searched: {error}"))
            }
            Err(_) => {
                Side::degraded("meaning was not searched: the embedder or the vector store is busy")
            }
        }
    }

    async fn nearest(
        &self,
        text: &str,
        filter: &Filter,
        depth: usize,
    ) -> Result<(Vec<Candidate>, Stages)> {
        let mut stages = Stages::default();
        let begin = Instant::now();
        let embedding = self.embedder.embed(vec![text.to_owned()], Purpose::Query);
        let mut vectors = embedding.instrument(debug_span!("embed")).await?;
        stages.since(Stage::Embed, begin);
        let vector = vectors.pop().unwrap_or_default();
        let begin = Instant::now();
        let searching = self.store.nearest(&vector, filter, depth);
        let found = searching.instrument(debug_span!("dense")).await?;
        stages.since(Stage::Dense, begin);
        Ok((found, stages))
    }
}

fn scored(candidate: Candidate) -> Scored {
    let Candidate { document, ordinal, score } = candidate;
    Scored { document, ordinal, score }
}
