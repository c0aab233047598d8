//! The follower that keeps the keyword index equal to the catalog.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::successor::Successor;
use crate::catalog::{Catalog, Change, Document};
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::filter::Attributes;
use crate::lexical::{self, IndexedDocument, LexicalIndex, Settling};

/// Changes read from the catalog at a time.
const BATCH: u32 = 256;

/// So many changes in one commit are part of a longer run…
const RUN: usize = 32;

/// …in which commits are this far apart, because each costs as much as indexing a megabyte.
const REST: Duration = Duration::from_millis(1500);

/// …or so far, where somebody changed a file meanwhile and looks for it.
const SHORT_REST: Duration = Duration::from_millis(200);

/// A run is over when nothing was published for this long.
const QUIET: Duration = Duration::from_millis(80);

/// How long after the last change the writer's memory is given back.
const IDLE: Duration = Duration::from_secs(10);

/// How often somebody who waits for the index looks whether it gets on.
const FAULT_CHECK: Duration = Duration::from_millis(250);

/// How long after a fault applying is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// Applies the catalog's changes to the keyword index.
#[derive(Debug)]
pub struct KeywordFollower {
    catalog: Catalog,
    index: watch::Sender<Arc<LexicalIndex>>,
    successor: Successor,
    applied: watch::Sender<u64>,
    fault: watch::Sender<Option<String>>,
    /// The index has to be emptied first.
    empty: AtomicBool,
    wake: Notify,
    /// Somebody waits for what is applied to be seen.
    asked: Notify,
}

impl KeywordFollower {
    /// A follower that continues where the index stands; another one is made beside it, and takes
    /// its place.
    pub fn new(catalog: Catalog, index: LexicalIndex, successor: Option<LexicalIndex>) -> Self {
        let applied = watch::Sender::new(index.applied_seq());
        let (index, successor) = (watch::Sender::new(Arc::new(index)), Successor::new(successor));
        let (fault, empty) = (watch::Sender::default(), AtomicBool::new(false));
        let (wake, asked) = (Notify::new(), Notify::new());
        Self { catalog, index, successor, applied, fault, empty, wake, asked }
    }

    /// The index that is searched.
    pub fn index(&self) -> Arc<LexicalIndex> {
        Arc::clone(&self.index.borrow())
    }

    /// Tells which index is searched.
    pub fn indexes(&self) -> watch::Receiver<Arc<LexicalIndex>> {
        self.index.subscribe()
    }

    /// The last change that the index has applied which is made to take over; `None` when there is
    /// none.
    pub fn succession(&self) -> Option<u64> {
        self.successor.applied()
    }

    /// The last change that searches see.
    pub fn applied(&self) -> u64 {
        *self.applied.borrow()
    }

    /// Tells of the last change that searches see.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.applied.subscribe()
    }

    /// Waits until searches see `seq`; fails when the follower does not get on.
    pub async fn reach(&self, seq: u64) -> Result<()> {
        let mut applied = self.applied.subscribe();
        loop {
            if *applied.borrow_and_update() >= seq {
                return Ok(());
            }
            self.asked.notify_one();
            if let Some(fault) = self.fault() {
                return Err(Error::unavailable("the keyword index does not follow").because(fault));
            }
            // The sender lives as long as self; the pause is for the fault.
            let _pause = tokio::time::timeout(FAULT_CHECK, applied.changed()).await;
        }
    }

    /// Why the follower does not get on, if it does not.
    pub fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }

    /// Tells why the follower does not get on.
    pub fn faults(&self) -> watch::Receiver<Option<String>> {
        self.fault.subscribe()
    }

    /// Has the index emptied and everything applied anew; [`reach`](Self::reach) tells when.
    pub fn rebuild(&self) {
        self.applied.send_replace(0);
        self.empty.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Runs until `stop`; a fault is shown and tried again.
    pub async fn run(&self, stop: CancellationToken) {
        let making = self.successor.make(&self.catalog, &self.wake, &stop);
        tokio::join!(self.serve(&stop), making);
    }

    async fn serve(&self, stop: &CancellationToken) {
        let mut published = self.catalog.subscribe();
        let mut settling = None;
        while !stop.is_cancelled() {
            if let Err(error) = self.follow(&mut published, stop).await {
                warn!(%error, "keyword index cannot follow");
                self.set_fault(Some(error.to_string()));
                self.release().await;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(RETRY) => {}
                }
                continue;
            }
            self.set_fault(None);
            if self.applied() < self.catalog.seq() {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = published.changed() => continue,
                () = self.wake.notified() => continue,
                () = tokio::time::sleep(IDLE) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                // What is being merged goes on; this waits for it again when it is quiet again.
                _ = published.changed() => continue,
                () = self.wake.notified() => continue,
                () = self.settle(&mut settling) => {}
            }
            self.release().await;
            tokio::select! {
                () = stop.cancelled() => return,
                _ = published.changed() => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// Applies and commits until everything published is visible.
    async fn follow(
        &self,
        published: &mut watch::Receiver<u64>,
        stop: &CancellationToken,
    ) -> Result<()> {
        self.succeed().await;
        self.clear_if_asked().await?;
        let index = self.index();
        let mut hurried = self.catalog.hurried();
        let mut read = index.applied_seq();
        let mut uncommitted = 0;
        let mut rest = Rest::after(0);
        while !stop.is_cancelled() && !self.empty.load(Ordering::Acquire) {
            published.mark_unchanged();
            let wanted = *hurried.borrow_and_update();
            let changes = self.catalog.changes_with_passages(read, BATCH).await?;
            uncommitted += changes.len();
            let caught_up = changes.len() < BATCH as usize;
            if let Some(last) = changes.last().map(|(change, _)| change.seq()) {
                let index = Arc::clone(&index);
                blocking(move || apply(&index, &changes)).await?;
                read = last;
            }
            if uncommitted == 0 || self.successor.is_ready() {
                // What was not committed is read again.
                return Ok(());
            }
            if Instant::now() >= rest.until(wanted, self.applied() + 1..=read) {
                self.commit(read).await?;
                rest = Rest::after(uncommitted);
                uncommitted = 0;
            } else if caught_up {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = published.changed() => {}
                    _ = hurried.changed() => {}
                    () = self.asked.notified() => rest = Rest::after(0),
                    // The run seems to be over.
                    () = tokio::time::sleep(QUIET) => rest = Rest::after(0),
                }
            }
        }
        Ok(())
    }

    /// Goes on with the index that was made to take over, once it is complete.
    async fn succeed(&self) {
        let Some(successor) = self.successor.take_ready() else { return };
        let applied = successor.applied_seq();
        let before = self.index.send_replace(successor);
        self.applied.send_replace(applied);
        info!(seq = applied, "the keyword index of this version has taken over");
        // What was published meanwhile comes first; what this leaves, the next start removes.
        tokio::task::spawn_blocking(move || {
            let directory = before.directory().to_owned();
            let released = before.release_writer();
            drop(before);
            if let Err(error) = released.and_then(|()| Ok(fs_err::remove_dir_all(directory)?)) {
                warn!(%error, "the earlier keyword index cannot be removed");
            }
        });
    }

    async fn clear_if_asked(&self) -> Result<()> {
        if self.empty.load(Ordering::Acquire) {
            let index = self.index();
            blocking(move || index.clear()).await?;
            self.empty.store(false, Ordering::Release);
        }
        Ok(())
    }

    async fn commit(&self, seq: u64) -> Result<()> {
        let begin = Instant::now();
        let index = self.index();
        blocking(move || index.commit(seq)).await?;
        self.applied.send_replace(seq);
        let took_ms = begin.elapsed().as_millis() as u64;
        debug!(event = "index", seq, took_ms, "keyword index committed");
        Ok(())
    }

    /// Makes few segments of many, going on with what is under way.
    async fn settle(&self, settling: &mut Option<Settling>) {
        let begin = Instant::now();
        let outcome = async {
            if settling.is_none() {
                let index = self.index();
                *settling = blocking(move || index.settle()).await?;
            }
            match settling {
                Some(settling) => settling.await.map(Some),
                None => Ok(None),
            }
        };
        let outcome = outcome.await;
        *settling = None;
        match outcome {
            Ok(Some(settled)) => {
                let took_ms = begin.elapsed().as_millis() as u64;
                debug!(event = "index", ?settled, took_ms, "many segments of the keyword index");
            }
            Ok(None) => {}
            Err(error) => warn!(%error, "the keyword index keeps its many segments for now"),
        }
    }

    async fn release(&self) {
        let index = self.index();
        if let Err(error) = blocking(move || index.release_writer()).await {
            warn!(%error, "keyword index writer cannot be released");
        }
    }

    fn set_fault(&self, fault: Option<String>) {
        self.fault.send_replace(fault);
    }
}

/// The pause after a commit.
struct Rest {
    end: Instant,
    short_end: Instant,
}

impl Rest {
    /// The pause after a commit of so many changes.
    fn after(changes: usize) -> Self {
        let now = Instant::now();
        let pause = |longest| if changes < RUN { now } else { now + longest };
        Self { end: pause(REST), short_end: pause(SHORT_REST) }
    }

    /// When the next commit may be made, which is earlier if a change that somebody looks for is
    /// among those that it would bring.
    fn until(&self, wanted: u64, changes: RangeInclusive<u64>) -> Instant {
        if changes.contains(&wanted) { self.short_end } else { self.end }
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("work on the keyword index failed").because(error))?
}

pub(super) fn apply(index: &LexicalIndex, changes: &[(Change, Arc<[Chunk]>)]) -> Result<()> {
    let about: Vec<String> = changes.iter().map(|(change, _)| about(change)).collect();
    let changes: Vec<lexical::Change<'_>> = changes.iter().zip(&about).map(convert).collect();
    index.apply(&changes)
}

/// Metadata that people search by: who wrote a document, and under which words it is filed.
const SEARCHED: [&str; 10] = [
    "aliases",
    "author",
    "categories",
    "cc",
    "from",
    "keywords",
    "labels",
    "subject",
    "tags",
    "to",
];

/// More of one value says nothing.
const MAX_VALUE_BYTES: usize = 500;

fn about(change: &Change) -> String {
    let Change::Put(document) = change else { return String::new() };
    let mut about = String::new();
    for value in SEARCHED.iter().filter_map(|key| document.metadata.get(*key)) {
        about.push_str(&value[..value.floor_char_boundary(MAX_VALUE_BYTES)]);
        about.push('\n');
    }
    about
}

fn convert<'c>(
    ((change, chunks), about): (&'c (Change, Arc<[Chunk]>), &'c String),
) -> lexical::Change<'c> {
    match change {
        Change::Removed { id, .. } => lexical::Change::Remove(*id),
        Change::Put(document) => lexical::Change::Put(IndexedDocument {
            id: document.id,
            seq: document.seq,
            attributes: attributes(document),
            title: &document.title,
            file_name: file_name(&document.path),
            about,
            chunks,
        }),
    }
}

/// What a filter looks at.
pub(super) fn attributes(document: &Document) -> Attributes {
    Attributes {
        source: document.source,
        kind: document.kind.clone(),
        modified_ms: document.modified_ns / 1_000_000,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_somebody_looks_for_shortens_the_pause_of_a_run() {
        let rest = Rest::after(RUN);
        assert_eq!(rest.until(7, 3..=9) + REST, rest.until(2, 3..=9) + SHORT_REST);
        assert_eq!(rest.until(10, 3..=9), rest.end, "it is not among them yet");
        let single = Rest::after(RUN - 1);
        assert!(single.until(2, 3..=9) <= Instant::now());
    }
}
