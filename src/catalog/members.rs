//! Documents that stand inside a file: found, moved and removed with it.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Catalog, DocumentState};
use crate::error::Result;
use crate::id::{DocumentId, SourceId};

/// Files asked about by one statement.
const FILES: usize = 500;

/// What is known of a document inside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The document.
    pub id: DocumentId,
    /// The file that it stands in.
    pub container: DocumentId,
    /// Relative to the source, NFC; begins with the path of the file.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified_ns: i64,
    /// BLAKE3 of what it was read from; empty when that could not be taken out.
    pub hash: Vec<u8>,
    /// What a search calls its type.
    pub kind: String,
    /// What became of it.
    pub state: DocumentState,
    /// The version of extraction and chunking that read it.
    pub version: u64,
}

impl Catalog {
    /// The documents inside these files, in no order.
    pub async fn members(&self, containers: &[DocumentId]) -> Result<Vec<Member>> {
        let task = "list the documents inside a file";
        let mut members = Vec::new();
        for batch in containers.chunks(FILES) {
            let places: Vec<String> =
                (1..=batch.len()).map(|number| format!("${number}")).collect();
            let sql = format!(
                "SELECT id, container, path, size, modified_ns, hash, type, state, version \
                 FROM documents WHERE container <> 0 AND container IN ({})",
                places.join(", ")
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for id in batch {
                query = query.bind(id.0 as i64);
            }
            let rows = query.fetch_all(&self.inner.readers).await.map_err(self.failed(task))?;
            for row in &rows {
                members.push(member(row).map_err(self.failed(task))?);
            }
        }
        Ok(members)
    }

    /// The document at a path; `None` when there is none.
    pub async fn id_at(&self, source: SourceId, path: &str) -> Result<Option<DocumentId>> {
        let id: Option<i64> =
            sqlx::query_scalar("SELECT id FROM documents WHERE source = $1 AND path = $2")
                .bind(i64::from(source.0))
                .bind(path)
                .fetch_optional(&self.inner.readers)
                .await
                .map_err(self.failed("look for a document by its path"))?;
        Ok(id.map(|id| DocumentId(id as u64)))
    }

    /// What became of the document at a path, and why; `None` when there is none.
    pub async fn outcome_at(
        &self,
        source: SourceId,
        path: &str,
    ) -> Result<Option<(DocumentId, DocumentState, String)>> {
        let task = "look for a document by its path";
        let row =
            sqlx::query("SELECT id, state, reason FROM documents WHERE source = $1 AND path = $2")
                .bind(i64::from(source.0))
                .bind(path)
                .fetch_optional(&self.inner.readers)
                .await
                .map_err(self.failed(task))?;
        let Some(row) = row else { return Ok(None) };
        let id = DocumentId(row.try_get::<i64, _>(0).map_err(self.failed(task))? as u64);
        let state = DocumentState::from_code(row.try_get(1).map_err(self.failed(task))?);
        Ok(Some((id, state, row.try_get(2).map_err(self.failed(task))?)))
    }

    /// Every document of a source, those inside files included.
    pub async fn ids_of(&self, source: SourceId) -> Result<Vec<DocumentId>> {
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM documents WHERE source = $1")
            .bind(i64::from(source.0))
            .fetch_all(&self.inner.readers)
            .await
            .map_err(self.failed("list the documents of a source"))?;
        Ok(ids.into_iter().map(|id| DocumentId(id as u64)).collect())
    }

    /// Documents whose file the catalog does not have; there is none unless something is wrong.
    pub async fn orphans(&self) -> Result<Vec<(DocumentId, String)>> {
        let task = "look for documents without their file";
        let rows = sqlx::query(
            "SELECT d.id, d.path FROM documents d WHERE d.container <> 0 AND NOT EXISTS \
             (SELECT 1 FROM documents c WHERE c.id = d.container)",
        )
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed(task))?;
        rows.iter()
            .map(|row| {
                let id: i64 = row.try_get(0).map_err(self.failed(task))?;
                Ok((DocumentId(id as u64), row.try_get(1).map_err(self.failed(task))?))
            })
            .collect()
    }
}

fn member(row: &AnyRow) -> sqlx::Result<Member> {
    Ok(Member {
        id: DocumentId(row.try_get::<i64, _>(0)? as u64),
        container: DocumentId(row.try_get::<i64, _>(1)? as u64),
        path: row.try_get(2)?,
        size: row.try_get::<i64, _>(3)? as u64,
        modified_ns: row.try_get(4)?,
        hash: row.try_get(5)?,
        kind: row.try_get(6)?,
        state: DocumentState::from_code(row.try_get::<i64, _>(7)?),
        version: row.try_get::<i64, _>(8)? as u64,
    })
}
