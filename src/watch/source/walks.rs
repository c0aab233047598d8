//! Files that may hold many documents: each is read in a task of its own, so that one that takes an
//! hour keeps nothing else of its source waiting.
//!
//! What is being read is left alone by every look; when it was read, its file is looked at again.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::{Join, Ready, join, ready};
use futures_util::stream::{FuturesUnordered, StreamExt};
use ragterm_connectors::folder::{Entry, Folder, Listing};
use ragterm_connectors::worker;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::super::diff::{Diff, Retry};
use super::super::report::State;
use super::SourceTask;
use super::run::apply;
use crate::error::{Error, Result};
use crate::id::DocumentId;
use crate::index::{Tally, Work};

/// Files of one source that are read at a time; the pool of workers lets through fewer.
const AT_ONCE: usize = 16;

/// The files of one source that are read in tasks of their own, or wait for that.
#[derive(Debug, Default)]
pub(super) struct Walks {
    waiting: VecDeque<(Option<DocumentId>, Entry)>,
    /// By path.
    walking: BTreeMap<String, Walking>,
    tasks: FuturesUnordered<Join<Ready<Entry>, JoinHandle<Result<Tally>>>>,
    /// Those that ended while another was waited for.
    ended: VecDeque<Walked>,
}

#[derive(Debug)]
struct Walking {
    raw: PathBuf,
    stop: CancellationToken,
}

/// What became of a file that was read.
#[derive(Debug)]
pub(super) struct Walked {
    entry: Entry,
    read: Result<Tally>,
}

impl Walks {
    /// Whether nothing is read and nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.walking.is_empty()
    }

    /// How many files are read or wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.walking.len()
    }

    /// Forgets what waits; what is being read goes on.
    pub(super) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Forgets those that wait and are not wanted.
    pub(super) fn keep_waiting(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.waiting.retain(|(_, entry)| is_wanted(&entry.path));
    }

    /// Takes out of `diff` what is being read now.
    pub(super) fn leave_alone(&self, diff: &mut Diff) {
        let is_free = |path: &str| !self.walking.contains_key(path);
        diff.read.retain(|(_, entry)| is_free(&entry.path));
        diff.problems.retain(|(_, problem)| is_free(&problem.path));
        diff.gone.retain(|known| is_free(&known.path));
    }

    /// Ends the reading of files that are no longer there, so that they can be removed; tells
    /// whether there was one.
    pub(super) async fn end_vanished(&mut self, listing: &Listing) -> bool {
        let is_listed = |path: &String| {
            listing.entries.binary_search_by(|entry| entry.path.cmp(path)).is_ok()
                || listing.problems.iter().any(|problem| problem.path == *path)
        };
        let vanished = |(path, walking): &(&String, &Walking)| {
            listing.decides(&walking.raw) && !is_listed(path)
        };
        let vanished: Vec<String> =
            self.walking.iter().filter(vanished).map(|(path, _)| path.clone()).collect();
        for path in &vanished {
            if let Some(walking) = self.walking.get(path) {
                walking.stop.cancel();
            }
        }
        let mut left = vanished.len();
        while left > 0
            && let Some(walked) = self.finished().await
        {
            if vanished.contains(&walked.entry.path) {
                self.walking.remove(&walked.entry.path);
                left -= 1;
            } else {
                self.ended.push_back(walked);
            }
        }
        !vanished.is_empty()
    }

    /// Gives up what waits and ends what is being read, without waiting for that.
    pub(super) fn stop(&mut self) {
        self.waiting.clear();
        self.walking.values().for_each(|walking| walking.stop.cancel());
    }

    /// The next file that was read; `None` when none is being read.
    pub(super) async fn next(&mut self) -> Option<Walked> {
        match self.ended.pop_front() {
            Some(walked) => Some(walked),
            None => self.finished().await,
        }
    }

    async fn finished(&mut self) -> Option<Walked> {
        let (entry, ended) = self.tasks.next().await?;
        let failed = |error| Err(Error::internal("reading a file failed").because(error));
        Some(Walked { entry, read: ended.unwrap_or_else(failed) })
    }
}

impl SourceTask {
    /// Moves what is to be read in a task of its own out of `read`; returns how many that were.
    pub(super) fn set_aside(&mut self, read: &mut Vec<(Option<DocumentId>, Entry)>) -> usize {
        let dialect = self.source.registered.dialect();
        let is_long = |entry: &Entry| worker::may_be_long(&entry.path, (dialect, entry.size));
        let long: Vec<_> = read.extract_if(.., |(_, entry)| is_long(entry)).collect();
        let count = long.len();
        self.walks.waiting.extend(long);
        count
    }

    /// Begins to read what waits, up to the number of files that may be read at a time.
    pub(super) fn start_walks(&mut self) {
        while self.walks.walking.len() < AT_ONCE
            && let Some((known, entry)) = self.walks.waiting.pop_front()
        {
            let stop = self.stop.child_token();
            let walking = Walking { raw: entry.raw.clone(), stop: stop.clone() };
            self.walks.walking.insert(entry.path.clone(), walking);
            let (indexer, source) = (self.shared.indexer.clone(), Arc::clone(&self.source));
            let report = self.report.clone();
            let work = Work { read: vec![(known, entry.clone())], stop, ..Work::default() };
            let task = self
                .shared
                .tracker
                .spawn(async move { apply((&indexer, &source), work, Some(&report)).await });
            self.walks.tasks.push(join(ready(entry), task));
        }
    }

    /// Takes note of a file that was read, and looks at it again.
    pub(super) async fn walked(&mut self, folder: &Arc<Folder>, walked: Walked) -> Result<()> {
        let Walked { entry, read } = walked;
        let walking = self.walks.walking.remove(&entry.path);
        debug!(source = %self.name(), path = %entry.path, is_read = read.is_ok(), "walked");
        match read {
            Ok(tally) => {
                if let Some(running) = &mut self.running {
                    running.run.tally.add(tally);
                }
                let landed = self.landed(std::iter::once(&entry));
                self.put_away(folder, landed).await?;
            }
            // It was given up with all that was being done. The next comparison sees to it, unless
            // that one left it alone because it had not ended yet.
            Err(_) if walking.is_some_and(|walking| walking.stop.is_cancelled()) => {
                let state = self.report.borrow().state;
                if matches!(state, State::Paused | State::Unavailable) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
        // What failed is not read again for that.
        self.look_at(folder, (vec![entry.raw], Retry::Outdated)).await
    }

    /// Waits until nothing is read any more; the source must have been told to stop.
    pub(super) async fn end_walks(&mut self) {
        self.walks.stop();
        while self.walks.next().await.is_some() {}
    }
}
