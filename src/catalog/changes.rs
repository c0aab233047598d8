//! The ordered sequence of changes that the followers apply.
//!
//! It is not stored by itself: documents in the order of their `seq`, merged with removals.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::{AnyConnection, FromRow, Row};

use super::documents::{Document, DocumentState};
use super::passages::{self, Passages};
use super::{Catalog, failed};
use crate::chunk::Chunk;
use crate::error::Result;
use crate::id::DocumentId;

/// The newest change of one document.
#[derive(Debug, Clone)]
pub enum Change {
    /// The document is there.
    Put(Box<Document>),
    /// The document is gone, or is no longer readable.
    Removed {
        /// Its place in the sequence.
        seq: u64,
        /// The document.
        id: DocumentId,
    },
}

impl Change {
    /// The change's place in the sequence.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Put(document) => document.seq,
            Self::Removed { seq, .. } => *seq,
        }
    }
}

/// Chunks in one batch of changes at the most (one document may have more).
const CHUNKS: u64 = 20_000;

const TASK: &str = "read the sequence of changes";

impl Catalog {
    /// The changes after `seq`, in order, at most `limit`, fewer where documents are large.
    ///
    /// A document that changed several times appears once, at its newest change.
    pub async fn changes_after(&self, seq: u64, limit: u32) -> Result<Vec<Change>> {
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(TASK))?;
        self.noted(heads(&mut connection, seq, limit).await)
    }

    /// The same with the passages of each document; empty for removals.
    ///
    /// For one caller that applies them in order: what was published here is handed over once,
    /// and read back when it is asked for again.
    pub async fn changes_with_passages(
        &self,
        seq: u64,
        limit: u32,
    ) -> Result<Vec<(Change, Arc<[Chunk]>)>> {
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(TASK))?;
        let heads = self.noted(heads(&mut connection, seq, limit).await)?;
        let Some(last) = heads.last().map(Change::seq) else { return Ok(Vec::new()) };
        let mut recent = self.inner.recent.take(last);
        let is_recent = |head: &Change| match head {
            Change::Put(document) => recent.contains_key(&document.seq),
            Change::Removed { .. } => true,
        };
        let mut passages = if heads.iter().all(is_recent) {
            HashMap::new()
        } else {
            let read = passages::passages_between(&mut connection, seq + 1, last).await;
            self.noted(read)?
        };
        let mut chunks = |document: &Document| {
            let read = |passages: Passages| Arc::from(passages.chunks);
            recent.remove(&document.seq).or_else(|| passages.remove(&document.id).map(read))
        };
        let nothing: Arc<[Chunk]> = Arc::from([]);
        let with_passages = |head: Change| match head {
            Change::Put(document) => match chunks(&document) {
                Some(chunks) => (Change::Put(document), chunks),
                // It changed after the list was read; the newer change follows in the sequence.
                None => {
                    let Document { seq, id, .. } = *document;
                    (Change::Removed { seq, id }, Arc::clone(&nothing))
                }
            },
            removed => (removed, Arc::clone(&nothing)),
        };
        Ok(heads.into_iter().map(with_passages).collect())
    }
}

async fn heads(connection: &mut AnyConnection, seq: u64, limit: u32) -> Result<Vec<Change>> {
    // Both lists end at the same change, whatever is published between the two queries.
    let end: i64 = sqlx::query_scalar("SELECT seq FROM sequence")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(TASK))?;
    let documents = sqlx::query(
        "SELECT id, source, path, raw_path, type, modified_ns, stated_ns, hash, state, title, \
         metadata, embedded, seq, chunks FROM documents \
         WHERE seq > $1 AND seq <= $3 ORDER BY seq LIMIT $2",
    )
    .bind(seq as i64)
    .bind(i64::from(limit))
    .bind(end)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(TASK))?;
    let removals = sqlx::query(
        "SELECT seq, document FROM removals WHERE seq > $1 AND seq <= $3 ORDER BY seq LIMIT $2",
    )
    .bind(seq as i64)
    .bind(i64::from(limit))
    .bind(end)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(TASK))?;
    let mut changes = Vec::with_capacity(documents.len() + removals.len());
    for row in &removals {
        let seq = row.try_get::<i64, _>(0).map_err(failed(TASK))? as u64;
        let id = DocumentId(row.try_get::<i64, _>(1).map_err(failed(TASK))? as u64);
        changes.push((Change::Removed { seq, id }, 0));
    }
    for row in &documents {
        let document = Document::from_row(row).map_err(failed(TASK))?;
        let chunks = row.try_get::<i64, _>("chunks").map_err(failed(TASK))? as u64;
        changes.push((of(document), chunks));
    }
    changes.sort_unstable_by_key(|(change, _)| change.seq());
    changes.truncate(limit as usize);
    let mut total = 0;
    let fits = |(change, chunks): (Change, u64)| {
        total += chunks;
        (total <= CHUNKS || total == chunks).then_some(change)
    };
    Ok(changes.into_iter().map_while(fits).collect())
}

fn of(document: Document) -> Change {
    match document.state {
        DocumentState::Indexed => Change::Put(Box::new(document)),
        _ => Change::Removed { seq: document.seq, id: document.id },
    }
}
