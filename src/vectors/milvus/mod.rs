//! A Milvus server, 2.3 to 2.6, as a vector store.

mod collection;
mod columns;
mod connection;
mod expression;
mod requests;
mod scan;
mod schema;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;

use self::connection::Connection;
use super::server::{Part, RowSearch, best_passages, blocks, collection_name, rows};
use super::unit::direction;
use super::{Candidate, Contents, DocumentVectors, Ensured, Server, VectorStore};
use crate::config;
use crate::error::Result;
use crate::filter::Filter;
use crate::id::DocumentId;

/// Documents whose keys are asked for in one request.
const DOCUMENTS: usize = 256;
/// Keys deleted in one request.
const KEYS: usize = 4_096;

/// A collection on a Milvus server.
#[derive(Debug)]
pub struct MilvusStore {
    connection: Connection,
    config: config::Store,
    collection: String,
    dimensions: usize,
    place: String,
    version: Mutex<Option<String>>,
    /// When this process last wrote, by the server's clock: searches see at least that.
    written: AtomicU64,
}

impl MilvusStore {
    /// A store that connects with its first request.
    pub fn new(config: &config::Store, contents: &Contents) -> Result<Self> {
        let connection = Connection::new(config)?;
        let collection = collection_name(&config.collection, contents);
        let place = format!("milvus {} {collection}", connection.url);
        Ok(Self {
            connection,
            config: config.clone(),
            collection,
            dimensions: contents.dimensions,
            place,
            version: Mutex::default(),
            written: AtomicU64::new(0),
        })
    }
}

#[async_trait]
impl VectorStore for MilvusStore {
    fn place(&self) -> Option<&str> {
        Some(&self.place)
    }

    fn server(&self) -> Option<Server> {
        let version = self.version.lock().unwrap_or_else(|poison| poison.into_inner()).clone();
        Some(Server { url: self.connection.url.clone(), version })
    }

    async fn ensure(&self) -> Result<Ensured> {
        self.ensure_collection().await
    }

    async fn put(&self, documents: &[DocumentVectors<'_>]) -> Result<()> {
        let rows = rows(documents, self.dimensions)?;
        let ids: Vec<_> = documents.iter().map(|document| document.document).collect();
        let mut before = self.keys(&ids).await?;
        for block in blocks(&rows, self.dimensions) {
            self.upsert(block).await?;
        }
        // Last, so that there is no moment in which a document has no vectors.
        let now: HashSet<_> =
            rows.iter().map(|row| columns::key(row.document, row.ordinal)).collect();
        before.retain(|key| !now.contains(key));
        self.delete(&before).await
    }

    async fn remove(&self, documents: &[DocumentId]) -> Result<()> {
        let keys = self.keys(documents).await?;
        self.delete(&keys).await
    }

    async fn nearest(
        &self,
        query: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        match direction(query, self.dimensions) {
            Some(query) => best_passages(self, &query, filter, limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn count(&self) -> Result<u64> {
        self.count_where("").await
    }

    async fn documents(&self) -> Result<Vec<(DocumentId, u64)>> {
        self.list_documents().await
    }

    async fn vectors(&self, document: DocumentId) -> Result<Vec<(u32, Vec<f32>)>> {
        self.vectors_of(document).await
    }

    async fn drop_collection(&self) -> Result<()> {
        self.drop_it().await
    }
}

#[async_trait]
impl RowSearch for MilvusStore {
    async fn nearest_rows(
        &self,
        query: &[f32],
        part: Part<'_>,
        rows: usize,
    ) -> Result<Vec<Candidate>> {
        self.search(query, &expression::part(part), rows).await
    }
}

impl MilvusStore {
    /// The keys of all rows of the documents.
    async fn keys(&self, documents: &[DocumentId]) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for some in documents.chunks(DOCUMENTS) {
            let answer = self.query(&expression::documents(some), &[schema::ID]).await?;
            keys.extend_from_slice(columns::texts(&answer, schema::ID)?);
        }
        Ok(keys)
    }

    async fn delete(&self, keys: &[String]) -> Result<()> {
        for some in keys.chunks(KEYS) {
            self.delete_where(expression::keys(some)).await?;
        }
        Ok(())
    }
}
