//! A Qdrant server, 1.12 or newer, as a vector store.

mod collection;
mod connection;
mod points;
mod requests;

use std::sync::Mutex;

use async_trait::async_trait;

use self::connection::Connection;
use super::server::{Part, RowSearch, Version, best_passages, blocks, collection_name, rows};
use super::unit::direction;
use super::{Candidate, Contents, DocumentVectors, Ensured, Server, VectorStore};
use crate::config;
use crate::error::Result;
use crate::filter::Filter;
use crate::id::DocumentId;

/// Documents removed in one request.
const DOCUMENTS: usize = 1_024;

/// A collection on a Qdrant server.
#[derive(Debug)]
pub struct QdrantStore {
    connection: Connection,
    config: config::Store,
    collection: String,
    alias: String,
    dimensions: usize,
    place: String,
    version: Mutex<Option<String>>,
}

impl QdrantStore {
    /// A store that connects with its first request.
    pub fn new(config: &config::Store, contents: &Contents) -> Result<Self> {
        let connection = Connection::new(config)?;
        let collection = collection_name(&config.collection, contents);
        // The name without the model's part.
        let alias = collection.rsplit_once('_').map_or(collection.as_str(), |(first, _)| first);
        Ok(Self {
            alias: alias.to_owned(),
            place: format!("qdrant {} {collection}", connection.url),
            connection,
            config: config.clone(),
            collection,
            dimensions: contents.dimensions,
            version: Mutex::default(),
        })
    }

    fn note_version(&self, version: &str) {
        let mut known = self.version.lock().unwrap_or_else(|poison| poison.into_inner());
        *known = Some(version.to_owned());
    }

    /// The server's version; the newest form is spoken to one that did not say.
    fn version(&self) -> Version {
        let known = self.version.lock().unwrap_or_else(|poison| poison.into_inner());
        known.as_deref().and_then(Version::read).unwrap_or(Version(u32::MAX, 0))
    }
}

#[async_trait]
impl VectorStore for QdrantStore {
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
        for block in blocks(&rows, self.dimensions) {
            self.upsert(block).await?;
        }
        // Last, so that there is no moment in which a document has no vectors.
        for some in documents.chunks(DOCUMENTS) {
            let mut ids: Vec<_> = some.iter().map(|document| document.document).collect();
            ids.sort_unstable();
            let of_these = rows.iter().filter(|row| ids.binary_search(&row.document).is_ok());
            let now = of_these.map(|row| points::id(row.document, row.ordinal)).collect();
            self.delete(points::of_documents(&ids, now)).await?;
        }
        Ok(())
    }

    async fn remove(&self, documents: &[DocumentId]) -> Result<()> {
        for some in documents.chunks(DOCUMENTS) {
            self.delete(points::of_documents(some, Vec::new())).await?;
        }
        Ok(())
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
        self.count_all().await
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
impl RowSearch for QdrantStore {
    async fn nearest_rows(
        &self,
        query: &[f32],
        part: Part<'_>,
        rows: usize,
    ) -> Result<Vec<Candidate>> {
        self.search(query, points::filter(part), rows).await
    }
}
