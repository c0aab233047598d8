//! One comparison with the whole source, applied slice by slice: begin, continue, end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ragterm_connectors::folder::{Entry, Folder};
use tracing::{debug, info, warn};

use super::super::brake::View;
use super::super::diff::{Diff, Retry};
use super::super::report::{Job, Run, State};
use super::SourceTask;
use crate::catalog::now_ms;
use crate::error::Result;
use crate::id::DocumentId;
use crate::index::{Tally, Work};

/// Entries read before the task looks for hints and commands again.
pub(super) const SLICE: usize = 512;

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
        let backlog = self.first_part(&mut work, known, view).await?;
        let total = backlog.len() as u64;
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
        let gone = work.gone.len() as u64;
        if !self.removals.allow(gone, known, view, Instant::now()) {
            warn!(source = %self.name(), removals = gone, "removals wait for confirmation");
            work.gone.clear();
        }
        let held = self.removals.held();
        self.report.send_modify(|report| report.held = held);
        Ok(std::mem::take(&mut work.read))
    }

    /// Applies the next slice of the run, or ends it.
    pub(super) async fn continue_run(&mut self, folder: &Arc<Folder>) -> Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let mut read = Vec::new();
        while read.len() < SLICE
            && let Some(next) = running.backlog.pop_front()
        {
            read.push(next);
        }
        if read.is_empty() {
            let Some(again) = running.again else { return self.end_run().await };
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

    async fn end_run(&mut self) -> Result<()> {
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
        info!(source = %self.name(), tally.indexed, tally.moved, tally.removed, tally.failed, unchanged, ?took, "source is up to date");
        Ok(())
    }

    pub(super) async fn apply(&self, work: Work, count: Count) -> Result<Tally> {
        let total = std::sync::Mutex::new(Tally::default());
        let result = self
            .shared
            .indexer
            .apply(&self.source, work, &|tally| {
                total.lock().unwrap_or_else(|poison| poison.into_inner()).add(tally);
                if count == Count::Job {
                    self.report.send_modify(|report| {
                        if let Some(job) = &mut report.job {
                            job.done += tally.documents();
                            job.total += tally.inside;
                        }
                    });
                }
            })
            .await;
        result?;
        Ok(total.into_inner().unwrap_or_else(|poison| poison.into_inner()))
    }

    /// Ends a run that cannot go on; those who wait for it see the state.
    pub(super) fn end_early(&mut self) {
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

/// Whether applied documents count towards the job that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Job,
    Aside,
}
