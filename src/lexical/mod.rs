//! The keyword index: BM25 over passages, a follower of the catalog that can be rebuilt from it.

mod analyzer;
mod audit;
mod clause;
mod collect;
mod directory;
mod exact;
mod explain;
mod ground;
mod highlight;
#[cfg(test)]
mod interrupted;
mod normalize;
mod open;
mod plan;
mod prefix;
mod query;
mod remembered;
mod rows;
mod schema;
mod settle;
mod stem;
#[cfg(test)]
mod tests;
mod versions;
mod whole;
mod word;
mod writer;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use tantivy::{Index, IndexReader};

pub use analyzer::{Analyzer, Form, Token};
pub use explain::Contribution;
pub use highlight::Highlight;
pub use open::Opened;
pub use query::{MAX_QUERY_BYTES, Query};
pub use settle::{Settled, Settling};
pub use versions::Found;

use crate::chunk::Chunk;
use crate::filter::Attributes;
use crate::id::DocumentId;

/// A document as the catalog has it, ready to be indexed.
#[derive(Debug, Clone)]
pub struct IndexedDocument<'a> {
    /// The catalog's id.
    pub id: DocumentId,
    /// The change that made this version.
    pub seq: u64,
    /// What filters look at.
    pub attributes: Attributes,
    /// The title that people see.
    pub title: &'a str,
    /// The last part of the path.
    pub file_name: &'a str,
    /// What else says whose it is and what it is about; belongs to the first passage.
    pub about: &'a str,
    /// The passages; a passage's ordinal is its place here.
    pub chunks: &'a [Chunk],
}

/// One step of the catalog's sequence.
#[derive(Debug, Clone)]
pub enum Change<'a> {
    /// The document's passages replace all that the index has of it.
    Put(IndexedDocument<'a>),
    /// The document is gone.
    Remove(DocumentId),
}

/// A passage that matches a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passage {
    /// The document it is part of.
    pub document: DocumentId,
    /// Its place in the document's list of chunks.
    pub ordinal: u32,
    /// BM25, with what the words of the whole document add: positive, unbounded, comparable
    /// within one query only.
    pub score: f32,
}

/// The keyword index of one data directory. Searches and one writer may run at the same time.
pub struct LexicalIndex {
    directory: PathBuf,
    index: Index,
    reader: IndexReader,
    fields: schema::Fields,
    grounds: ground::Grounds,
    stretched: rows::Stretched,
    writer: Mutex<writer::Writer>,
    applied_seq: AtomicU64,
}

impl LexicalIndex {
    /// Where its files are.
    pub fn directory(&self) -> &std::path::Path {
        &self.directory
    }
}

impl std::fmt::Debug for LexicalIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LexicalIndex").field("directory", &self.directory).finish_non_exhaustive()
    }
}
