//! The vector stores that the suite runs against: embedded always, servers where there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ragterm::config::{self, Secret, StoreBackend};
use ragterm::filter::{Attributes, Filter};
use ragterm::id::{DocumentId, SourceId};
use ragterm::vectors::{self, Contents, DocumentVectors, VectorStore};

use crate::fake_qdrant::FakeQdrant;
use crate::support::skipped;

/// Where a store's collections come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Embedded,
    Milvus,
    Qdrant,
    FakeQdrant,
}

impl Subject {
    /// What the configuration would say; `None` without a server.
    fn config(self, fake: Option<&FakeQdrant>) -> Option<config::Store> {
        let (backend, variable) = match self {
            Self::Embedded => return Some(config::Config::default().store),
            Self::Milvus => (StoreBackend::Milvus, "RAGTERM_TEST_MILVUS"),
            Self::Qdrant | Self::FakeQdrant => (StoreBackend::Qdrant, "RAGTERM_TEST_QDRANT"),
        };
        let defaults = config::Config::default().store;
        if let Some(fake) = fake {
            return Some(config::Store { backend, url: fake.url.clone(), ..defaults });
        }
        let Ok(url) = std::env::var(format!("{variable}_URL")) else {
            skipped(&format!("{variable}_URL is not set"));
            return None;
        };
        let key = std::env::var(format!("{variable}_API_KEY"));
        let api_key = key.map_or(Secret::Unset, Secret::Value);
        let collection = "ragterm_test".into();
        Some(config::Store { backend, url, api_key, collection, ..defaults })
    }
}

/// An empty store of its own, dropped at the end of the test.
pub struct Fresh {
    pub store: Arc<dyn VectorStore>,
    pub config: config::Store,
    pub contents: Contents,
    pub _server: Option<FakeQdrant>,
}

impl Fresh {
    /// A store that is ready; `None` without a server.
    pub async fn new(subject: Subject, dimensions: usize) -> Option<Self> {
        let is_fake = subject == Subject::FakeQdrant;
        let fake = is_fake.then(|| FakeQdrant::start("1.12.4", ""));
        let config = subject.config(fake.as_ref())?;
        Some(Self::open(config, fake, dimensions).await)
    }

    /// The store of another catalog on the same server.
    pub async fn beside(&self, dimensions: usize) -> Self {
        Self::open(self.config.clone(), None, dimensions).await
    }

    async fn open(config: config::Store, fake: Option<FakeQdrant>, dimensions: usize) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let catalog = format!("{now:x}{:x}{number:x}", std::process::id());
        let contents = Contents { catalog, model: "feedbeefcafe".into(), dimensions };
        let store = vectors::open(&config, &contents).unwrap();
        store.ensure().await.unwrap();
        Self { store, config, contents, _server: fake }
    }

    /// Another connection, as another process would have it.
    pub fn again(&self, dimensions: usize) -> Arc<dyn VectorStore> {
        let contents = Contents { dimensions, ..self.contents.clone() };
        vectors::open(&self.config, &contents).unwrap()
    }

    /// The same collection, as another configuration would have it.
    pub fn with(&self, config: &config::Store) -> Arc<dyn VectorStore> {
        vectors::open(config, &self.contents).unwrap()
    }

    /// Stores a document of source 1 and type `md`.
    pub async fn put(&self, id: u64, vectors: &[(u32, &[f32])]) {
        self.put_as(id, attributes(1, "md", 1_000), vectors).await;
    }

    /// Stores a document.
    pub async fn put_as(&self, id: u64, attributes: Attributes, vectors: &[(u32, &[f32])]) {
        let one = DocumentVectors { document: DocumentId(id), attributes, vectors };
        self.store.put(&[one]).await.unwrap();
    }

    /// Documents and passages that a search finds, best first.
    pub async fn find(&self, query: &[f32], filter: &Filter, limit: usize) -> Vec<(u64, u32)> {
        let found = self.store.nearest(query, filter, limit).await.unwrap();
        found.iter().map(|one| (one.document.0, one.ordinal)).collect()
    }

    /// The documents that a search finds, sorted.
    pub async fn select(&self, filter: &Filter) -> Vec<u64> {
        let mut found: Vec<_> = self.find(&[1.0, 0.0], filter, 100).await;
        found.sort_unstable();
        found.into_iter().map(|(document, _)| document).collect()
    }
}

/// What filters look at.
pub fn attributes(source: u32, kind: &str, modified_ms: i64) -> Attributes {
    Attributes { source: SourceId(source), kind: kind.into(), modified_ms }
}

/// A filter that selects everything of some sources.
pub fn of_sources(sources: &[u32]) -> Filter {
    Filter { sources: sources.iter().copied().map(SourceId).collect(), ..Filter::default() }
}
