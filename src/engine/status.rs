//! The state of everything, gathered in one place; each zero has a cause.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Engine, MeaningStatus, Reindexing};
use crate::access::Grants;
use crate::answer;
use crate::catalog::{Counts, Database, NewSource, Problem, Source};
use crate::config;
use crate::error::{ErrorKind, Result};
use crate::id::SourceId;
use crate::watch::{Report, State};

/// Problems that a status names unless it is asked for others.
pub const PROBLEMS: Range<u32> = 0..100;

/// Problems that a status names at the most.
const MAX_PROBLEMS: u32 = 1_000;

/// How long the first look at the sources is waited for, after the start.
const FIRST_LOOK: Duration = Duration::from_secs(60 * 60);

/// How often it is asked whether that look is over.
const PERIOD: Duration = Duration::from_secs(1);

/// What is indexed, embedded, pending, failed, and why.
#[derive(Debug, Clone)]
pub struct Status {
    /// Where the catalog lies.
    pub database: Database,
    /// Numbers by source.
    pub counts: Arc<Counts>,
    /// The sources and their latest words.
    pub sources: Vec<(Arc<Source>, Report)>,
    /// Failed and skipped entries…
    pub problems: Vec<Problem>,
    /// …of which the first has this number.
    pub problems_from: u32,
    /// The embedding side; `None` when no embedder is configured.
    pub meaning: Option<MeaningStatus>,
    /// What is wrong with the catalog's database, and what to do about it.
    pub damage: Option<(String, &'static str)>,
    /// Why the keyword index does not follow, if so.
    pub keyword_fault: Option<String>,
    /// How far the keyword index is that is to take over; `None` when there is none.
    pub keyword_succession: Option<u64>,
    /// The model that answers; empty when none is configured.
    pub answering: String,
    /// How questions ended.
    pub answers: answer::Counts,
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
    /// The fingerprint of the configuration in force.
    pub configuration: String,
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
                waiting == 0
                    && meaning.state.applied >= self.seq
                    && !meaning.state.publishing
                    && meaning.reindexing.is_none()
            })
    }
}

impl Status {
    /// Leaves out what depends on documents or calls of others.
    fn forget_the_whole(&mut self) {
        (self.seq, self.keyword_seq, self.rss_bytes) = (0, 0, 0);
        self.keyword_succession = None;
        self.answers = answer::Counts::default();
        self.notices.clear();
        self.data_directory.clear();
        self.configuration.clear();
        self.damage = self.damage.take().map(|_| ("the catalog needs its operator".into(), RETURN));
        self.keyword_fault = None;
        self.meaning = self.meaning.take().map(MeaningStatus::outline);
    }
}

impl Engine {
    /// Waits until the sources have been read once and are findable, an hour after the start at the
    /// longest.
    pub async fn first_look(&self, stop: &CancellationToken) -> Result<()> {
        let everything = Grants::everything();
        while self.started.elapsed() < FIRST_LOOK {
            if self.status(&everything, 0..0).await?.is_at_rest() {
                break;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
        Ok(())
    }

    /// Gathers the state of everything that may be seen; who does not see everything hears nothing
    /// that the rest could change. `problems` are the numbers of those that are named.
    pub async fn status(&self, grants: &Grants, problems: Range<u32>) -> Result<Status> {
        let last = problems.end.min(problems.start.saturating_add(MAX_PROBLEMS));
        let part = problems.start..last;
        let mut absence = None;
        let mut sources = self.sources.reports();
        sources.retain(|(source, _)| grants.sees(&source.registered.space));
        let ids: Vec<SourceId> = sources.iter().map(|(source, _)| source.id).collect();
        let seq = self.catalog.seq();
        let mut counts = readable(self.retriever.counts().await, &mut absence)?;
        if !grants.sees_everything() {
            let seen = counts.iter().filter(|(id, _)| ids.contains(id));
            counts = Arc::new(seen.map(|(id, counts)| (*id, *counts)).collect());
        }
        let problems = match absence {
            None => readable(self.catalog.problems(&ids, part.clone()).await, &mut absence)?,
            Some(_) => Vec::new(),
        };
        let meaning = self.meaning.status().await;
        // After the reading, which may have met it.
        let damage = self.catalog.damage().map(|damage| (damage.to_owned(), self.catalog.remedy()));
        let damage = damage.or(absence.map(|absence| (absence, RETURN)));
        if let Some((damage, _)) = &damage {
            sources.iter_mut().for_each(|(_, report)| stop_for(damage, report));
        }
        let mut status = Status {
            database: self.catalog.database(),
            counts,
            sources,
            problems,
            problems_from: part.start,
            meaning,
            damage,
            keyword_fault: self.keyword.fault(),
            keyword_succession: self.keyword.succession(),
            answering: self.answerer.model_name(),
            answers: self.answerer.counts(),
            seq,
            keyword_seq: self.keyword.applied(),
            notices: self.notices.clone(),
            uptime: self.started.elapsed(),
            rss_bytes: rss_bytes(),
            data_directory: self.paths.data_dir.display().to_string(),
            configuration: self.config.fingerprint(),
        };
        if !grants.sees_everything() {
            status.forget_the_whole();
        }
        let causes = causes(&status);
        status.notices.extend(causes);
        if grants.sees_everything() {
            status.notices.extend(of_choice(&self.config.store, &self.meaning.store()));
            status.notices.extend(self.backups.notice());
            status.notices.extend(self.backups.stale());
        }
        Ok(status)
    }
}

/// What to do about a catalog that cannot be reached.
const RETURN: &str = "check that its server runs; all goes on by itself once it is back";

/// What could be read; nothing where the catalog is damaged, which the status says elsewhere, or
/// where it cannot be reached, which `absence` says from then on.
fn readable<T: Default>(result: Result<T>, absence: &mut Option<String>) -> Result<T> {
    match result {
        Err(error) if error.kind() == ErrorKind::Corrupt => Ok(T::default()),
        Err(error) if error.kind() == ErrorKind::Unavailable => {
            *absence = Some(error.to_string());
            Ok(T::default())
        }
        result => result,
    }
}

/// A source cannot be brought up to date in a catalog that must not be written.
fn stop_for(damage: &str, report: &mut Report) {
    report.job = None;
    report.state = State::Paused;
    report.reason = damage.to_owned();
}

/// Sentences for what a reader of the numbers would ask.
fn causes(status: &Status) -> Vec<String> {
    // Nothing else can be trusted then.
    if let Some((damage, remedy)) = &status.damage {
        let what = "nothing more is indexed, and numbers and hits may be missing";
        return vec![format!("{damage}: {what}; {remedy}")];
    }
    let mut causes = Vec::new();
    if status.sources.is_empty() {
        causes.push("nothing is indexed: add a folder with `ragterm add PATH`".into());
    }
    causes.extend(status.sources.iter().filter_map(|(source, report)| {
        let indexed = status.counts.get(&source.id).map_or(0, |counts| counts.indexed);
        of_source(&source.registered, report, indexed)
    }));
    if let Some(applied) = status.keyword_succession {
        let (done, all) = (applied.min(status.seq), status.seq);
        causes.push(format!(
            "the keyword index of this version is being made ({done} of {all} changes); the earlier \
             one answers meanwhile"
        ));
    }
    causes.extend(of_languages(status));
    if let Some(fault) = &status.keyword_fault {
        causes.push(format!(
            "what changed last is not found by words yet: {fault}; tried again every few seconds"
        ));
    }
    if let Some(meaning) = &status.meaning {
        causes.extend(of_meaning(meaning));
    }
    causes
}

/// The configuration should not go on saying what is not so.
fn of_choice(configured: &config::Store, in_force: &config::Store) -> Option<String> {
    let (said, used) = (configured.backend.name(), in_force.backend.name());
    let differs = said != used || configured.url != in_force.url;
    differs.then(|| {
        format!(
            "the vectors are in the store `{used}` since `ragterm store migrate`, and the \
             configuration still says `{said}`: set `store.backend` and `store.url`"
        )
    })
}

fn of_meaning(meaning: &MeaningStatus) -> Vec<String> {
    let mut causes = Vec::new();
    if let Some(fault) = &meaning.state.embedder_fault {
        causes.push(format!(
            "no passages are being read for meaning: {fault}; tried again every few seconds, \
             search by words goes on"
        ));
    }
    if let Some(reindexing) = &meaning.reindexing {
        let Reindexing { embedder, fault, .. } = reindexing;
        let why = fault.as_ref().map_or(String::new(), |fault| format!(": {fault}"));
        causes.push(format!(
            "{} answers until {embedder} has read everything{why}; `ragterm reindex --cancel` \
             keeps the old model",
            meaning.model
        ));
    }
    if let Some(fault) = &meaning.state.store_fault {
        causes.push(format!(
            "the vector store does not follow: {fault}; tried again every few seconds, search \
             by words goes on"
        ));
    }
    causes
}

fn of_source(registered: &NewSource, report: &Report, indexed: u64) -> Option<String> {
    let name = &registered.name;
    if !report.reason.is_empty() {
        return Some(format!("source `{name}` is {}: {}", report.state.name(), report.reason));
    }
    (indexed == 0 && report.runs > 0).then(|| match registered.kind {
        config::SourceKind::Drop => format!("source `{name}` waits for files to be put into it"),
        _ => format!("source `{name}` has no document that ragterm can read"),
    })
}

fn of_languages(status: &Status) -> Option<String> {
    let Some(meaning) = &status.meaning else {
        return Some("search is by words alone: `embedder.provider` is `none`".into());
    };
    let unreadable: u64 = status
        .counts
        .values()
        .map(|counts| counts.chunks - counts.readable.min(counts.chunks))
        .sum();
    let passages = match unreadable {
        0 => return None,
        1 => "1 passage is in a language".to_owned(),
        number => format!("{number} passages are in languages"),
    };
    let model = &meaning.model;
    Some(format!("{passages} that {model} does not read: found by words, not by meaning"))
}

/// Resident memory of this process (`/proc/self/statm`, second field, in pages).
fn rss_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 =
        statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * rustix::param::page_size() as u64
}
