//! Reading one entry: extraction in a worker process, then chunking.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use ragterm_connectors::document::Document;
use ragterm_connectors::extract::Reason;
use ragterm_connectors::folder::{self, Entry};
use ragterm_connectors::worker::{self, Extracted, Job, Origin, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::contained::Contained;
use crate::catalog::{
    Catalog, EncodedPassages, Place, Publication, READING_VERSION, Read, Reading, Source, kind_of,
};
use crate::chunk::{self, ChunkSettings};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// Turns entries into publications.
#[derive(Debug)]
pub struct Reader {
    pool: Pool,
    chunks: ChunkSettings,
    /// KiB of files that are being read.
    files: Arc<Semaphore>,
    /// KiB of documents inside files; what a file holds must not wait for the file itself.
    inside: Arc<Semaphore>,
}

/// What was read, and its part of the budget, which is free again once it is published.
#[derive(Debug)]
pub struct Finished {
    pub(super) publication: Publication,
    pub(super) budget: Option<OwnedSemaphorePermit>,
}

impl Finished {
    /// What to publish, and what to drop after that.
    pub fn into_parts(self) -> (Publication, Option<OwnedSemaphorePermit>) {
        (self.publication, self.budget)
    }
}

/// Files of so many KiB together are read at a time, however many they are; as many KiB of
/// documents inside them.
const BUDGET_KIB: u32 = 64 * 1024;

/// Text of so many bytes is cut in less time than handing it to another thread takes twice.
const QUICK_BYTES: usize = 24 * 1024;

/// Documents inside a file that are read ahead.
const MEMBERS: usize = 2;

impl Reader {
    /// A reader over a pool of processes.
    pub fn new(pool: Pool, chunks: ChunkSettings) -> Self {
        let budget = || Arc::new(Semaphore::new(BUDGET_KIB as usize));
        Self { pool, chunks, files: budget(), inside: budget() }
    }

    /// Ends the worker processes.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Reads one entry and the documents inside it, the entry itself last; nothing when it
    /// vanished meanwhile, which a scan will see.
    pub async fn read(
        &self,
        catalog: &Catalog,
        source: &Source,
        (known, entry): (Option<DocumentId>, Entry),
        out: &mpsc::Sender<Finished>,
    ) -> Result<()> {
        let sort = (source.registered.dialect(), entry.size);
        // The pool lets few of them through, and they must not keep other files from being read.
        let held = if worker::may_be_long(&entry.path, sort) { 0 } else { entry.size };
        let budget = part(&self.files, held).await;
        let last = match known {
            Some(id) => catalog.content(id).await?,
            None => None,
        };
        let is_current = last.as_ref().is_some_and(|(_, version)| *version == READING_VERSION);
        let last = last.map(|(hash, _)| hash);
        let before = last.clone().filter(|_| is_current);
        let mut contained = Contained {
            reader: self,
            catalog,
            source,
            entry: &entry,
            id: known.unwrap_or_else(|| catalog.new_document_id()),
            is_known: known.is_some(),
            out,
            known: None,
            is_marked: false,
            has_readable: false,
            doubted: Vec::new(),
        };
        let Some(extracted) = self.extract((source, before.as_deref()), &mut contained).await?
        else {
            return Ok(());
        };
        let hash = extracted.content.map_or(Vec::new(), |content| content.hash.to_vec());
        let place = place_read(&entry, &extracted);
        if before.is_some_and(|before| before == hash)
            && extracted.outcome.is_ok()
            && !contained.is_marked
        {
            let publication = Publication::Moved { id: contained.id, place };
            return send(out, Finished { publication, budget }).await;
        }
        let is_failed = matches!(extracted.outcome, Err(Reason::Failed(_)));
        // A container that could not be walked to its end keeps what is known of it.
        let is_cut_short = is_failed && (extracted.is_container || extracted.content.is_none());
        let fault = match is_cut_short {
            true => None,
            false => contained.emptied(&extracted, last.as_deref()).await?,
        };
        if fault.is_none() && !is_cut_short {
            contained.finish().await?;
        }
        let (id, is_known) = (contained.id, contained.is_known);
        let reading = match (fault, extracted.outcome) {
            (Some(reason), _) => Reading::Failed(reason),
            (None, Ok(_)) if extracted.is_container => Reading::Container,
            (None, outcome) => self.reading(id, outcome).await?.stated(extracted.modified_ns),
        };
        let read = Read { id, source: source.id, container: None, place, hash, reading };
        let publication =
            if is_known { Publication::Changed(read) } else { Publication::New(read) };
        send(out, Finished { publication, budget }).await
    }

    /// Extracts an entry while what is inside it is published; `None` when it vanished.
    async fn extract(
        &self,
        (source, before): (&Source, Option<&[u8]>),
        contained: &mut Contained<'_>,
    ) -> Result<Option<Extracted>> {
        let entry = contained.entry;
        let root = source.registered.opened_root();
        let job = Job {
            path: entry.path.clone(),
            dialect: source.registered.dialect(),
            size: entry.size,
            known: before.and_then(|hash| hash.try_into().ok()),
            origin: Origin::File { root: root.clone(), raw: entry.raw.clone() },
        };
        let (members, received) = mpsc::channel(MEMBERS);
        let extract = async move { self.pool.extract(job, &members).await };
        let (extracted, taken) = tokio::join!(extract, contained.take_all(received));
        taken?;
        let extracted = extracted.map_err(|error| {
            Error::unavailable(format!("cannot read {}", entry.path))
                .because(error)
                .hint("see the log; reading is tried again by itself")
        })?;
        let is_gone = extracted.content.is_none() && has_vanished(&root, &entry.raw);
        Ok((!is_gone).then_some(extracted))
    }

    /// The part of the budget for a document of so many bytes inside a file.
    pub(super) async fn budget_inside(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        part(&self.inside, bytes).await
    }

    /// What is published of a document that was read, or was not.
    pub(super) async fn reading(
        &self,
        id: DocumentId,
        outcome: std::result::Result<Document, Reason>,
    ) -> Result<Reading> {
        match outcome {
            Ok(document) => self.chunk(id, document).await,
            Err(Reason::Skipped(reason)) => Ok(Reading::Skipped(reason)),
            Err(Reason::Failed(reason)) => Ok(Reading::Failed(reason)),
        }
    }

    async fn chunk(&self, id: DocumentId, document: Document) -> Result<Reading> {
        let settings = self.chunks.clone();
        let bytes: usize = document.sections.iter().map(|section| section.text.len()).sum();
        if bytes <= QUICK_BYTES {
            return Ok(catching(move || reading(id, document, &settings)));
        }
        match tokio::task::spawn_blocking(move || reading(id, document, &settings)).await {
            Ok(reading) => Ok(reading),
            Err(error) if error.is_panic() => Ok(crashed()),
            Err(error) => Err(Error::internal("chunking was interrupted").because(error)),
        }
    }
}

async fn part(budget: &Arc<Semaphore>, bytes: u64) -> Option<OwnedSemaphorePermit> {
    let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, BUDGET_KIB);
    // Never closed, so waiting cannot fail.
    Arc::clone(budget).acquire_many_owned(kib).await.ok()
}

/// A panic while cutting is the fault of that document only.
fn catching(work: impl FnOnce() -> Reading) -> Reading {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| crashed())
}

fn crashed() -> Reading {
    Reading::Failed("cutting it into passages failed; please report this".into())
}

async fn send(out: &mpsc::Sender<Finished>, finished: Finished) -> Result<()> {
    out.send(finished).await.map_err(|_| Error::internal("nobody publishes what is read"))
}

fn has_vanished(root: &Path, raw: &Path) -> bool {
    let vanished = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
    folder::open_file(root, raw).is_err_and(vanished)
}

fn reading(id: DocumentId, document: Document, settings: &ChunkSettings) -> Reading {
    let chunks = chunk::chunk(id, &document, settings);
    if chunks.is_empty() {
        return Reading::Skipped("it has no text".into());
    }
    let title = document.title.unwrap_or_default();
    Reading::Indexed {
        passages: EncodedPassages::encode(&title, chunks),
        title,
        language: document.language.unwrap_or_default(),
        metadata: document.metadata,
        stated_ns: 0,
    }
}

/// Where an entry stands, as the catalog keeps it.
pub(super) fn place(entry: &Entry) -> Place {
    let raw = entry.raw.as_os_str().as_bytes();
    Place {
        path: entry.path.clone(),
        raw_path: if raw == entry.path.as_bytes() { Vec::new() } else { raw.to_vec() },
        kind: kind_of(&entry.path),
        size: entry.size,
        modified_ns: entry.modified_ns,
        changed_ns: entry.changed_ns,
    }
}

/// The same of an entry that was read: what was read counts, not what was listed a moment before.
fn place_read(entry: &Entry, extracted: &Extracted) -> Place {
    let listed = place(entry);
    let Some(file) = extracted.content.and_then(|content| content.file) else { return listed };
    let changed_ns = if entry.changed_ns == 0 { 0 } else { file.changed_ns };
    Place { size: file.size, modified_ns: file.modified_ns, changed_ns, ..listed }
}
