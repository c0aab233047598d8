//! Reading one entry: extraction in a worker process, then chunking.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use ragterm_connectors::document::Document;
use ragterm_connectors::extract::Reason;
use ragterm_connectors::folder::{self, Entry};
use ragterm_connectors::worker::{Job, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::catalog::{
    Catalog, EncodedPassages, Place, Publication, READING_VERSION, Read, Reading, Source,
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
    budget: Arc<Semaphore>,
}

/// What was read, and its part of the budget, which is free again once it is published.
#[derive(Debug)]
pub struct Finished {
    publication: Publication,
    budget: Option<OwnedSemaphorePermit>,
}

impl Finished {
    /// What to publish, and what to drop after that.
    pub fn into_parts(self) -> (Publication, Option<OwnedSemaphorePermit>) {
        (self.publication, self.budget)
    }
}

/// Files of so many KiB together are read at a time, however many they are.
const BUDGET_KIB: u32 = 64 * 1024;

impl Reader {
    /// A reader over a pool of processes.
    pub fn new(pool: Pool, chunks: ChunkSettings) -> Self {
        Self { pool, chunks, budget: Arc::new(Semaphore::new(BUDGET_KIB as usize)) }
    }

    /// Ends the worker processes.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Reads one entry; `None` when it vanished meanwhile, which a scan will see.
    pub async fn read(
        &self,
        catalog: &Catalog,
        source: &Source,
        known: Option<DocumentId>,
        entry: Entry,
    ) -> Result<Option<Finished>> {
        let kib = u32::try_from(entry.size / 1024).unwrap_or(u32::MAX).clamp(1, BUDGET_KIB);
        // Never closed, so waiting cannot fail.
        let budget = Arc::clone(&self.budget).acquire_many_owned(kib).await.ok();
        let root = Path::new(&source.registered.path);
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path).to_string();
        let job = Job::File { root: root.to_owned(), raw: entry.raw.clone(), name };
        let extracted = self.pool.extract(job).await.map_err(|error| {
            Error::unavailable(format!("cannot read {}", entry.path))
                .because(error)
                .hint("see the log; reading is tried again by itself")
        })?;
        if extracted.content.is_none() && has_vanished(root, &entry.raw) {
            return Ok(None);
        }
        let hash = extracted.content.map_or(Vec::new(), |content| content.hash.to_vec());
        let mut place = place(&entry);
        if let Some(file) = extracted.content.and_then(|content| content.file) {
            // What was read counts, not what was listed a moment before.
            (place.size, place.modified_ns) = (file.size, file.modified_ns);
            place.changed_ns = if entry.changed_ns == 0 { 0 } else { file.changed_ns };
        }
        if let Some(id) = known
            && catalog.content(id).await? == Some((hash.clone(), READING_VERSION))
            && extracted.outcome.is_ok()
        {
            return Ok(Some(Finished { publication: Publication::Moved { id, place }, budget }));
        }
        let id = known.unwrap_or_else(|| catalog.new_document_id());
        let reading = match extracted.outcome {
            Ok(document) => self.chunk(id, document).await?,
            Err(Reason::Skipped(reason)) => Reading::Skipped(reason),
            Err(Reason::Failed(reason)) => Reading::Failed(reason),
        };
        let read = Read { id, source: source.id, place, hash, reading };
        let publication =
            if known.is_some() { Publication::Changed(read) } else { Publication::New(read) };
        Ok(Some(Finished { publication, budget }))
    }

    async fn chunk(&self, id: DocumentId, document: Document) -> Result<Reading> {
        let settings = self.chunks.clone();
        match tokio::task::spawn_blocking(move || reading(id, document, &settings)).await {
            Ok(reading) => Ok(reading),
            Err(error) if error.is_panic() => {
                Ok(Reading::Failed("cutting it into passages failed; please report this".into()))
            }
            Err(error) => Err(Error::internal("chunking was interrupted").because(error)),
        }
    }
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
        passages: EncodedPassages::encode(&title, &chunks),
        title,
        language: document.language.unwrap_or_default(),
        metadata: document.metadata,
    }
}

/// Where an entry stands, as the catalog keeps it.
pub(super) fn place(entry: &Entry) -> Place {
    let raw = entry.raw.as_os_str().as_bytes();
    Place {
        path: entry.path.clone(),
        raw_path: if raw == entry.path.as_bytes() { Vec::new() } else { raw.to_vec() },
        size: entry.size,
        modified_ns: entry.modified_ns,
        changed_ns: entry.changed_ns,
    }
}
