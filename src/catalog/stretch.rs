//! A part of a document's passages, for those who read on from a hit.

use std::ops::Range;

use sqlx::{FromRow, Row};

use super::{Catalog, Document, passages};
use crate::chunk::{self, Chunk};
use crate::error::Result;
use crate::id::DocumentId;

/// How often a document is read again that changes while it is read.
const ATTEMPTS: usize = 3;

/// Passages that follow each other.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// The document.
    pub document: Document,
    /// Its language (ISO 639-3); empty when it is not known.
    pub language: String,
    /// The passages of the whole document.
    pub total: u32,
    /// Those of the stretch with their ordinals, in reading order.
    pub passages: Vec<(u32, Chunk)>,
}

impl Catalog {
    /// The passages of a document whose ordinals are in `range`, as far as there are any; `None`
    /// when the document is gone. All of it is of one version, that of the document's `seq`.
    pub async fn stretch(&self, id: DocumentId, range: Range<u32>) -> Result<Option<Stretch>> {
        let mut found = None;
        for _ in 0..ATTEMPTS {
            found = self.stretch_at_once(id, range.clone()).await?;
            let Some(stretch) = &found else { return Ok(None) };
            match self.document(id).await? {
                // It was published anew between its row and its passages.
                Some(now) if now.seq != stretch.document.seq => {}
                _ => break,
            }
        }
        Ok(found)
    }

    async fn stretch_at_once(&self, id: DocumentId, range: Range<u32>) -> Result<Option<Stretch>> {
        let task = "read a document";
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(task))?;
        let row = sqlx::query(
            "SELECT id, source, path, raw_path, type, modified_ns, stated_ns, hash, state, title, \
             metadata, embedded, seq, language, chunks FROM documents WHERE id = $1 AND state = 0",
        )
        .bind(id.0 as i64)
        .fetch_optional(&mut *connection)
        .await
        .map_err(self.failed(task))?;
        let Some(row) = row else { return Ok(None) };
        let document = Document::from_row(&row).map_err(self.failed(task))?;
        let total: i64 = row.try_get("chunks").map_err(self.failed(task))?;
        let parts = sqlx::query(
            "SELECT part, chunks FROM passages WHERE document = $1 AND part >= $2 AND part <= $3 \
             ORDER BY part",
        )
        .bind(id.0 as i64)
        .bind(passages::part_of(range.start))
        .bind(passages::part_of(range.end.saturating_sub(1).max(range.start)))
        .fetch_all(&mut *connection)
        .await
        .map_err(self.failed(task))?;
        let mut found = Vec::new();
        for part in parts {
            let number: i64 = part.try_get(0).map_err(self.failed(task))?;
            let encoded: Vec<u8> = part.try_get(1).map_err(self.failed(task))?;
            let chunks = self.noted(chunk::decode(&encoded))?;
            found.extend((passages::first_of(number)..).zip(chunks));
        }
        found.retain(|(ordinal, _)| range.contains(ordinal));
        let language = row.try_get("language").map_err(self.failed(task))?;
        Ok(Some(Stretch { document, language, total: total as u32, passages: found }))
    }
}
