//! The embedded vector index: exact nearest passages over compact codes in memory.

mod code;
mod documents;
mod nearest;
mod scan;
mod segment;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::code::{Code, Query};
use self::documents::Documents;
use self::nearest::Scan;
use self::segment::{Owner, Segment};
use super::{Candidate, DocumentVectors};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::id::DocumentId;

pub use self::store::EmbeddedStore;

/// An exact index in memory: about 2 bytes a component; searches never wait for large writes.
///
/// The same documents give the same results in whatever order they came.
#[derive(Debug)]
pub struct EmbeddedIndex {
    dimensions: usize,
    state: RwLock<State>,
    /// One writer at a time, so that a replacement is prepared outside the state's lock.
    writer: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    segments: Vec<Arc<Segment>>,
    documents: Documents,
}

/// Rows written under one lock: well under a millisecond.
const ROWS_PER_LOCK: usize = 256;
/// Fewer dead rows than this are not worth compacting.
const MIN_DEAD_ROWS: usize = 512;

impl EmbeddedIndex {
    /// An empty index for vectors of `dimensions` components.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, state: RwLock::default(), writer: Mutex::default() }
    }

    /// Replaces the vectors of each document; nothing changes when one has a wrong vector.
    pub fn put(&self, documents: &[DocumentVectors<'_>]) -> Result<()> {
        let codes: Vec<Vec<Code>> =
            documents.iter().map(|document| self.code(document)).collect::<Result<_>>()?;
        let _writer = self.write_alone();
        for (document, codes) in documents.iter().zip(&codes) {
            self.replace(document, codes);
        }
        self.compact();
        Ok(())
    }

    /// Removes all vectors of the documents; unknown ones are passed over.
    pub fn remove(&self, documents: &[DocumentId]) {
        let _writer = self.write_alone();
        for block in documents.chunks(ROWS_PER_LOCK) {
            let mut state = self.write();
            block.iter().for_each(|document| state.documents.remove(*document));
        }
        self.compact();
    }

    /// The best passage of each of the `limit` nearest documents that `filter` selects.
    ///
    /// Best first, ties by document id. A query of other dimensions or no direction finds nothing.
    pub fn nearest(&self, query: &[f32], filter: &Filter, limit: usize) -> Vec<Candidate> {
        let query = if query.len() == self.dimensions { Query::new(query) } else { None };
        let Some(query) = query else { return Vec::new() };
        let (selection, segments) = {
            let state = self.read();
            (state.documents.select(filter), state.segments.clone())
        };
        if limit == 0 || selection.rows == 0 {
            return Vec::new();
        }
        Scan { query: &query, segments: &segments, selection: &selection }.nearest(limit)
    }

    /// How many vectors the index holds.
    pub fn len(&self) -> usize {
        self.read().documents.live_rows()
    }

    /// Whether the index holds no vector.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored vectors of a document, to within the precision of the codes.
    pub fn vectors(&self, document: DocumentId) -> Vec<(u32, Vec<f32>)> {
        let state = self.read();
        let Some(slot) = state.documents.slot(document) else { return Vec::new() };
        let mut vectors: Vec<_> =
            state.segments.iter().flat_map(|segment| segment.vectors_of(slot)).collect();
        vectors.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        vectors
    }

    /// Every document with its number of vectors, sorted by id.
    pub fn documents(&self) -> Vec<(DocumentId, usize)> {
        self.read().documents.list()
    }

    /// The components of each vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The memory held, in bytes, to within a few percent.
    #[cfg(test)]
    fn heap_bytes(&self) -> usize {
        let state = self.read();
        let segments: usize = state.segments.iter().map(|segment| segment.heap_bytes()).sum();
        segments + state.documents.heap_bytes()
    }

    fn code(&self, document: &DocumentVectors<'_>) -> Result<Vec<Code>> {
        let code = |(ordinal, vector): &(u32, &[f32])| {
            if vector.len() != self.dimensions {
                return Err(Error::internal(format!(
                    "a vector of document {} has {} components, not {}",
                    document.document,
                    vector.len(),
                    self.dimensions
                )));
            }
            Code::new(vector).map_err(|error| {
                let what = format!("passage {ordinal} of document {}", document.document);
                Error::internal(format!("cannot index {what}")).because(error)
            })
        };
        document.vectors.iter().map(code).collect()
    }

    /// Writes the new rows where no search sees them, then swaps them in at once.
    fn replace(&self, document: &DocumentVectors<'_>, codes: &[Code]) {
        if codes.is_empty() {
            return self.write().documents.remove(document.document);
        }
        let slot = self.write().documents.reserve(document.document, &document.attributes);
        let rows: Vec<_> =
            document.vectors.iter().map(|(ordinal, _)| *ordinal).zip(codes).collect();
        for block in rows.chunks(ROWS_PER_LOCK) {
            let mut state = self.write();
            state.documents.add_rows(slot, block.len());
            for (ordinal, code) in block {
                let owner = Owner { document: document.document, ordinal: *ordinal, slot };
                state.tail(self.dimensions).push(code, owner);
            }
        }
        self.write().documents.publish(slot);
    }

    /// Rewrites the segments once a quarter of all rows is dead, one segment per lock.
    fn compact(&self) {
        let (dead, live, mut at) = {
            let state = self.read();
            let documents = &state.documents;
            (documents.dead_rows(), documents.live_rows(), state.segments.len())
        };
        if dead < MIN_DEAD_ROWS.max(live / 3) {
            return;
        }
        // Backwards: what is moved to the end was looked at already.
        while let Some(index) = at.checked_sub(1) {
            self.write().compact(index, self.dimensions);
            at = index;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_alone(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The segment that takes the next row; copied first when a search still reads it.
    fn tail(&mut self, dimensions: usize) -> &mut Segment {
        let full = |segment: &Arc<Segment>| segment.is_full();
        if self.segments.last().is_none_or(full) {
            self.segments.push(Arc::new(Segment::new(dimensions)));
        }
        let last = self.segments.len() - 1;
        Arc::make_mut(&mut self.segments[last])
    }

    /// Moves the live rows of a segment to the end when a sixteenth of it is dead.
    fn compact(&mut self, index: usize, dimensions: usize) {
        let owners = self.segments[index].owners();
        let dead = owners.iter().filter(|owner| !self.documents.is_alive(owner.slot)).count();
        if dead * 16 < owners.len() || dead == 0 {
            return;
        }
        let old = self.segments.remove(index);
        for (row, owner) in old.owners().iter().enumerate() {
            if self.documents.is_alive(owner.slot) {
                self.tail(dimensions).push_from(&old, row);
            } else {
                self.documents.drop_dead_row(owner.slot);
            }
        }
    }
}

#[cfg(test)]
mod tests;
