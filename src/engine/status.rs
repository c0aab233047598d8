//! The state of everything, gathered in one place; each zero has a cause.

use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::catalog::{Counts, Problem, Source};
use crate::error::Result;
use crate::watch::{Report, State};

/// Problems that a status names at the most.
const PROBLEMS: u32 = 100;

/// What is indexed, embedded, pending, failed, and why.
#[derive(Debug, Clone)]
pub struct Status {
    /// Numbers by source.
    pub counts: Arc<Counts>,
    /// The sources and their latest words.
    pub sources: Vec<(Arc<Source>, Report)>,
    /// The newest failed and skipped entries.
    pub problems: Vec<Problem>,
    /// The embedding side; `None` when no embedder is configured.
    pub meaning: Option<MeaningStatus>,
    /// Why the keyword index does not follow, if so.
    pub keyword_fault: Option<String>,
    /// The last published change.
    pub seq: u64,
    /// The last change that keyword searches see.
    pub keyword_seq: u64,
    /// What an operator should know.
    pub notices: Vec<String>,
    /// Since the start of the daemon.
    pub uptime: Duration,
    /// Memory of the daemon, in bytes; 0 where the system does not tell.
    pub rss_bytes: u64,
    /// The data directory.
    pub data_directory: String,
}

/// The embedding side.
#[derive(Debug, Clone)]
pub struct MeaningStatus {
    /// Who computes the vectors.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Components of a vector.
    pub dimensions: usize,
    /// Vectors that are searched.
    pub points: usize,
    /// The last change whose vectors are searched.
    pub applied: u64,
    /// Texts that were sent to the model since the daemon started.
    pub embedded_texts: u64,
    /// Whether new vectors are stored, but not all of them are searched yet.
    pub publishing: bool,
    /// Why it does not get on, if so.
    pub fault: Option<String>,
}

impl Status {
    /// Documents that are listed but not yet read, or still being written.
    pub fn pending(&self) -> u64 {
        let left = |report: &Report| report.job.map_or(0, |job| job.total.saturating_sub(job.done));
        self.sources.iter().map(|(_, report)| left(report)).sum::<u64>() + self.waiting()
    }

    /// Changes that were noticed and are not looked at yet: files that are still being written.
    pub fn waiting(&self) -> u64 {
        self.sources.iter().map(|(_, report)| report.waiting).sum()
    }

    /// Whether everything that can be read is findable by keyword.
    pub fn is_idle(&self) -> bool {
        self.is_at_rest() && self.waiting() == 0
    }

    /// Whether nothing is being done; files may still be written to.
    pub fn is_at_rest(&self) -> bool {
        let at_rest = |report: &Report| {
            report.job.is_none() && !matches!(report.state, State::Indexing | State::Paused)
        };
        self.sources.iter().all(|(_, report)| at_rest(report)) && self.keyword_seq >= self.seq
    }

    /// Whether it is all findable by meaning too.
    pub fn is_settled(&self) -> bool {
        let waiting: u64 = self.counts.values().map(|counts| counts.waiting).sum();
        let meaning = self.meaning.as_ref();
        self.is_idle()
            && meaning.is_none_or(|meaning| {
                waiting == 0 && meaning.applied >= self.seq && !meaning.publishing
            })
    }
}

impl Engine {
    /// Gathers the state of everything.
    pub async fn status(&self) -> Result<Status> {
        let sources = self.sources.reports();
        let seq = self.catalog.seq();
        let counts = self.retriever.counts().await?;
        let problems = self.catalog.problems(PROBLEMS).await?;
        let meaning = self.meaning.as_ref().map(|(meaning, follower)| {
            let identity = meaning.embedder.identity();
            let state = follower.state();
            MeaningStatus {
                provider: identity.provider.clone(),
                model: identity.name.clone(),
                dimensions: identity.dimensions,
                points: meaning.index.len(),
                applied: state.applied,
                embedded_texts: follower.embedded(),
                publishing: state.publishing,
                fault: state.fault,
            }
        });
        let mut status = Status {
            counts,
            sources,
            problems,
            meaning,
            keyword_fault: self.keyword.fault(),
            seq,
            keyword_seq: self.keyword.applied(),
            notices: self.notices.clone(),
            uptime: self.started.elapsed(),
            rss_bytes: rss_bytes(),
            data_directory: self.paths.data_dir.display().to_string(),
        };
        let causes = causes(&status);
        status.notices.extend(causes);
        Ok(status)
    }
}

/// Sentences for what a reader of the numbers would ask.
fn causes(status: &Status) -> Vec<String> {
    let mut causes = Vec::new();
    if status.sources.is_empty() {
        causes.push("nothing is indexed: add a folder with `ragterm add PATH`".into());
    }
    for (source, report) in &status.sources {
        let name = &source.registered.name;
        let indexed = status.counts.get(&source.id).map_or(0, |counts| counts.indexed);
        if !report.reason.is_empty() {
            causes.push(format!("source `{name}` is {}: {}", report.state.name(), report.reason));
        } else if indexed == 0 && report.runs > 0 {
            causes.push(format!("source `{name}` has no document that ragterm reads"));
        }
    }
    let unreadable: u64 = status
        .counts
        .values()
        .map(|counts| counts.chunks - counts.readable.min(counts.chunks))
        .sum();
    match &status.meaning {
        None => causes.push("meaning is not searched: `embedder.provider` is `none`".into()),
        Some(meaning) if unreadable > 0 => causes.push(format!(
            "{unreadable} passages are in languages that {} does not read; keyword search covers \
             them",
            meaning.model
        )),
        Some(_) => {}
    }
    if let Some(fault) = &status.keyword_fault {
        causes.push(format!("the keyword index does not follow: {fault}"));
    }
    if let Some(fault) = status.meaning.as_ref().and_then(|meaning| meaning.fault.as_ref()) {
        causes.push(format!("embedding is interrupted: {fault}"));
    }
    causes
}

/// Resident memory of this process (`/proc/self/statm`, second field, in pages).
fn rss_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 =
        statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * rustix::param::page_size() as u64
}
