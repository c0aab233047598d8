//! Documents as the catalog knows them: for the comparison with a scan, and for showing hits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use futures_util::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use super::Catalog;
use super::passages::{self, Passages};
use crate::error::{Error, Result};
use crate::id::{DocumentId, SourceId};

/// Documents asked about by one statement.
const AT_ONCE: usize = 500;

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentState {
    /// Its chunks are in the catalog.
    Indexed,
    /// It should be readable, but is not.
    Failed,
    /// It is nothing that ragterm reads.
    Skipped,
    /// It says nothing itself: what it holds are documents of their own.
    Container,
}

impl DocumentState {
    pub(super) fn code(self) -> i16 {
        match self {
            Self::Indexed => 0,
            Self::Failed => 1,
            Self::Skipped => 2,
            Self::Container => 3,
        }
    }

    pub(super) fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Indexed,
            1 => Self::Failed,
            3 => Self::Container,
            _ => Self::Skipped,
        }
    }
}

/// What a scan is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The document.
    pub id: DocumentId,
    /// Relative to the source, NFC.
    pub path: String,
    /// As spelt on disk.
    pub raw: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified_ns: i64,
    /// When content or attributes last changed, nanoseconds since the epoch; 0 unknown.
    pub changed_ns: i64,
    /// What became of it.
    pub state: DocumentState,
    /// The version of extraction and chunking that read it.
    pub version: u64,
}

/// Everything about one document but its text.
#[derive(Debug, Clone)]
pub struct Document {
    /// The document.
    pub id: DocumentId,
    /// Where it came from.
    pub source: SourceId,
    /// Relative to the source, NFC.
    pub path: String,
    /// The file on disk, when its name differs from `path`: spelt otherwise, or the file that the
    /// document stands in.
    pub raw_path: Vec<u8>,
    /// Lower-case extension, or what the file that it stands in calls it.
    pub kind: String,
    /// When it was last changed, nanoseconds since the epoch: by what it says itself where it does,
    /// else by its file.
    pub modified_ns: i64,
    /// BLAKE3 of the content.
    pub hash: Vec<u8>,
    /// What became of it.
    pub state: DocumentState,
    /// Its own title; empty when it has none.
    pub title: String,
    /// What else the format said.
    pub metadata: BTreeMap<String, String>,
    /// How many of its chunks have a vector.
    pub embedded: u64,
    /// The change that published it.
    pub seq: u64,
}

/// Times noted in one transaction, so that publications need not wait long.
const NOTED_AT_ONCE: usize = 5000;

/// The columns of a [`Known`] as one text: the driver's cost is per column, and a rescan reads a
/// hundred thousand rows.
const PACKED: &str = "SELECT CAST(id AS TEXT) || ' ' || CAST(size AS TEXT) || ' ' || \
                      CAST(modified_ns AS TEXT) || ' ' || CAST(changed_ns AS TEXT) || ' ' || \
                      CAST(state AS TEXT) || ' ' || CAST(version AS TEXT) || ' ' || path \
                      FROM documents ";

fn unpack(packed: &str) -> Option<Known> {
    let mut parts = packed.splitn(7, ' ');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (id, size, modified_ns) = (number()?, number()?, number()?);
    let (changed_ns, state, version) = (number()?, number()?, number()?);
    let path = parts.next()?.to_string();
    Some(Known {
        id: DocumentId(id as u64),
        raw: path.as_str().into(),
        path,
        size: size as u64,
        modified_ns,
        changed_ns,
        state: DocumentState::from_code(state),
        version: version as u64,
    })
}

impl FromRow<'_, AnyRow> for Document {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let metadata: String = row.try_get("metadata")?;
        Ok(Self {
            id: DocumentId(row.try_get::<i64, _>("id")? as u64),
            source: SourceId(row.try_get::<i64, _>("source")? as u32),
            path: row.try_get("path")?,
            raw_path: row.try_get("raw_path")?,
            kind: row.try_get("type")?,
            modified_ns: match row.try_get("stated_ns")? {
                0 => row.try_get("modified_ns")?,
                stated => stated,
            },
            hash: row.try_get("hash")?,
            state: DocumentState::from_code(row.try_get::<i64, _>("state")?),
            title: row.try_get("title")?,
            metadata: serde_json::from_str(&metadata).unwrap_or_default(),
            embedded: row.try_get::<i64, _>("embedded")? as u64,
            seq: row.try_get::<i64, _>("seq")? as u64,
        })
    }
}

impl Catalog {
    /// What the catalog knows of the entries of a source, ordered by the bytes of the path.
    pub async fn known(&self, source: SourceId) -> Result<Vec<Known>> {
        let sql = format!("{PACKED} WHERE source = $1 AND container = 0 ORDER BY path");
        let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(i64::from(source.0));
        let packed: Vec<String> = rows
            .fetch_all(&self.inner.readers)
            .await
            .map_err(self.failed("list the documents of a source"))?;
        self.unpack_all(source, &packed).await
    }

    /// What the catalog knows at a path or, when it is a directory, below it; ordered by path.
    pub async fn known_below(&self, source: SourceId, path: &str) -> Result<Vec<Known>> {
        if path.is_empty() {
            return self.known(source).await;
        }
        // '0' follows '/': the range holds exactly what begins with the path and a slash.
        let condition = "WHERE source = $1 AND container = 0 AND (path = $2 OR (path >= $3 AND path < $4)) \
             ORDER BY path";
        let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{PACKED} {condition}")))
            .bind(i64::from(source.0))
            .bind(path)
            .bind(format!("{path}/"))
            .bind(format!("{path}0"));
        let packed: Vec<String> = rows
            .fetch_all(&self.inner.readers)
            .await
            .map_err(self.failed("list the documents below a path"))?;
        self.unpack_all(source, &packed).await
    }

    async fn unpack_all(&self, source: SourceId, packed: &[String]) -> Result<Vec<Known>> {
        let task = "list the documents of a source";
        let damaged = || Error::corrupt("a document in the catalog cannot be read");
        let unpacked = packed.iter().map(|row| unpack(row).ok_or_else(damaged)).collect();
        let mut known: Vec<Known> = self.noted(unpacked)?;
        if known.is_empty() {
            return Ok(known);
        }
        // Few names are spelt otherwise than they are shown.
        let rows = sqlx::query(
            "SELECT id, raw_path FROM documents WHERE source = $1 AND LENGTH(raw_path) > 0 \
             AND container = 0",
        )
        .bind(i64::from(source.0))
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed(task))?;
        let mut spelt: HashMap<DocumentId, PathBuf> = HashMap::new();
        for row in rows {
            let id: i64 = row.try_get(0).map_err(self.failed(task))?;
            let raw: Vec<u8> = row.try_get(1).map_err(self.failed(task))?;
            spelt.insert(DocumentId(id as u64), OsString::from_vec(raw).into());
        }
        for known in &mut known {
            if let Some(raw) = spelt.remove(&known.id) {
                known.raw = raw;
            }
        }
        Ok(known)
    }

    /// Records times of change where none is known yet; nothing is published.
    pub async fn note_change_times(&self, times: &[(DocumentId, i64)]) -> Result<()> {
        let task = "note when documents changed";
        for batch in times.chunks(NOTED_AT_ONCE) {
            let mut transaction = self.begin(task).await?;
            for (id, changed_ns) in batch {
                sqlx::query(
                    "UPDATE documents SET changed_ns = $2 WHERE id = $1 AND changed_ns = 0",
                )
                .bind(id.0 as i64)
                .bind(*changed_ns)
                .execute(&mut *transaction)
                .await
                .map_err(self.failed(task))?;
            }
            transaction.commit().await.map_err(self.failed(task))?;
        }
        Ok(())
    }

    /// One document; `None` when it is gone or was not indexed.
    pub async fn document(&self, id: DocumentId) -> Result<Option<Document>> {
        sqlx::query_as(
            "SELECT id, source, path, raw_path, type, modified_ns, stated_ns, hash, state, title, \
             metadata, embedded, seq FROM documents WHERE id = $1 AND state = 0",
        )
        .bind(id.0 as i64)
        .fetch_optional(&self.inner.readers)
        .await
        .map_err(self.failed("read a document"))
    }

    /// Those of the documents that are indexed, in no order.
    pub async fn documents(&self, ids: &[DocumentId]) -> Result<Vec<Document>> {
        let mut found: Vec<Document> = Vec::with_capacity(ids.len());
        for batch in ids.chunks(AT_ONCE) {
            let places: Vec<String> =
                (1..=batch.len()).map(|number| format!("${number}")).collect();
            let sql = format!(
                "SELECT id, source, path, raw_path, type, modified_ns, stated_ns, hash, state, \
                 title, metadata, embedded, seq FROM documents WHERE state = 0 AND id IN ({})",
                places.join(", ")
            );
            let query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
            let query = batch.iter().fold(query, |query, id| query.bind(id.0 as i64));
            let rows: Result<Vec<Document>, _> = query.fetch_all(&self.inner.readers).await;
            found.extend(rows.map_err(self.failed("read documents"))?);
        }
        Ok(found)
    }

    /// All passages of a document; none when it is gone.
    pub async fn passages(&self, id: DocumentId) -> Result<Passages> {
        let connection = self.inner.readers.acquire().await;
        let mut connection = connection.map_err(self.failed("read the passages of a document"))?;
        self.noted(passages::passages(&mut connection, id).await)
    }

    /// The content hash of a document that was read, and the version of extraction and chunking that
    /// read it.
    pub async fn content(&self, id: DocumentId) -> Result<Option<(Vec<u8>, u64)>> {
        let task = "read a content hash";
        let row =
            sqlx::query("SELECT hash, version FROM documents WHERE id = $1 AND state IN (0, 3)")
                .bind(id.0 as i64)
                .fetch_optional(&self.inner.readers)
                .await
                .map_err(self.failed(task))?;
        let Some(row) = row else { return Ok(None) };
        let version: i64 = row.try_get(1).map_err(self.failed(task))?;
        Ok(Some((row.try_get(0).map_err(self.failed(task))?, version as u64)))
    }

    /// Indexed documents of equal content, at most `limit`, oldest first.
    pub async fn of_equal_content(&self, hash: &[u8], limit: u32) -> Result<Vec<Document>> {
        sqlx::query_as(
            "SELECT id, source, path, raw_path, type, modified_ns, stated_ns, hash, state, title, \
             metadata, embedded, seq FROM documents WHERE hash = $1 AND state = 0 ORDER BY id LIMIT $2",
        )
        .bind(hash)
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed("look for equal documents"))
    }

    /// The indexed documents of the given sources whose path satisfies `matches`.
    pub async fn matching_paths(
        &self,
        sources: &HashSet<SourceId>,
        matches: impl Fn(&str) -> bool + Send,
    ) -> Result<HashSet<DocumentId>> {
        let mut found = HashSet::new();
        for source in sources {
            let mut rows =
                sqlx::query("SELECT id, path FROM documents WHERE source = $1 AND state = 0")
                    .bind(i64::from(source.0))
                    .fetch(&self.inner.readers);
            while let Some(row) = rows.try_next().await.map_err(self.failed("match paths"))? {
                let path: String = row.try_get(1).map_err(self.failed("match paths"))?;
                if matches(&path) {
                    let id: i64 = row.try_get(0).map_err(self.failed("match paths"))?;
                    found.insert(DocumentId(id as u64));
                }
            }
        }
        Ok(found)
    }
}
