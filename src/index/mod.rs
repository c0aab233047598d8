//! From entries of a source to published documents, and the followers of the catalog.

mod contained;
mod embedding;
mod keyword;
mod meaning;
mod moves;
mod plan;
mod publishing;
mod read;
mod successor;

pub use embedding::EmbeddingQueue;
pub use keyword::KeywordFollower;
pub use meaning::{MeaningFollower, MeaningState};
use read::Finished;
pub use read::Reader;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use ragterm_connectors::container;
use ragterm_connectors::folder::{Entry, Problem};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::catalog::{Catalog, Known, Place, Publication, Read, Reading, Source, kind_of};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// Documents published in one transaction at the most.
const BATCH: usize = 256;

/// With so many entries to read, publications are gathered…
const RUN: usize = 32;

/// …up to so many…
const GATHERED: usize = 128;

/// …but not for longer than this.
const GATHER: Duration = Duration::from_millis(40);

/// Entries that are being read, or wait to be published; the reader bounds their bytes.
const READ_AHEAD: usize = 48;

/// Reads entries and publishes what they hold.
#[derive(Debug, Clone)]
pub struct Indexer {
    catalog: Catalog,
    reader: Arc<Reader>,
    tracker: TaskTracker,
}

/// A slice of the difference between a source and the catalog.
#[derive(Debug, Default)]
pub struct Work {
    /// Entries to be read; those of a known document carry its id.
    pub read: Vec<(Option<DocumentId>, Entry)>,
    /// Entries that could not even be listed; they are recorded with the reason.
    pub problems: Vec<(Option<DocumentId>, Problem)>,
    /// Documents that left the source.
    pub gone: Vec<Known>,
    /// Documents that were recognised at another place.
    pub moved: Vec<Publication>,
    /// Ends the reading early.
    pub stop: CancellationToken,
}

/// What applying a [`Work`] did, in documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Read and findable.
    pub indexed: u64,
    /// Same content at another place or time.
    pub moved: u64,
    /// Removed.
    pub removed: u64,
    /// Nothing that ragterm reads.
    pub skipped: u64,
    /// Not readable.
    pub failed: u64,
    /// Files that say nothing themselves and were walked through.
    pub containers: u64,
    /// How many of all these stand inside files.
    pub inside: u64,
    /// Bytes read.
    pub bytes: u64,
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tally {
    /// How many documents were dealt with.
    pub fn documents(&self) -> u64 {
        self.indexed + self.moved + self.removed + self.skipped + self.failed + self.containers
    }

    /// How many entries of the source were read.
    pub fn read(&self) -> u64 {
        (self.indexed + self.skipped + self.failed + self.containers).saturating_sub(self.inside)
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: Tally) {
        self.indexed += other.indexed;
        self.moved += other.moved;
        self.removed += other.removed;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.containers += other.containers;
        self.inside += other.inside;
        self.bytes += other.bytes;
    }

    fn count(&mut self, publication: &Publication) {
        match publication {
            Publication::New(read) | Publication::Changed(read) => {
                if read.container.is_some() {
                    self.inside += 1;
                } else {
                    self.bytes += read.place.size;
                }
                match read.reading {
                    // Only marked, not read yet.
                    Reading::Container if read.hash.is_empty() => {}
                    Reading::Container => self.containers += 1,
                    Reading::Indexed { .. } => self.indexed += 1,
                    Reading::Failed(_) => self.failed += 1,
                    Reading::Skipped(_) => self.skipped += 1,
                }
            }
            Publication::Moved { .. } => self.moved += 1,
            Publication::Gone(_) => self.removed += 1,
        }
    }
}

impl Indexer {
    /// An indexer that publishes into `catalog` what `reader` reads in tasks of `tracker`.
    pub fn new(catalog: Catalog, reader: Arc<Reader>, tracker: TaskTracker) -> Self {
        Self { catalog, reader, tracker }
    }

    /// Turns pairs of a new entry and a document that left into moves, by their content.
    pub async fn recognise_moves(&self, source: &Source, work: &mut Work) -> Result<()> {
        let moved = moves::find(&self.catalog, source, work).await?;
        work.moved.extend(moved);
        Ok(())
    }

    /// Publishes removals and moves first, then everything that has to be read.
    ///
    /// `progress` hears of each batch. What was published before an error stays published. Fails
    /// when it was stopped; nothing is cut off in the middle of its publication.
    pub async fn apply(
        &self,
        source: &Source,
        work: Work,
        progress: &(dyn Fn(Tally) + Send + Sync),
    ) -> Result<()> {
        let mut first = self.removals(&work.gone).await?;
        first.extend(work.moved);
        // What can no longer be listed holds nothing.
        let unlisted: Vec<_> = work.problems.iter().filter_map(|(id, _)| *id).collect();
        first.extend(self.inside(&unlisted).await?.into_iter().map(Publication::Gone));
        first.extend(
            work.problems.into_iter().map(|(id, problem)| self.problem(source, id, problem)),
        );
        for batch in first.chunks(BATCH) {
            self.publish(batch, progress).await?;
        }
        let source = Arc::new(source.clone());
        let may_be_large =
            |entry: &Entry| container::may_be_large(&entry.path, source.registered.dialect());
        let is_run =
            work.read.len() >= RUN || work.read.iter().any(|(_, entry)| may_be_large(entry));
        let publications = stream::iter(work.read)
            .map(|entry| self.read(&source, entry))
            .flatten_unordered(READ_AHEAD)
            .take_until(work.stop.clone().cancelled_owned());
        // A single change is published at once; in a longer run, fewer and larger transactions
        // cost less than many small ones.
        let pause = if is_run { GATHER } else { Duration::ZERO };
        let publications = tokio_stream::StreamExt::chunks_timeout(publications, GATHERED, pause);
        let mut publications = std::pin::pin!(publications);
        while let Some(batch) = publications.next().await {
            let finished: Vec<Finished> = batch.into_iter().collect::<Result<_>>()?;
            let (batch, budgets): (Vec<_>, Vec<_>) =
                finished.into_iter().map(Finished::into_parts).unzip();
            self.publish(&batch, progress).await?;
            drop(budgets);
        }
        match work.stop.is_cancelled() {
            true => Err(Error::unavailable("reading was stopped")),
            false => Ok(()),
        }
    }

    /// Publishes the move of a document, with what stands inside it, from `path` to an entry.
    pub async fn relocate(&self, (id, path): (DocumentId, &str), entry: &Entry) -> Result<()> {
        let moved = moves::of(&self.catalog, (id, path), entry).await?;
        for batch in moved.chunks(BATCH) {
            self.catalog.publish(batch).await?;
        }
        Ok(())
    }

    /// Removes a document and what stands inside it.
    pub async fn remove(&self, id: DocumentId) -> Result<()> {
        let ids = self.inside(&[id]).await?.into_iter().chain([id]);
        let gone: Vec<_> = ids.map(Publication::Gone).collect();
        for batch in gone.chunks(BATCH) {
            self.catalog.publish(batch).await?;
        }
        Ok(())
    }

    /// What stands inside files goes with them, before them.
    async fn removals(&self, gone: &[Known]) -> Result<Vec<Publication>> {
        let ids: Vec<DocumentId> = gone.iter().map(|known| known.id).collect();
        let inside = self.inside(&ids).await?;
        Ok(inside.into_iter().chain(ids).map(Publication::Gone).collect())
    }

    /// What stands inside files that go. The files are marked as unread first: if this ends before
    /// they are gone, and they come back, they are read again.
    async fn inside(&self, ids: &[DocumentId]) -> Result<Vec<DocumentId>> {
        let members = self.catalog.members(ids).await?;
        let files: BTreeSet<DocumentId> = members.iter().map(|member| member.container).collect();
        self.catalog.read_again(&Vec::from_iter(files)).await?;
        Ok(members.into_iter().map(|member| member.id).collect())
    }

    /// Reads in a task of its own, so that reading goes on while a batch is published.
    fn read(
        &self,
        source: &Arc<Source>,
        entry: (Option<DocumentId>, Entry),
    ) -> impl Stream<Item = Result<Finished>> + use<> {
        let (reader, catalog) = (Arc::clone(&self.reader), self.catalog.clone());
        let source = Arc::clone(source);
        let (sender, receiver) = mpsc::channel(1);
        let reading = async move { reader.read(&catalog, &source, entry, &sender).await };
        // A task that nobody waits for any more must not go on reading.
        let task = AbortOnDrop(self.tracker.spawn(reading));
        let next = |state: Option<(mpsc::Receiver<Finished>, AbortOnDrop<Result<()>>)>| async {
            let (mut receiver, mut task) = state?;
            if let Some(finished) = receiver.recv().await {
                return Some((Ok(finished), Some((receiver, task))));
            }
            match (&mut task.0).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some((Err(error), None)),
                Err(error) => Some((Err(Error::internal("reading failed").because(error)), None)),
            }
        };
        Box::pin(stream::unfold(Some((receiver, task)), next))
    }

    async fn publish(
        &self,
        batch: &[Publication],
        progress: &(dyn Fn(Tally) + Send + Sync),
    ) -> Result<()> {
        self.catalog.publish(batch).await?;
        let mut tally = Tally::default();
        batch.iter().for_each(|publication| tally.count(publication));
        progress(tally);
        Ok(())
    }

    fn problem(&self, source: &Source, id: Option<DocumentId>, problem: Problem) -> Publication {
        let (kind, path, raw_path) = (kind_of(&problem.path), problem.path, Vec::new());
        let place = Place { path, raw_path, kind, size: 0, modified_ns: 0, changed_ns: 0 };
        let reading = Reading::Skipped(problem.reason);
        let (source, container, hash) = (source.id, None, Vec::new());
        let read = |id| Read { id, source, container, place, hash, reading };
        match id {
            Some(id) => Publication::Changed(read(id)),
            None => Publication::New(read(self.catalog.new_document_id())),
        }
    }
}
