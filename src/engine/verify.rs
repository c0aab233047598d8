//! The proof that sources, catalog, keyword index and vectors agree, and the repair.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ragterm_connectors::folder::{Folder, Listing};

use super::Engine;
use crate::access::Grants;
use crate::catalog::{Outline, Publication, READING_VERSION, Source};
use crate::error::{Error, Result};
use crate::id::DocumentId;
use crate::watch::{self, Report, State};

/// How long indexing may go on before there is nothing at rest to compare.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is done about what a verification finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It is told.
    Report,
    /// It is mended, where it can be.
    Repair,
}

/// How long files that are being written are waited for.
const WRITERS_PATIENCE: Duration = Duration::from_secs(3);

/// What `verify` found.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Documents that were compared.
    pub documents: u64,
    /// Chunks that were compared.
    pub chunks: u64,
    /// Where the parts disagree; empty when all is well.
    pub findings: Vec<Finding>,
}

/// One disagreement.
#[derive(Debug, Clone)]
pub struct Finding {
    /// `source`, `catalog`, `keyword` or `vector`.
    pub check: &'static str,
    /// The document or source that it is about.
    pub subject: String,
    /// What is wrong.
    pub problem: String,
    /// Whether it was mended.
    pub repaired: bool,
}

impl Finding {
    fn is(&self, other: &Self) -> bool {
        self.check == other.check && self.subject == other.subject
    }
}

impl Verdict {
    fn add(&mut self, check: &'static str, subject: impl ToString, problem: impl Into<String>) {
        let (subject, problem) = (subject.to_string(), problem.into());
        self.findings.push(Finding { check, subject, problem, repaired: false });
    }

    fn has(&self, check: &str) -> bool {
        self.findings.iter().any(|finding| finding.check == check)
    }
}

impl Engine {
    /// Compares everything once it is at rest, and mends what can be mended if that is asked for.
    pub async fn verify(&self, remedy: Remedy) -> Result<Verdict> {
        self.rest().await?;
        let mut verdict = self.compare().await?;
        if !verdict.findings.is_empty() {
            // What changed while it was compared differs once, what is wrong differs twice.
            self.rest().await?;
            let again = self.compare().await?;
            verdict.findings.retain(|finding| again.findings.iter().any(|other| other.is(finding)));
        }
        let is_mendable = !verdict.findings.is_empty() && self.catalog.damage().is_none();
        if remedy == Remedy::Report || !is_mendable {
            return Ok(verdict);
        }
        self.repair(&verdict).await?;
        self.rest().await?;
        let after = self.compare().await?;
        Ok(merge(verdict, after))
    }

    /// Waits until nothing is being indexed.
    async fn rest(&self) -> Result<()> {
        let begin = Instant::now();
        loop {
            let status = self.status(&Grants::everything(), 0..0).await?;
            if status.damage.is_some() {
                return Ok(());
            }
            // Vectors that are still to be made are no difference, those that are half known are.
            let meaning = status.meaning.as_ref();
            let level = meaning.is_none_or(|meaning| {
                meaning.state.applied >= status.seq && !meaning.state.publishing
            });
            // A log may be written to all the time.
            let complete = status.is_idle() || begin.elapsed() > WRITERS_PATIENCE;
            if complete && status.is_at_rest() && level {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err(Error::unavailable(
                    "indexing is still going on, so nothing is at rest",
                )
                .hint("`ragterm status` shows how long it will take; verify again then"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn compare(&self) -> Result<Verdict> {
        let mut verdict = Verdict::default();
        if let Some(damage) = self.catalog.check_integrity().await? {
            let remedy = self.catalog.remedy();
            let problem = format!("the database is damaged ({damage}): {remedy}");
            verdict.add("catalog", "catalog.db", problem);
            // What cannot be read cannot be compared.
            return Ok(verdict);
        }
        for (source, report) in self.sources.reports() {
            self.compare_source(&source, &report, &mut verdict).await?;
        }
        let outlines = self.catalog.outlines().await?;
        verdict.documents = outlines.len() as u64;
        verdict.chunks = outlines.iter().map(|outline| outline.chunks).sum();
        for outline in outlines.iter().filter(|outline| outline.chunks != outline.passages) {
            let Outline { chunks, passages, .. } = outline;
            let problem = format!("{chunks} passages were published, {passages} are stored");
            verdict.add("catalog", outline.id, problem);
        }
        for (_, path) in self.catalog.orphans().await? {
            verdict.add("catalog", path, "the file that it stands in is not in the catalog");
        }
        self.compare_keyword(&outlines, &mut verdict).await?;
        self.compare_vectors(&outlines, &mut verdict).await?;
        Ok(verdict)
    }

    async fn compare_source(
        &self,
        source: &Source,
        report: &Report,
        verdict: &mut Verdict,
    ) -> Result<()> {
        let name = &source.registered.name;
        // What is unavailable or held differs on purpose.
        if matches!(report.state, State::Unavailable | State::Held | State::Elsewhere) {
            return Ok(());
        }
        let settings = watch::folder_settings(source, self.sources.settings());
        let look = move || -> std::result::Result<Listing, String> {
            let folder = Folder::open(settings).map_err(|error| error.to_string())?;
            folder.scan().map_err(|error| error.to_string())
        };
        let scan = tokio::task::spawn_blocking(look).await;
        let scan = scan.map_err(|error| Error::internal("the scan failed").because(error))?;
        let listing = match scan {
            Ok(listing) => listing,
            Err(reason) => {
                verdict.add("source", name, reason);
                return Ok(());
            }
        };
        let known = self.catalog.known(source.id).await?;
        let diff = watch::diff(listing, known, READING_VERSION, watch::Retry::Outdated);
        for (id, entry) in &diff.read {
            let problem = if id.is_some() {
                "it changed and was not read"
            } else {
                "it is not in the catalog"
            };
            verdict.add("source", &entry.path, problem);
        }
        for known in &diff.gone {
            verdict.add("source", &known.path, "it is in the catalog, but not in the source");
        }
        for (_, problem) in &diff.problems {
            verdict.add("source", &problem.path, "it cannot be read and that is not recorded");
        }
        Ok(())
    }

    async fn compare_keyword(&self, outlines: &[Outline], verdict: &mut Verdict) -> Result<()> {
        let lexical = self.keyword.index();
        let listed = tokio::task::spawn_blocking(move || lexical.documents()).await;
        let listed =
            listed.map_err(|error| Error::internal("the comparison failed").because(error));
        let listed = match listed? {
            Ok(listed) => listed,
            Err(error) => {
                verdict.add("keyword", "the whole index", error.to_string());
                return Ok(());
            }
        };
        let mut indexed: HashMap<DocumentId, (u64, u64)> = listed
            .into_iter()
            .map(|(id, seq, passages)| (id, (seq, u64::from(passages))))
            .collect();
        for outline in outlines {
            match indexed.remove(&outline.id) {
                None => verdict.add("keyword", outline.id, "the keyword index lacks it"),
                Some((seq, _)) if seq != outline.seq => {
                    verdict.add("keyword", outline.id, "the keyword index has another version");
                }
                Some((_, passages)) if passages != outline.chunks => {
                    verdict.add("keyword", outline.id, "the keyword index has other passages");
                }
                Some(_) => {}
            }
        }
        for id in indexed.keys() {
            verdict.add("keyword", id, "the keyword index has it, the catalog does not");
        }
        Ok(())
    }

    async fn compare_vectors(&self, outlines: &[Outline], verdict: &mut Verdict) -> Result<()> {
        let Some(running) = self.meaning.running() else { return Ok(()) };
        let mut indexed: HashMap<DocumentId, u64> =
            running.store.documents().await?.into_iter().collect();
        for outline in outlines {
            let vectors = indexed.remove(&outline.id).unwrap_or_default();
            if outline.is_embedded && vectors != outline.embedded {
                let embedded = outline.embedded;
                let problem = format!("{embedded} passages have a vector, {vectors} are searched");
                verdict.add("vector", outline.id, problem);
            }
        }
        for id in indexed.keys() {
            verdict.add("vector", id, "the vector index has it, the catalog does not");
        }
        Ok(())
    }

    async fn repair(&self, verdict: &Verdict) -> Result<()> {
        let ids = |check: &'static str| {
            let of_check = move |finding: &&Finding| finding.check == check;
            let found = verdict.findings.iter().filter(of_check);
            found.filter_map(|finding| finding.subject.parse().ok()).collect::<Vec<DocumentId>>()
        };
        self.catalog.read_again(&ids("catalog")).await?;
        let orphans = self.catalog.orphans().await?.into_iter();
        let orphans: Vec<_> = orphans.map(|(id, _)| Publication::Gone(id)).collect();
        self.catalog.publish(&orphans).await?;
        if verdict.has("source") || verdict.has("catalog") {
            for mut watched in self.sources.rescan("").await? {
                // It ends when the run is over or the source is removed.
                let until = watched.until;
                let _gone = watched.report.wait_for(|report| report.runs >= until).await;
            }
        }
        if verdict.has("keyword") {
            self.keyword.rebuild();
            self.keyword.reach(self.catalog.seq()).await?;
        }
        let damaged = ids("vector");
        if let Some(running) = self.meaning.running()
            && !damaged.is_empty()
        {
            running.follower.repair(&damaged).await?;
            running.queue.wake();
        }
        Ok(())
    }
}

/// The findings of the first comparison, mended where the second does not have them.
fn merge(before: Verdict, after: Verdict) -> Verdict {
    let still = |finding: &Finding| after.findings.iter().any(|other| other.is(finding));
    let mut findings: Vec<Finding> = before
        .findings
        .iter()
        .map(|finding| Finding { repaired: !still(finding), ..finding.clone() })
        .collect();
    let known = |finding: &Finding| before.findings.iter().any(|other| other.is(finding));
    findings.extend(after.findings.iter().filter(|finding| !known(finding)).cloned());
    Verdict { findings, ..after }
}
