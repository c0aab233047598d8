//! What a source's task does with hints: a look at some paths, applied at once.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use ragterm_connectors::folder::{Entry, Folder, Listing};
use unicode_normalization::UnicodeNormalization;

use super::super::brake::View;
use super::super::diff::{Diff, Retry, diff};
use super::super::report::{Job, Run, State};
use super::run::{Count, Running, slice};
use super::{SourceTask, blocking};
use crate::catalog::{Known, READING_VERSION};
use crate::error::Result;
use crate::id::DocumentId;
use crate::index::Work;

impl SourceTask {
    /// Looks at some paths again and applies the difference at once.
    pub(super) async fn look_at(
        &mut self,
        folder: &Arc<Folder>,
        (paths, retry): (Vec<PathBuf>, Retry),
    ) -> Result<()> {
        let scanned = blocking({
            let folder = Arc::clone(folder);
            move || folder.scan_paths(&paths)
        });
        let listing = match scanned.await? {
            Ok(listing) => listing,
            Err(error) => {
                self.unavailable(error.to_string());
                return Ok(());
            }
        };
        self.walks.end_vanished(&listing).await;
        let known = self.known_below(&listing).await?;
        let mut diff = diff(listing, known, READING_VERSION, retry);
        self.walks.leave_alone(&mut diff);
        if diff.read.is_empty() && diff.problems.is_empty() && diff.gone.is_empty() {
            return Ok(());
        }
        let counts = self.shared.catalog.counts().await?;
        let counts = counts.get(&self.source.id).copied().unwrap_or_default();
        let total = counts.entries;
        let rest = diff.read.len() + diff.problems.len();
        if rest == 0
            && diff.gone.len() >= self.source.registered.full()
            && diff.gone.len() as u64 >= total
        {
            self.emptied(diff.gone.len().max(counts.indexed as usize));
            return Ok(());
        }
        self.supersede(&diff);
        let mut work =
            Work { read: diff.read, problems: diff.problems, gone: diff.gone, ..Work::default() };
        let mut rest = self.first_part(&mut work, total, View::Part).await?;
        let aside = self.set_aside(&mut rest) as u64;
        let mut rest = VecDeque::from(rest);
        work.read = slice(&mut rest);
        let landed = self.landed(work.read.iter().map(|(_, entry)| entry));
        self.apply_hints(work, (rest, aside)).await?;
        let was_stuck = self.stuck.len();
        self.put_away(folder, landed).await?;
        if self.stuck.len() != was_stuck && self.running.is_none() {
            self.rest();
        }
        Ok(())
    }

    async fn known_below(&self, listing: &Listing) -> Result<Vec<Known>> {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        for covered in &listing.covered {
            let spelt = covered.to_string_lossy();
            let composed: String = spelt.nfc().collect();
            // One of two names with the same composed form keeps its own spelling.
            let other = (composed != spelt).then(|| spelt.into_owned());
            for path in std::iter::once(composed).chain(other) {
                let below = self.shared.catalog.known_below(self.source.id, &path).await?;
                known.extend(below.into_iter().map(|known| (known.path.clone(), known)));
            }
        }
        Ok(known.into_values().collect())
    }

    /// Takes out of the backlog what a later look knows better.
    fn supersede(&mut self, diff: &Diff) {
        let read = diff.read.iter().map(|(_, entry)| entry.path.as_str());
        let problems = diff.problems.iter().map(|(_, problem)| problem.path.as_str());
        let gone = diff.gone.iter().map(|known| known.path.as_str());
        let paths: HashSet<&str> = read.chain(problems).chain(gone).collect();
        self.walks.keep_waiting(|path| !paths.contains(path));
        if let Some(running) = &mut self.running {
            running.backlog.retain(|(_, entry)| !paths.contains(entry.path.as_str()));
        }
    }

    /// Applies what hints led to; what is too much for one step, or was set aside, becomes or joins
    /// a run.
    async fn apply_hints(
        &mut self,
        work: Work,
        (rest, aside): (VecDeque<(Option<DocumentId>, Entry)>, u64),
    ) -> Result<()> {
        let left = rest.len() as u64 + aside;
        if left > 0 && self.running.is_none() {
            self.running = Some(Running {
                backlog: VecDeque::new(),
                again: None,
                began: Instant::now(),
                run: Run::default(),
            });
            self.set_state(State::Indexing, String::new());
        }
        let was_idle = self.report.borrow().job.is_none();
        self.report.send_modify(|report| match &mut report.job {
            Some(job) => job.total += left,
            None => report.job = Some(Job::new("index", left + work.read.len() as u64)),
        });
        let began = Instant::now();
        let tally = self.apply(work, if was_idle { Count::Job } else { Count::Aside }).await?;
        // Somebody may look for it while a long run goes on.
        self.shared.catalog.hurry();
        match &mut self.running {
            Some(running) => {
                running.run.tally.add(tally);
                running.backlog.extend(rest);
            }
            None => {
                self.tell_indexed(tally, (0, began.elapsed()), "changes are indexed");
                self.rest();
            }
        }
        Ok(())
    }

    /// Nothing is being done; a source that is paused or unavailable stays so until it is compared.
    fn rest(&self) {
        let (state, reason) = self.resting_state();
        self.report.send_modify(|report| {
            report.job = None;
            if !matches!(report.state, State::Paused | State::Unavailable) {
                report.state = state;
                report.reason = reason;
            }
        });
    }
}
