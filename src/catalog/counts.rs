//! Numbers and problems for `status`: each zero has a cause.

use std::collections::HashMap;
use std::ops::Range;

use sqlx::Row;

use super::{Catalog, DocumentState};
use crate::error::Result;
use crate::id::{DocumentId, SourceId};

/// What one source holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Documents whose chunks are findable.
    pub indexed: u64,
    /// Documents that could not be read.
    pub failed: u64,
    /// Entries that are not read.
    pub skipped: u64,
    /// Entries of the source, whatever became of them; documents inside files are none.
    pub entries: u64,
    /// Chunks of the indexed documents.
    pub chunks: u64,
    /// Chunks that the embedding model reads (all, until the embedder has looked).
    pub readable: u64,
    /// Chunks with a vector.
    pub embedded: u64,
    /// Documents that wait for the embedder.
    pub waiting: u64,
}

/// The counts of every source.
pub type Counts = HashMap<SourceId, SourceCounts>;

/// An entry that is not findable, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the entry came from.
    pub source: SourceId,
    /// Relative to the source.
    pub path: String,
    /// Failed or skipped.
    pub state: DocumentState,
    /// Why.
    pub reason: String,
}

impl Catalog {
    /// Whether there is neither a source nor a document.
    pub async fn is_empty(&self) -> Result<bool> {
        let rows: i64 = sqlx::query_scalar(
            "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM sources) \
             OR EXISTS (SELECT 1 FROM documents) THEN 1 ELSE 0 END AS BIGINT)",
        )
        .fetch_one(&self.inner.readers)
        .await
        .map_err(self.failed("tell whether it is empty"))?;
        Ok(rows == 0)
    }

    /// Counts everything by source.
    pub async fn counts(&self) -> Result<Counts> {
        let task = "count the documents";
        // The casts keep PostgreSQL from answering with NUMERIC.
        let rows = sqlx::query(
            "SELECT source, state, CAST(COUNT(*) AS BIGINT), CAST(SUM(chunks) AS BIGINT), \
             CAST(SUM(readable) AS BIGINT), CAST(SUM(embedded) AS BIGINT), \
             CAST(SUM(1 - embedding) AS BIGINT), \
             CAST(SUM(CASE WHEN container = 0 THEN 1 ELSE 0 END) AS BIGINT) \
             FROM documents GROUP BY source, state",
        )
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed(task))?;
        let mut counts = Counts::new();
        for row in rows {
            let number = |column: usize| -> Result<u64> {
                Ok(row.try_get::<i64, _>(column).map_err(self.failed(task))? as u64)
            };
            let of_source = counts.entry(SourceId(number(0)? as u32)).or_default();
            of_source.entries += number(7)?;
            match DocumentState::from_code(number(1)? as i64) {
                DocumentState::Container => {}
                DocumentState::Failed => of_source.failed = number(2)?,
                DocumentState::Skipped => of_source.skipped = number(2)?,
                DocumentState::Indexed => {
                    of_source.indexed = number(2)?;
                    of_source.chunks = number(3)?;
                    of_source.readable = number(4)?;
                    of_source.embedded = number(5)?;
                    of_source.waiting = number(6)?;
                }
            }
        }
        Ok(counts)
    }

    /// Entries of some sources that failed or were skipped, failures first, each the newest first:
    /// those with the numbers `part`.
    pub async fn problems(&self, sources: &[SourceId], part: Range<u32>) -> Result<Vec<Problem>> {
        let task = "list the problems";
        let chosen: Vec<String> = sources.iter().map(|source| source.0.to_string()).collect();
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let statement = format!(
            "SELECT source, path, state, reason FROM documents WHERE state <> 0 AND state <> 3 \
             AND source IN ({}) ORDER BY state, seq DESC, id LIMIT $1 OFFSET $2",
            chosen.join(", ")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(i64::from(part.end.saturating_sub(part.start)))
            .bind(i64::from(part.start))
            .fetch_all(&self.inner.readers)
            .await
            .map_err(self.failed(task))?;
        rows.iter()
            .map(|row| {
                Ok(Problem {
                    source: SourceId(row.try_get::<i64, _>(0).map_err(self.failed(task))? as u32),
                    path: row.try_get(1).map_err(self.failed(task))?,
                    state: DocumentState::from_code(row.try_get(2).map_err(self.failed(task))?),
                    reason: row.try_get(3).map_err(self.failed(task))?,
                })
            })
            .collect()
    }
}

/// What the followers must have of one indexed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// The document.
    pub id: DocumentId,
    /// The change that published it.
    pub seq: u64,
    /// Chunks that were published.
    pub chunks: u64,
    /// Passages that are stored.
    pub passages: u64,
    /// Chunks with a vector.
    pub embedded: u64,
    /// Whether the embedder is done with it.
    pub is_embedded: bool,
}

impl Catalog {
    /// Marks documents, and the files that they stand in, as read by no version, so that the next
    /// comparison reads them again.
    pub async fn read_again(&self, ids: &[DocumentId]) -> Result<()> {
        for id in ids {
            sqlx::query(
                "UPDATE documents SET version = 0 WHERE id = $1 \
                 OR id = (SELECT container FROM documents WHERE id = $1)",
            )
            .bind(id.0 as i64)
            .execute(self.writer()?)
            .await
            .map_err(self.failed("mark a document to be read again"))?;
        }
        Ok(())
    }

    /// Marks documents that are not read for a reason with this beginning, and their files, the
    /// same way.
    pub async fn read_again_if(&self, reason: &str) -> Result<()> {
        sqlx::query(
            "UPDATE documents SET version = 0 WHERE (state = 2 AND reason LIKE $1) OR id IN \
             (SELECT container FROM documents WHERE state = 2 AND reason LIKE $1)",
        )
        .bind(format!("{reason}%"))
        .execute(self.writer()?)
        .await
        .map_err(self.failed("mark documents to be read again"))?;
        Ok(())
    }

    /// Marks all documents of a source, or of every source when `name` is empty, the same way.
    pub async fn read_all_again(&self, name: &str) -> Result<()> {
        sqlx::query(
            "UPDATE documents SET version = 0 \
             WHERE $1 = '' OR source IN (SELECT id FROM sources WHERE name = $1)",
        )
        .bind(name)
        .execute(self.writer()?)
        .await
        .map_err(self.failed("mark documents to be read again"))?;
        Ok(())
    }

    /// An outline of every indexed document.
    pub async fn outlines(&self) -> Result<Vec<Outline>> {
        let task = "outline the documents";
        let rows = sqlx::query(
            "SELECT d.id, d.seq, d.chunks, d.embedded, d.embedding, \
             (SELECT CAST(COALESCE(SUM(LENGTH(p.keys)), 0) / 16 AS BIGINT) FROM passages p \
             WHERE p.document = d.id) FROM documents d WHERE d.state = 0",
        )
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed(task))?;
        rows.iter()
            .map(|row| {
                let number = |column: usize| -> Result<u64> {
                    Ok(row.try_get::<i64, _>(column).map_err(self.failed(task))? as u64)
                };
                Ok(Outline {
                    id: DocumentId(number(0)?),
                    seq: number(1)?,
                    chunks: number(2)?,
                    embedded: number(3)?,
                    is_embedded: number(4)? == 1,
                    passages: number(5)?,
                })
            })
            .collect()
    }
}
