//! Following the catalog: changes are buffered, and published with their `seq` by a commit.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::Term;
use tantivy::{IndexWriter, TantivyDocument};

use super::open::failure;
use super::schema::Fields;
use super::{Change, IndexedDocument, LexicalIndex};
use crate::error::Result;

const THREADS: usize = 2;
const MEMORY_BYTES_PER_THREAD: usize = 64_000_000;

/// A word of the title counts as so many in the body; one of the headings and the file name as
/// one. On the tuning half of the labelled sets 2 and 3 tied; the other half decided for 3.
const TITLE_WEIGHT: usize = 3;

/// tantivy's writer while there is something to write.
#[derive(Default)]
pub(super) struct Writer {
    writer: Option<IndexWriter>,
    uncommitted: bool,
}

impl LexicalIndex {
    /// The last change of the catalog that searches see.
    pub fn applied_seq(&self) -> u64 {
        self.applied_seq.load(Ordering::Acquire)
    }

    /// Buffers changes; a search sees them after [`commit`](Self::commit).
    ///
    /// After an error all that was not committed is forgotten: follow again from `applied_seq`.
    pub fn apply(&self, changes: &[Change<'_>]) -> Result<()> {
        let mut slot = self.lock();
        let outcome = self.write(&mut slot, changes);
        if outcome.is_err() {
            *slot = Writer::default();
        }
        outcome
    }

    /// Publishes what was applied: on disk, and seen by every search that begins after it.
    ///
    /// After an error all that was not committed is forgotten: follow again from `applied_seq`.
    pub fn commit(&self, seq: u64) -> Result<()> {
        let mut slot = self.lock();
        let outcome = self.publish(&mut slot, seq);
        if outcome.is_err() {
            *slot = Writer::default();
        }
        outcome
    }

    /// Ends the writer's threads and frees its memory, unless changes wait for a commit.
    pub fn release_writer(&self) -> Result<()> {
        let mut slot = self.lock();
        if slot.uncommitted {
            return Ok(());
        }
        let Some(writer) = slot.writer.take() else { return Ok(()) };
        // What a merge left that failed on a full disk would stay until the next commit.
        writer.garbage_collect_files().wait().map_err(|error| failure("clear up", error))?;
        writer.wait_merging_threads().map_err(|error| failure("finish merging", error))?;
        self.reload()
    }

    fn reload(&self) -> Result<()> {
        let reloaded =
            self.reader.reload().and_then(|()| self.stretched.follow(&self.reader.searcher()));
        reloaded.map_err(|error| failure("reload", error))
    }

    /// Forgets everything; the index is empty at `seq` 0.
    pub fn clear(&self) -> Result<()> {
        let mut slot = self.lock();
        let outcome = self
            .writer(&mut slot)
            .and_then(|writer| {
                writer.delete_all_documents().map_err(|error| failure("clear", error))
            })
            .and_then(|_| self.publish(&mut slot, 0));
        if outcome.is_err() {
            *slot = Writer::default();
        }
        outcome
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Writer> {
        // A writer whose thread panicked is dropped by the error that the panic became.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn writer<'w>(&self, slot: &'w mut Writer) -> Result<&'w mut IndexWriter> {
        let writer = match slot.writer.take() {
            Some(writer) => writer,
            None => self.new_writer()?,
        };
        Ok(slot.writer.insert(writer))
    }

    fn new_writer(&self) -> Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(THREADS)
            .memory_budget_per_thread(MEMORY_BYTES_PER_THREAD)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = self
            .index
            .writer_with_options(options)
            .map_err(|error| failure("open for writing", error))?;
        let mut policy = LogMergePolicy::default();
        // Changes of single files make segments of a few passages: those merge among themselves
        // and leave the large ones alone.
        policy.set_min_layer_size(1_000);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        // A new writer numbers its first operation like the commit that it continues. A merge of
        // what was committed takes a deletion of that number for done in some of its segments,
        // where it is not, and loses it: so nothing gets that number.
        writer.run([]).map_err(|error| failure("open for writing", error))?;
        Ok(writer)
    }

    fn write(&self, slot: &mut Writer, changes: &[Change<'_>]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let fields = self.fields;
        let writer = self.writer(slot)?;
        for change in changes {
            let id = match change {
                Change::Put(document) => document.id,
                Change::Remove(id) => *id,
            };
            writer.delete_term(Term::from_field_u64(fields.document, id.0));
            if let Change::Put(document) = change {
                for ordinal in 0..document.chunks.len() {
                    writer
                        .add_document(passage(fields, document, ordinal))
                        .map_err(|error| failure("add to", error))?;
                }
            }
        }
        slot.uncommitted = true;
        Ok(())
    }

    fn publish(&self, slot: &mut Writer, seq: u64) -> Result<()> {
        let writer = self.writer(slot)?;
        let fail = |error| failure("commit to", error);
        let mut prepared = writer.prepare_commit().map_err(fail)?;
        prepared.set_payload(&seq.to_string());
        prepared.commit().map_err(fail)?;
        slot.uncommitted = false;
        self.reload()?;
        self.applied_seq.store(seq, Ordering::Release);
        Ok(())
    }
}

pub(super) fn passage(
    fields: Fields,
    document: &IndexedDocument<'_>,
    ordinal: usize,
) -> TantivyDocument {
    let chunk = &document.chunks[ordinal];
    let mut passage = TantivyDocument::new();
    for _ in 0..TITLE_WEIGHT {
        passage.add_text(fields.text, document.title);
    }
    passage.add_text(fields.text, document.file_name);
    if ordinal == 0 && !document.about.is_empty() {
        passage.add_text(fields.text, document.about);
    }
    for heading in &chunk.heading {
        passage.add_text(fields.text, heading);
    }
    passage.add_text(fields.text, &chunk.text);
    passage.add_u64(fields.document, document.id.0);
    passage.add_u64(fields.ordinal, ordinal as u64);
    passage.add_u64(fields.seq, document.seq);
    passage.add_u64(fields.source, u64::from(document.attributes.source.0));
    passage.add_text(fields.kind, &document.attributes.kind);
    passage.add_i64(fields.modified, document.attributes.modified_ms);
    passage
}
