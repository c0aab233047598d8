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
use super::run::{Count, Running, SLICE};
use super::{FULL, SourceTask, blocking};
use crate::catalog::{Known, READING_VERSION};
use crate::error::Result;
use crate::id::DocumentId;
use crate::index::Work;

impl SourceTask {
    /// Looks at some paths again and applies the difference at once.
    pub(super) async fn look_at(
        &mut self,
        folder: &Arc<Folder>,
        paths: Vec<PathBuf>,
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
        let known = self.known_below(&listing).await?;
        // Somebody may have mended what failed: permissions change no size and no time.
        let diff = diff(listing, known, READING_VERSION, Retry::Failed);
        if diff.read.is_empty() && diff.problems.is_empty() && diff.gone.is_empty() {
            return Ok(());
        }
        let counts = self.shared.catalog.counts().await?;
        let counts = counts.get(&self.source.id).copied().unwrap_or_default();
        let total = counts.entries;
        let rest = diff.read.len() + diff.problems.len();
        if rest == 0 && diff.gone.len() >= FULL && diff.gone.len() as u64 >= total {
            self.emptied(diff.gone.len());
            return Ok(());
        }
        self.supersede(&diff);
        let mut work =
            Work { read: diff.read, problems: diff.problems, gone: diff.gone, ..Work::default() };
        let mut read = self.first_part(&mut work, total, View::Part).await?;
        let rest = read.split_off(SLICE.min(read.len()));
        work.read = read;
        let landed = self.landed(work.read.iter().map(|(_, entry)| entry));
        self.apply_hints(work, rest).await?;
        self.put_away(folder, landed).await
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
        let Some(running) = &mut self.running else { return };
        let read = diff.read.iter().map(|(_, entry)| &entry.path);
        let problems = diff.problems.iter().map(|(_, problem)| &problem.path);
        let gone = diff.gone.iter().map(|known| &known.path);
        let paths: HashSet<&String> = read.chain(problems).chain(gone).collect();
        running.backlog.retain(|(_, entry)| !paths.contains(&entry.path));
    }

    /// Applies what hints led to; what is too much for one step becomes or joins a run.
    async fn apply_hints(
        &mut self,
        work: Work,
        rest: Vec<(Option<DocumentId>, Entry)>,
    ) -> Result<()> {
        let left = rest.len() as u64;
        if !rest.is_empty() && self.running.is_none() {
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
        let tally = self.apply(work, if was_idle { Count::Job } else { Count::Aside }).await?;
        match &mut self.running {
            Some(running) => {
                running.run.tally.add(tally);
                running.backlog.extend(rest);
            }
            None => self.rest(),
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
