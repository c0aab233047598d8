//! The ordered sequence of changes that the followers apply.

use sqlx::{FromRow, Row};

use super::documents::Document;
use super::passages::{self, Passages};
use super::publish::CHANGE_PUT;
use super::{Catalog, failed};
use crate::error::Result;
use crate::id::DocumentId;

/// The newest change of one document.
#[derive(Debug, Clone)]
pub enum Change {
    /// The document is there, with these passages.
    Put {
        /// Its place in the sequence.
        seq: u64,
        /// The document as it is now.
        document: Box<Document>,
        /// Its passages.
        passages: Passages,
    },
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
            Self::Put { seq, .. } | Self::Removed { seq, .. } => *seq,
        }
    }
}

/// Chunks in one batch of changes at the most (one document may have more).
const CHUNKS: u64 = 20_000;

impl Catalog {
    /// The changes after `seq`, in order, at most `limit`, fewer where documents are large.
    ///
    /// A document that changed several times appears once, at its newest change.
    pub async fn changes_after(&self, seq: u64, limit: u32) -> Result<Vec<Change>> {
        let task = "read the sequence of changes";
        let mut connection = self.inner.readers.acquire().await.map_err(failed(task))?;
        let rows = sqlx::query(
            "SELECT c.seq AS change_seq, c.document AS change_document, c.kind AS change_kind, \
             d.id, d.source, d.path, d.raw_path, d.type, d.modified_ns, d.hash, d.state, \
             d.title, d.metadata, d.embedded, d.seq, d.chunks \
             FROM changes c LEFT JOIN documents d ON d.id = c.document \
             WHERE c.seq > $1 ORDER BY c.seq LIMIT $2",
        )
        .bind(seq as i64)
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await
        .map_err(failed(task))?;
        let mut changes = Vec::with_capacity(rows.len());
        let mut chunks = 0;
        for row in &rows {
            let seq = row.try_get::<i64, _>("change_seq").map_err(failed(task))? as u64;
            let id: i64 = row.try_get("change_document").map_err(failed(task))?;
            let id = DocumentId(id as u64);
            let kind: i64 = row.try_get("change_kind").map_err(failed(task))?;
            if kind != i64::from(CHANGE_PUT) {
                changes.push(Change::Removed { seq, id });
                continue;
            }
            chunks += row.try_get::<i64, _>("chunks").map_err(failed(task))? as u64;
            if chunks > CHUNKS && !changes.is_empty() {
                break;
            }
            let document = Box::new(Document::from_row(row).map_err(failed(task))?);
            let passages = passages::passages(&mut connection, id).await?;
            if passages.chunks.is_empty() {
                // Removed after the list was read; the newer change follows in the sequence.
                changes.push(Change::Removed { seq, id });
            } else {
                changes.push(Change::Put { seq, document, passages });
            }
        }
        Ok(changes)
    }
}
