//! Retrieval: both searches at once, one fusion, then hits that the catalog vouches for.

mod dense;
mod explain;
mod fuse;
mod hydrate;
mod reading;
mod rebuilding;
mod rerank;
mod scope;
mod share;
mod snippet;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{Instrument, debug_span};

use crate::access::Grants;
use crate::catalog::{Catalog, Counts, Source};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::lexical::{self, LexicalIndex};
use crate::metrics::{Stage, Stages};

pub use dense::{Meaning, MeaningSide};
pub use fuse::{Fused, Scored, Weights};
pub use snippet::Snippet;

pub use reading::MAX_PASSAGES;
use rebuilding::Following;
use rerank::Reranker;
use share::{Share, Shares};

/// Candidates beyond those that are shown.
const SPARE: usize = 10;

/// Hits in one answer at the most.
pub const MAX_LIMIT: usize = 1000;

/// Which of the two searches is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Both, fused.
    #[default]
    Hybrid,
    /// Words only.
    Keyword,
    /// Meaning only.
    Semantic,
}

/// What is searched for, and where.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The words as typed.
    pub text: String,
    /// What may be seen: nothing, unless somebody says otherwise.
    pub grants: Arc<Grants>,
    /// Only these spaces; empty means every space of the grants.
    pub spaces: Vec<String>,
    /// Hits wanted; 0 means the configured number.
    pub limit: usize,
    /// Which searches are asked.
    pub mode: Mode,
    /// Only these extensions; empty means all.
    pub types: Vec<String>,
    /// Only paths that match this glob.
    pub path_glob: Option<String>,
    /// Only paths that match one of these as well; empty means all.
    pub paths: Vec<String>,
    /// Only what was modified within this time.
    pub since: Option<Duration>,
    /// Whether each hit says how it came to its score.
    pub explain: bool,
    /// How hits are ranked; `None` means as configured.
    pub ranking: Option<Ranking>,
}

/// How hits are ranked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    /// How much each of the two searches counts.
    pub weights: crate::config::Weights,
    /// Passages that each of the two searches contributes, at the least.
    pub candidates: u32,
    /// Whether the reranker has the last word, where there is one.
    pub rerank: bool,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone)]
pub struct Answer {
    /// The best first.
    pub hits: Vec<Hit>,
    /// Why the answer is not all that it could be.
    pub degraded: Option<String>,
    /// Of the searched chunks that the model reads, the part with a vector, 0 to 1.
    pub embedded_share: f64,
    /// How long it took.
    pub took: Duration,
    /// How long its parts took.
    pub stages: Stages,
}

/// A ranked document with its best passage.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The document.
    pub document: crate::catalog::Document,
    /// The source that it is in.
    pub source: Arc<Source>,
    /// The headings that lead to the best passage.
    pub heading: Vec<String>,
    /// Its first and last line.
    pub lines: Option<(u32, u32)>,
    /// Its page.
    pub page: Option<u32>,
    /// What it says around the words that were searched for.
    pub snippet: Snippet,
    /// The whole passage.
    pub text: String,
    /// How it was ranked.
    pub fused: Fused,
    /// What the reranker said of the passage, from 0 to 1.
    pub rerank: Option<f32>,
    /// Other documents of equal content.
    pub also_at: Vec<(crate::catalog::Document, Arc<Source>)>,
    /// How the score came about, when asked for.
    pub explanation: Vec<String>,
}

/// Answers searches.
#[derive(Debug)]
pub struct Retriever {
    catalog: Catalog,
    lexical: watch::Receiver<Arc<LexicalIndex>>,
    meaning: watch::Receiver<MeaningSide>,
    settings: crate::config::Search,
    reranker: Option<Reranker>,
    shares: Shares,
    words: Option<Following>,
}

/// What one side found, or why it did not look.
struct Side {
    found: Vec<Scored>,
    degraded: Option<String>,
    stages: Stages,
}

impl Side {
    fn none() -> Self {
        Self { found: Vec::new(), degraded: None, stages: Stages::default() }
    }

    fn degraded(reason: impl Into<String>) -> Self {
        Self { degraded: Some(reason.into()), ..Self::none() }
    }
}

impl Retriever {
    /// A retriever over the given indexes; while `meaning` is not there, words decide alone.
    pub fn new(
        catalog: Catalog,
        lexical: watch::Receiver<Arc<LexicalIndex>>,
        meaning: watch::Receiver<MeaningSide>,
        settings: crate::config::Search,
    ) -> Self {
        let shares = Shares::new(catalog.clone());
        Self { catalog, lexical, meaning, settings, reranker: None, shares, words: None }
    }

    /// Has the best candidates ordered anew by the configured server, if there is one.
    pub fn reranking(mut self) -> Result<Self> {
        self.reranker = self.settings.reranker.as_ref().map(Reranker::new).transpose()?;
        Ok(self)
    }

    /// Says in its answers when the keyword index lacks what was published before this moment.
    #[must_use]
    pub fn watching(
        mut self,
        applied: watch::Receiver<u64>,
        fault: watch::Receiver<Option<String>>,
    ) -> Self {
        self.words = Some(Following { applied, fault, needed: self.catalog.seq() });
        self
    }

    /// The counts of every source, as they are now.
    pub async fn counts(&self) -> Result<Arc<Counts>> {
        self.shares.exact().await
    }

    /// Searches the spaces that `request` names, as far as its grants go.
    ///
    /// Nothing is only answered while the keyword index is being rebuilt if that takes long.
    pub async fn search(&self, request: &Request) -> Result<Answer> {
        let answer = self.search_once(request).await?;
        match &self.words {
            Some(words) if answer.hits.is_empty() && words.is_soon_rebuilt().await => {
                self.search_once(request).await
            }
            _ => Ok(answer),
        }
    }

    async fn search_once(&self, request: &Request) -> Result<Answer> {
        let begin = Instant::now();
        let query = Arc::new(lexical::Query::parse(&request.text)?);
        let scope = scope::resolve(&self.catalog, request).await?;
        let filter = Arc::new(scope.filter);
        let limit = match request.limit {
            0 => self.settings.limit as usize,
            limit => limit.min(MAX_LIMIT),
        };
        let share = self.shares.of(&filter.sources).await?;
        let meaning = self.meaning.borrow().clone();
        let ranking = request.ranking.unwrap_or(self.ranking());
        let weights = weights(request, ranking.weights, (&share, &meaning));
        let fusing = weights.keyword > 0.0 && weights.dense > 0.0;
        // One side alone needs no more than what is shown, and some to make up for what is gone.
        let depth = match fusing {
            true => (ranking.candidates as usize).max(limit * 2),
            false => limit * 2 + SPARE,
        };
        let (keyword, dense) = tokio::join!(
            self.keyword_side(request.mode, &query, &filter, depth),
            dense_side(&meaning, request, &filter, (depth, weights)),
        );
        let (keyword, dense) = (keyword?, dense?);
        let mut stages = keyword.stages.and(dense.stages);
        let fusing = Instant::now();
        let fused =
            debug_span!("fuse").in_scope(|| fuse::fuse(&keyword.found, &dense.found, weights));
        stages.since(Stage::Fuse, fusing);
        let reranker = self.reranker.as_ref().filter(|_| ranking.rerank);
        let wanted = reranker.map_or(limit, |reranker| reranker.depth().max(limit));
        let hydrating = Instant::now();
        let mut hits = self.hydrate(fused, &scope.sources, &query, wanted).await?;
        stages.since(Stage::Hydrate, hydrating);
        let mut reranked = None;
        if let Some(reranker) = reranker {
            let begin = Instant::now();
            let reranking = reranker.order(&request.text, &mut hits);
            reranked = reranking.instrument(debug_span!("rerank")).await;
            stages.since(Stage::Rerank, begin);
        }
        hits.truncate(limit);
        if request.explain {
            self.explain(&mut hits, (&query, &filter), weights).await?;
        }
        let degraded = keyword.degraded.or(dense.degraded).or(reranked);
        let (embedded_share, took) = (share.embedded(), begin.elapsed());
        Ok(Answer { hits, degraded, embedded_share, took, stages })
    }

    /// Whether the keyword index lacks what was published before the start.
    pub fn is_rebuilding(&self) -> bool {
        self.words.as_ref().is_some_and(Following::is_rebuilding)
    }

    /// How hits are ranked where nobody says otherwise.
    fn ranking(&self) -> Ranking {
        let (weights, candidates) = (self.settings.weights, self.settings.candidates);
        Ranking { weights, candidates, rerank: true }
    }

    async fn keyword_side(
        &self,
        mode: Mode,
        query: &Arc<lexical::Query>,
        filter: &Arc<Filter>,
        depth: usize,
    ) -> Result<Side> {
        if mode == Mode::Semantic {
            return Ok(Side::none());
        }
        let mut stages = Stages::default();
        let begin = Instant::now();
        let index = Arc::clone(&self.lexical.borrow());
        let (query, filter) = (Arc::clone(query), Arc::clone(filter));
        let span = debug_span!("sparse");
        let search = move || span.in_scope(|| index.search(&query, &filter, depth));
        let passages = tokio::task::spawn_blocking(search)
            .await
            .map_err(|error| Error::internal("the keyword search failed").because(error))??;
        stages.since(Stage::Sparse, begin);
        let found = passages
            .into_iter()
            .map(|passage| Scored {
                document: passage.document,
                ordinal: passage.ordinal,
                score: passage.score,
            })
            .collect();
        let degraded = self
            .is_rebuilding()
            .then(|| "words were searched in part: the keyword index is being rebuilt".into());
        Ok(Side { found, degraded, stages })
    }
}

/// The weight of each side: none for a language that the model does not read, and less for
/// meaning while only a part of the passages has a vector.
fn weights(
    request: &Request,
    configured: crate::config::Weights,
    (share, meaning): (&Share, &MeaningSide),
) -> Weights {
    match request.mode {
        Mode::Keyword => Weights { keyword: 1.0, dense: 0.0 },
        Mode::Semantic => Weights { keyword: 0.0, dense: 1.0 },
        Mode::Hybrid if !meaning.reads(&request.text) => Weights { keyword: 1.0, dense: 0.0 },
        Mode::Hybrid => Weights {
            keyword: configured.keyword as f32,
            dense: (configured.dense * share.trust()) as f32,
        },
    }
}

async fn dense_side(
    meaning: &MeaningSide,
    request: &Request,
    filter: &Filter,
    (depth, weights): (usize, Weights),
) -> Result<Side> {
    // One that is not connected says so, even while no passage has a vector yet.
    let is_missed = request.mode == Mode::Hybrid && matches!(meaning, MeaningSide::Unready(_));
    if weights.dense > 0.0 || request.mode == Mode::Semantic || is_missed {
        return meaning.search(request, filter, depth).await;
    }
    Ok(Side::none())
}
