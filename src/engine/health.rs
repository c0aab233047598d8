//! Whether this daemon can answer, and what it lacks: each back-end by itself.

use std::time::Duration;

use super::Engine;
use crate::error::Result;
use crate::metrics::Snapshot;
use crate::search::MeaningSide;

/// A back-end that does not answer within this time is missing.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a back-end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It does what it is for.
    Ok,
    /// None is configured.
    Off,
    /// It is missing; what is asked is answered without it.
    Degraded,
    /// Nothing can be answered without it.
    Down,
}

impl Condition {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Off => "off",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// One back-end and its condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// `catalog`, `keyword`, `embedder`, `store` or `llm`.
    pub name: &'static str,
    /// How it is.
    pub condition: Condition,
    /// Why it is not well; empty when it is.
    pub detail: String,
}

/// The conditions of all back-ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health(pub Vec<Check>);

impl Health {
    /// While the catalog is being opened, or waited for; `said` is what the daemon does.
    pub(super) fn opening(said: String) -> Self {
        let why = Some(format!("the daemon {said}"));
        Self(vec![Check::of("catalog", why, Condition::Down)])
    }

    /// Whether questions can be answered.
    pub fn is_ready(&self) -> bool {
        self.0.iter().all(|check| check.condition != Condition::Down)
    }
}

impl Check {
    fn of(name: &'static str, fault: Option<String>, otherwise: Condition) -> Self {
        let condition = if fault.is_some() { otherwise } else { Condition::Ok };
        Self { name, condition, detail: fault.unwrap_or_default() }
    }

    fn off(name: &'static str) -> Self {
        Self { name, condition: Condition::Off, detail: String::new() }
    }
}

impl Engine {
    /// Looks at each back-end; takes a few seconds at the most.
    pub async fn health(&self) -> Health {
        let (catalog, llm) = tokio::join!(self.catalog_check(), self.llm_check());
        let keyword = Check::of("keyword", self.words_lack(), Condition::Degraded);
        let [embedder, store] = self.meaning_checks();
        Health(vec![catalog, keyword, embedder, store, llm])
    }

    async fn catalog_check(&self) -> Check {
        let damage = self.catalog.damage().map(str::to_owned);
        let fault = match (damage, tokio::time::timeout(PATIENCE, self.catalog.ping()).await) {
            (Some(damage), _) => Some(damage),
            (None, Ok(Ok(()))) => None,
            (None, Ok(Err(error))) => Some(error.to_string()),
            (None, Err(_)) => Some(format!("it did not answer within {PATIENCE:?}")),
        };
        Check::of("catalog", fault, Condition::Down)
    }

    /// What a search by words would miss.
    fn words_lack(&self) -> Option<String> {
        self.keyword.fault().or_else(|| {
            self.retriever.is_rebuilding().then(|| "the keyword index is being rebuilt".into())
        })
    }

    fn meaning_checks(&self) -> [Check; 2] {
        let side = self.meaning.side().borrow().clone();
        let fault = |reason| Check::of("embedder", reason, Condition::Degraded);
        match side {
            MeaningSide::Off => [Check::off("embedder"), Check::off("store")],
            MeaningSide::Unready(reason) => {
                let why = Some("it is connected once the embedder answers".to_owned());
                [fault(Some(reason)), Check::of("store", why, Condition::Degraded)]
            }
            MeaningSide::Ready(_) => {
                let running = self.meaning.running();
                let state = running.map(|running| running.follower.state()).unwrap_or_default();
                let store = Check::of("store", state.store_fault, Condition::Degraded);
                [fault(state.embedder_fault), store]
            }
        }
    }

    async fn llm_check(&self) -> Check {
        match self.answerer.fault(PATIENCE).await {
            None => Check::off("llm"),
            Some(fault) => Check::of("llm", fault, Condition::Degraded),
        }
    }

    /// Whether something is missing, by what is known without asking anybody.
    pub fn is_degraded(&self) -> bool {
        let lacks = |check: &Check| check.condition == Condition::Degraded;
        self.catalog.damage().is_some()
            || self.words_lack().is_some()
            || self.answerer.is_faulty()
            || self.meaning_checks().iter().any(lacks)
    }

    /// What the metrics say of this moment.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let counts = self.retriever.counts().await?;
        let of_all = |number: fn(&crate::catalog::SourceCounts) -> u64| {
            counts.values().map(number).sum::<u64>()
        };
        let reports = self.sources.reports();
        let left = |(_, report): &(_, crate::watch::Report)| {
            report.waiting + report.job.map_or(0, |job| job.total.saturating_sub(job.done))
        };
        let seq = self.catalog.seq();
        let meaning = self.meaning.running();
        let answers = self.answerer.counts();
        Ok(Snapshot {
            keyword_lag: seq.saturating_sub(self.keyword.applied()),
            vectors_lag: meaning
                .as_ref()
                .map_or(0, |running| seq.saturating_sub(running.follower.state().applied)),
            to_read: reports.iter().map(left).sum(),
            to_embed: if meaning.is_some() { of_all(|counts| counts.waiting) } else { 0 },
            indexed: of_all(|counts| counts.indexed),
            failed: of_all(|counts| counts.failed),
            skipped: of_all(|counts| counts.skipped),
            embedded_texts: meaning.map_or(0, |running| running.queue.embedded()),
            cache_hits: answers.cache_hits,
            cache_misses: answers.cache_misses,
            backup_failing: self.backups.notice().is_some(),
        })
    }
}
