//! The embedded index as a vector store: filled anew from the catalog by each process.

use std::sync::Arc;

use async_trait::async_trait;

use super::EmbeddedIndex;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::id::DocumentId;
use crate::vectors::{Candidate, DocumentVectors, Ensured, Server, VectorStore};

/// An [`EmbeddedIndex`] behind the interface that servers have too.
#[derive(Debug)]
pub struct EmbeddedStore {
    index: Arc<EmbeddedIndex>,
}

impl EmbeddedStore {
    /// An empty store for vectors of `dimensions` components.
    pub fn new(dimensions: usize) -> Self {
        Self { index: Arc::new(EmbeddedIndex::new(dimensions)) }
    }
}

#[async_trait]
impl VectorStore for EmbeddedStore {
    fn place(&self) -> Option<&str> {
        None
    }

    fn server(&self) -> Option<Server> {
        None
    }

    async fn ensure(&self) -> Result<Ensured> {
        Ok(Ensured::Existing)
    }

    async fn put(&self, documents: &[DocumentVectors<'_>]) -> Result<()> {
        self.index.put(documents)
    }

    async fn remove(&self, documents: &[DocumentId]) -> Result<()> {
        self.index.remove(documents);
        Ok(())
    }

    async fn nearest(
        &self,
        query: &[f32],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>> {
        let (index, query, filter) = (Arc::clone(&self.index), query.to_vec(), filter.clone());
        tokio::task::spawn_blocking(move || index.nearest(&query, &filter, limit))
            .await
            .map_err(|error| Error::internal("the vector search failed").because(error))
    }

    async fn count(&self) -> Result<u64> {
        Ok(self.index.len() as u64)
    }

    async fn documents(&self) -> Result<Vec<(DocumentId, u64)>> {
        let list = self.index.documents();
        Ok(list.into_iter().map(|(document, vectors)| (document, vectors as u64)).collect())
    }

    async fn vectors(&self, document: DocumentId) -> Result<Vec<(u32, Vec<f32>)>> {
        Ok(self.index.vectors(document))
    }

    async fn drop_collection(&self) -> Result<()> {
        let all: Vec<_> =
            self.index.documents().into_iter().map(|(document, _)| document).collect();
        self.index.remove(&all);
        Ok(())
    }
}
