//! One comparison with the whole source, applied slice by slice: begin, continue, end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ragterm_connectors::folder::{Entry, Folder};
use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::super::brake::View;
use super::super::diff::{Diff, Retry};
use super::super::report::{Job, Report, Run, State};
use super::SourceTask;
use crate::catalog::{Source, now_ms};
use crate::error::Result;
use crate::id::DocumentId;
use crate::index::{Indexer, Tally, Work};

/// Entries read before the task looks for hints and commands again…
const SLICE: usize = 512;

/// …and bytes, because few large files take as long as many small ones.
const SLICE_BYTES: u64 = 4 * 1024 * 1024;

/// Files that are being written when a run begins are waited for no longer than this…
const SETTLE_LIMIT: Duration = Duration::from_secs(3);

/// …and looked at this often.
const SETTLE_PAUSE: Duration = Duration::from_millis(250);

/// A comparison with the whole source that is being applied.
#[derive(Debug)]
pub(super) struct Running {
    pub backlog: VecDeque<(Option<DocumentId>, Entry)>,
    /// Some files were still being written: when to look again before the run ends.
    pub again: Option<Instant>,
    pub began: Instant,
    pub run: Run,
}

impl SourceTask {
    pub(super) async fn begin_run(
        &mut self,
        diff: Diff,
        known: u64,
        began: Instant,
        view: View,
    ) -> Result<()> {
        // A run that is going on is taken over: who waits for it waits for the whole.
        let earlier = self.running.take();
        let began = earlier.as_ref().map_or(began, |earlier| earlier.began);
        let settling = diff.settling > 0 && began.elapsed() < SETTLE_LIMIT;
        let again = settling.then(|| Instant::now() + SETTLE_PAUSE);
        let unchanged = diff.unchanged;
        let mut work =
            Work { read: diff.read, problems: diff.problems, gone: diff.gone, ..Work::default() };
        let mut backlog = self.first_part(&mut work, known, view).await?;
        self.walks.forget_waiting();
        self.set_aside(&mut backlog);
        let total = (backlog.len() + self.walks.len()) as u64;
        debug!(source = %self.name(), unchanged, total, "compared");
        self.report.send_modify(|report| report.job = Some(Job::new("index", total)));
        let mut tally = self.apply(work, Count::Aside).await?;
        let mut unchanged = unchanged;
        if let Some(earlier) = earlier {
            // What the earlier part read is unchanged now.
            unchanged = unchanged.saturating_sub(earlier.run.tally.read());
            tally.add(earlier.run.tally);
        }
        self.running = Some(Running {
            backlog: backlog.into(),
            again,
            began,
            run: Run { tally, unchanged, took: Duration::ZERO },
        });
        self.set_state(State::Indexing, String::new());
        Ok(())
    }

    /// Takes what has to be read out of `work`; moves are recognised and the brake applied.
    pub(super) async fn first_part(
        &mut self,
        work: &mut Work,
        known: u64,
        view: View,
    ) -> Result<Vec<(Option<DocumentId>, Entry)>> {
        self.shared.indexer.recognise_moves(&self.source, work).await?;
        let (gone, known) = self.weigh(work, known).await?;
        if !self.removals.allow(gone, known, view, Instant::now()) {
            warn!(event = "watch", source = %self.name(), removals = gone, "removals wait for confirmation");
            work.gone.clear();
        }
        let held = self.removals.held();
        self.report.send_modify(|report| report.held = held);
        Ok(std::mem::take(&mut work.read))
    }

    /// How many documents would go, and of how many: a file counts with all that it holds.
    async fn weigh(&self, work: &Work, known: u64) -> Result<(u64, u64)> {
        if work.gone.is_empty() {
            return Ok((0, known));
        }
        let ids: Vec<DocumentId> = work.gone.iter().map(|known| known.id).collect();
        let inside = self.shared.catalog.members(&ids).await?.len() as u64;
        Ok((ids.len() as u64 + inside, known.max(self.documents().await?)))
    }

    /// How many documents the catalog has of the source, those inside files included.
    pub(super) async fn documents(&self) -> Result<u64> {
        let counts = self.shared.catalog.counts().await?;
        let counts = counts.get(&self.source.id).copied().unwrap_or_default();
        Ok(counts.indexed + counts.failed + counts.skipped)
    }

    /// Applies the next slice of the run, or ends it.
    pub(super) async fn continue_run(&mut self, folder: &Arc<Folder>) -> Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let read = slice(&mut running.backlog);
        if read.is_empty() {
            let Some(again) = running.again else { return self.end_run(folder).await };
            tokio::time::sleep_until(again.into()).await;
            return self.compare(folder, Retry::Outdated, View::Whole).await;
        }
        let landed = self.landed(read.iter().map(|(_, entry)| entry));
        let work = Work { read, ..Work::default() };
        let tally = self.apply(work, Count::Job).await?;
        self.put_away(folder, landed).await?;
        if let Some(running) = &mut self.running {
            running.run.tally.add(tally);
        }
        Ok(())
    }

    async fn end_run(&mut self, folder: &Arc<Folder>) -> Result<()> {
        let left = self.left_behind().await?;
        self.stuck.clear();
        self.put_away(folder, left).await?;
        self.look_after_failures().await?;
        let Some(running) = self.running.take() else { return Ok(()) };
        let run = Run { took: running.began.elapsed(), ..running.run };
        let now = now_ms();
        self.shared.catalog.source_scanned(self.source.id, &self.root, now).await?;
        let seq = self.shared.catalog.seq();
        let (state, reason) = self.resting_state();
        self.report.send_modify(|report| {
            report.job = None;
            report.runs += 1;
            report.last = run;
            report.published = seq;
            report.scanned_ms = now;
            report.state = state;
            report.reason = reason;
        });
        let Run { tally, unchanged, took } = run;
        self.tell_indexed(tally, (unchanged, took), "source is up to date");
        Ok(())
    }

    /// Tells what was done, and how much was left as it is.
    pub(super) fn tell_indexed(
        &self,
        tally: Tally,
        (unchanged, took): (u64, Duration),
        what: &str,
    ) {
        info!(
            event = "index",
            source = %self.name(),
            indexed = tally.indexed,
            moved = tally.moved,
            removed = tally.removed,
            failed = tally.failed,
            unchanged,
            took_ms = took.as_millis() as u64,
            "{what}"
        );
    }

    /// A file that takes an hour must not keep the daemon from ending; what was published stays.
    pub(super) async fn apply(&self, work: Work, count: Count) -> Result<Tally> {
        let work = Work { stop: self.stop.clone(), ..work };
        let report = (count == Count::Job).then_some(&self.report);
        apply((&self.shared.indexer, &self.source), work, report).await
    }

    /// Whether the run has more to do than to wait for files that are read in tasks of their own.
    pub(super) fn has_work(&self) -> bool {
        self.running.as_ref().is_some_and(|running| {
            !running.backlog.is_empty() || running.again.is_some() || self.walks.is_empty()
        })
    }

    /// Ends a run that cannot go on; those who wait for it see the state.
    pub(super) fn end_early(&mut self) {
        self.walks.stop();
        let run = self.running.take().map(|running| running.run).unwrap_or_default();
        let seq = self.shared.catalog.seq();
        self.report.send_modify(|report| {
            report.job = None;
            report.runs += 1;
            report.last = run;
            report.published = seq;
        });
    }
}

/// The next entries to be read.
pub(super) fn slice(
    backlog: &mut VecDeque<(Option<DocumentId>, Entry)>,
) -> Vec<(Option<DocumentId>, Entry)> {
    let mut bytes = 0;
    let mut count = 0;
    for (_, entry) in backlog.iter().take(SLICE) {
        bytes += entry.size;
        if count > 0 && bytes > SLICE_BYTES {
            break;
        }
        count += 1;
    }
    backlog.drain(..count).collect()
}

/// Applies work; what it comes to counts towards the job of `report`.
pub(super) async fn apply(
    (indexer, source): (&Indexer, &Source),
    work: Work,
    report: Option<&watch::Sender<Report>>,
) -> Result<Tally> {
    let total = std::sync::Mutex::new(Tally::default());
    let progress = |tally: Tally| {
        total.lock().unwrap_or_else(|poison| poison.into_inner()).add(tally);
        let Some(report) = report else { return };
        report.send_modify(|report| {
            if let Some(job) = &mut report.job {
                job.done += tally.documents();
                job.total = (job.total + tally.inside).max(job.done);
            }
        });
    };
    indexer.apply(source, work, &progress).await?;
    Ok(total.into_inner().unwrap_or_else(|poison| poison.into_inner()))
}

/// Whether applied documents count towards the job that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Job,
    Aside,
}
