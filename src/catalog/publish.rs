//! Publication: one transaction that makes a batch of changes visible and gives each its `seq`.

use std::collections::BTreeMap;

use sqlx::{Any, Transaction};

use super::passages::{EncodedPassages, Insertion, delete_passages};
use super::postgres;
use super::{Catalog, DocumentState, failed};
use crate::chunk;
use crate::error::{Error, Result};
use crate::id::{DocumentId, SourceId};

/// What reading an entry yielded.
#[derive(Debug, Clone)]
pub enum Reading {
    /// It was read and chunked.
    Indexed {
        /// Its own title; empty when it has none.
        title: String,
        /// ISO 639-3; empty when unknown.
        language: String,
        /// What else the format said.
        metadata: BTreeMap<String, String>,
        /// What it says.
        passages: EncodedPassages,
    },
    /// Why it could not be read.
    Failed(String),
    /// Why it is not read.
    Skipped(String),
}

/// One change to be published.
#[derive(Debug, Clone)]
pub enum Publication {
    /// A document that the catalog does not have.
    New(Read),
    /// New content of a known document.
    Changed(Read),
    /// Equal content at another place or with another time.
    Moved {
        /// The document, which keeps its chunks and vectors.
        id: DocumentId,
        /// Where it stands now.
        place: Place,
    },
    /// The document is no longer in its source.
    Gone(DocumentId),
}

/// An entry that was read.
#[derive(Debug, Clone)]
pub struct Read {
    /// The document.
    pub id: DocumentId,
    /// Where it came from.
    pub source: SourceId,
    /// Where it stands and what it looked like.
    pub place: Place,
    /// BLAKE3 of what was read; empty when nothing was.
    pub hash: Vec<u8>,
    /// What it holds.
    pub reading: Reading,
}

/// Where a document stands in its source, and the fingerprint of its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the source, NFC.
    pub path: String,
    /// As spelt on disk; empty when that is `path`.
    pub raw_path: Vec<u8>,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified_ns: i64,
    /// When content or attributes last changed, nanoseconds since the epoch; 0 unknown.
    pub changed_ns: i64,
}

impl Place {
    /// The lower-case extension of the path; empty when it has none.
    pub fn kind(&self) -> String {
        kind_of(&self.path)
    }
}

/// The lower-case extension of a path; empty when it has none.
pub fn kind_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_lowercase(),
        _ => String::new(),
    }
}

/// The version of everything that turns bytes into chunks.
pub const READING_VERSION: u64 =
    (ragterm_connectors::extract::EXTRACTION_VERSION as u64) << 32 | chunk::CHUNKING_VERSION as u64;

/// The statement that puts a document, with its conflict target.
macro_rules! put_sql {
    ($target:literal) => {
        concat!(
            "INSERT INTO documents (id, source, path, raw_path, type, size, modified_ns, hash, \
             state, reason, title, language, metadata, chunks, readable, embedded, embedding, \
             version, seq, changed_ns) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 0, $15, \
             $16, $17, $18) ON CONFLICT ",
            $target,
            " DO UPDATE SET path = excluded.path, raw_path = excluded.raw_path, \
             type = excluded.type, size = excluded.size, modified_ns = excluded.modified_ns, \
             hash = excluded.hash, state = excluded.state, reason = excluded.reason, \
             title = excluded.title, language = excluded.language, \
             metadata = excluded.metadata, chunks = excluded.chunks, \
             readable = excluded.readable, embedded = 0, embedding = excluded.embedding, \
             version = excluded.version, seq = excluded.seq, \
             changed_ns = excluded.changed_ns RETURNING id"
        )
    };
}

impl Catalog {
    /// Publishes all of `batch`, or nothing of it.
    pub async fn publish(&self, batch: &[Publication]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let last = self.noted(self.write(batch).await)?;
        self.revised();
        // A publication that committed later may have said so already.
        self.inner.seq.send_if_modified(|seq| {
            let newer = last > *seq;
            *seq = (*seq).max(last);
            newer
        });
        Ok(())
    }

    /// Writes a batch in one transaction; returns the `seq` of its last change.
    async fn write(&self, batch: &[Publication]) -> Result<u64> {
        let task = "publish changes";
        let mut transaction = self.begin(task).await?;
        let last: i64 =
            sqlx::query_scalar("UPDATE sequence SET seq = seq + $1 WHERE id = 1 RETURNING seq")
                .bind(batch.len() as i64)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed(task))?;
        let first = last - batch.len() as i64 + 1;
        let mut passages = Insertion::default();
        for (seq, publication) in (first..).zip(batch) {
            put_change(&mut transaction, publication, (seq, &mut passages)).await?;
        }
        passages.store(&mut transaction).await?;
        postgres::announce(self.inner.database, &mut transaction).await?;
        transaction.commit().await.map_err(failed(task))?;
        Ok(last as u64)
    }
}

/// Writes one change; the passages that it brings are only added to those that will be stored.
async fn put_change<'p>(
    transaction: &mut Transaction<'_, Any>,
    publication: &'p Publication,
    (seq, passages): (i64, &mut Insertion<'p>),
) -> Result<()> {
    match publication {
        Publication::New(read) => {
            let id = put(transaction, read, (seq, BY_PATH)).await?;
            if id != read.id {
                delete_passages(transaction, id).await?;
            }
            add_passages(passages, id, &read.reading);
            Ok(())
        }
        Publication::Changed(read) => {
            let id = put(transaction, read, (seq, BY_ID)).await?;
            delete_passages(transaction, id).await?;
            add_passages(passages, id, &read.reading);
            Ok(())
        }
        Publication::Moved { id, place } => moved(transaction, *id, place, seq).await,
        Publication::Gone(id) => gone(transaction, *id, seq).await,
    }
}

/// The columns of a document that depend on what reading it yielded.
struct Columns<'a> {
    state: DocumentState,
    reason: &'a str,
    title: &'a str,
    language: &'a str,
    metadata: String,
    chunks: usize,
}

impl<'a> Columns<'a> {
    fn of(reading: &'a Reading) -> Result<Self> {
        let empty = Self {
            state: DocumentState::Indexed,
            reason: "",
            title: "",
            language: "",
            metadata: "{}".into(),
            chunks: 0,
        };
        Ok(match reading {
            Reading::Indexed { title, language, metadata, passages } => {
                let metadata = serde_json::to_string(metadata).map_err(|error| {
                    Error::internal("the metadata of a document cannot be written").because(error)
                })?;
                Self { title, language, metadata, chunks: passages.count(), ..empty }
            }
            Reading::Failed(reason) => Self { state: DocumentState::Failed, reason, ..empty },
            Reading::Skipped(reason) => Self { state: DocumentState::Skipped, reason, ..empty },
        })
    }
}

/// Inserts a document, or replaces the one of the same path.
const BY_PATH: &str = put_sql!("(source, path)");

/// Inserts a document, or replaces the one of the same id.
const BY_ID: &str = put_sql!("(id)");

/// Returns the id of the document, which is another than that of `read` if the path was taken.
async fn put(
    transaction: &mut Transaction<'_, Any>,
    read: &Read,
    (seq, sql): (i64, &'static str),
) -> Result<DocumentId> {
    let Read { id, source, place, hash, reading } = read;
    let columns = Columns::of(reading)?;
    let count = columns.chunks as i64;
    let id: i64 = sqlx::query_scalar(sql)
        .bind(id.0 as i64)
        .bind(i64::from(source.0))
        .bind(place.path.as_str())
        .bind(place.raw_path.as_slice())
        .bind(place.kind())
        .bind(place.size as i64)
        .bind(place.modified_ns)
        .bind(hash.as_slice())
        .bind(columns.state.code())
        .bind(columns.reason)
        .bind(columns.title)
        .bind(columns.language)
        .bind(columns.metadata)
        .bind(count)
        .bind(i16::from(count == 0))
        .bind(READING_VERSION as i64)
        .bind(seq)
        .bind(place.changed_ns)
        .fetch_one(&mut **transaction)
        .await
        .map_err(failed("publish a document"))?;
    Ok(DocumentId(id as u64))
}

fn add_passages<'r>(passages: &mut Insertion<'r>, id: DocumentId, reading: &'r Reading) {
    if let Reading::Indexed { passages: encoded, .. } = reading {
        passages.add(id, encoded);
    }
}

async fn moved(
    transaction: &mut Transaction<'_, Any>,
    id: DocumentId,
    place: &Place,
    seq: i64,
) -> Result<()> {
    sqlx::query(
        "UPDATE documents SET path = $2, raw_path = $3, type = $4, size = $5, modified_ns = $6, \
         seq = $7, changed_ns = $8 WHERE id = $1",
    )
    .bind(id.0 as i64)
    .bind(place.path.as_str())
    .bind(place.raw_path.as_slice())
    .bind(place.kind())
    .bind(place.size as i64)
    .bind(place.modified_ns)
    .bind(seq)
    .bind(place.changed_ns)
    .execute(&mut **transaction)
    .await
    .map_err(failed("move a document"))?;
    Ok(())
}

async fn gone(transaction: &mut Transaction<'_, Any>, id: DocumentId, seq: i64) -> Result<()> {
    sqlx::query("DELETE FROM documents WHERE id = $1")
        .bind(id.0 as i64)
        .execute(&mut **transaction)
        .await
        .map_err(failed("remove a document"))?;
    delete_passages(transaction, id).await?;
    sqlx::query(
        "INSERT INTO removals (document, seq) VALUES ($1, $2) \
         ON CONFLICT (document) DO UPDATE SET seq = excluded.seq",
    )
    .bind(id.0 as i64)
    .bind(seq)
    .execute(&mut **transaction)
    .await
    .map_err(failed("note a removal"))?;
    Ok(())
}
