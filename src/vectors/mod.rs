//! Vector stores: what follows the catalog with vectors, and finds the nearest passages.

mod embedded;
mod milvus;
mod qdrant;
mod server;
mod unit;

use async_trait::async_trait;

use crate::config::{self, StoreBackend};
use crate::error::Result;
use crate::filter::{Attributes, Filter};
use crate::id::DocumentId;

pub use embedded::{EmbeddedIndex, EmbeddedStore};
pub use milvus::MilvusStore;
pub use qdrant::QdrantStore;

/// A document's best passage for a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The document.
    pub document: DocumentId,
    /// The passage's index in the document.
    pub ordinal: u32,
    /// The cosine of query and passage, from -1 to 1.
    pub score: f32,
}

/// All vectors of one document.
#[derive(Debug, Clone)]
pub struct DocumentVectors<'a> {
    /// The document.
    pub document: DocumentId,
    /// What filters look at.
    pub attributes: Attributes,
    /// Passage ordinals with their vectors; of any length, they are scaled to 1.
    pub vectors: &'a [(u32, &'a [f32])],
}

/// What [`VectorStore::ensure`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// The collection was there, with what was put into it.
    Existing,
    /// The collection was missing and is there now, empty.
    Created,
}

/// The server behind a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its address, as people know it.
    pub url: String,
    /// What it said it is when the collection was last ensured.
    pub version: Option<String>,
}

/// Which vectors a store is to hold: those of one model for one catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The catalog's identity; stores of different catalogs never meet.
    pub catalog: String,
    /// The embedding model's fingerprint; nor do different models.
    pub model: String,
    /// Components of each vector.
    pub dimensions: usize,
}

/// Holds the vectors of one model and finds the nearest.
///
/// Writes are idempotent. After `Ok` a write is seen by every search that begins later and is as
/// durable as the store. `Unavailable` is worth trying again; `NotFound` says that the collection
/// is gone, and [`ensure`](Self::ensure) makes it anew.
#[async_trait]
pub trait VectorStore: std::fmt::Debug + Send + Sync {
    /// The name under which the follower's place is kept in the catalog: unique for back-end,
    /// address and collection. `None` for a store that starts empty with each process.
    fn place(&self) -> Option<&str>;

    /// The server; `None` for a store inside this process.
    fn server(&self) -> Option<Server>;

    /// Makes the collection if it is missing; `Usage` when it differs from the configuration.
    async fn ensure(&self) -> Result<Ensured>;

    /// Replaces all vectors of each document; a document without vectors is removed.
    async fn put(&self, documents: &[DocumentVectors<'_>]) -> Result<()>;

    /// Removes all vectors of the documents; unknown ones are passed over.
    async fn remove(&self, documents: &[DocumentId]) -> Result<()>;

    /// The best passage of each of the `limit` nearest documents that `filter` selects.
    ///
    /// Best first, ties by document id. The filter acts inside the search, never after it.
    async fn nearest(&self, query: &[f32], filter: &Filter, limit: usize)
    -> Result<Vec<Candidate>>;

    /// How many vectors the store holds.
    async fn count(&self) -> Result<u64>;

    /// Every document with its number of vectors, sorted by id.
    async fn documents(&self) -> Result<Vec<(DocumentId, u64)>>;

    /// The stored vectors of a document by ordinal, scaled to length 1; to within the precision
    /// of the store.
    async fn vectors(&self, document: DocumentId) -> Result<Vec<(u32, Vec<f32>)>>;

    /// Drops the collection with everything in it; a missing one is no error.
    async fn drop_collection(&self) -> Result<()>;
}

/// The store that the configuration names; connects to nothing yet.
pub fn open(
    config: &config::Store,
    contents: &Contents,
) -> Result<std::sync::Arc<dyn VectorStore>> {
    match config.backend {
        StoreBackend::Embedded => Ok(std::sync::Arc::new(EmbeddedStore::new(contents.dimensions))),
        StoreBackend::Milvus => Ok(std::sync::Arc::new(MilvusStore::new(config, contents)?)),
        StoreBackend::Qdrant => Ok(std::sync::Arc::new(QdrantStore::new(config, contents)?)),
    }
}
