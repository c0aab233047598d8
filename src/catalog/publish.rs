//! Publication: one transaction that makes a batch of changes visible and gives each its `seq`.

use std::collections::{BTreeMap, HashMap};

use sqlx::{Any, Row, Transaction};

use super::passages::{EncodedPassages, Insertion, delete_passages};
use super::place::Place;
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
        /// When it was last changed by what its file says itself, nanoseconds since the epoch; 0
        /// unknown.
        stated_ns: i64,
        /// What it says.
        passages: EncodedPassages,
    },
    /// Why it could not be read.
    Failed(String),
    /// Why it is not read.
    Skipped(String),
    /// It says nothing itself: what it holds are documents of their own.
    Container,
}

impl Reading {
    /// The same of a document that says itself when it was last changed, nanoseconds since the
    /// epoch.
    pub fn stated(mut self, modified_ns: Option<i64>) -> Self {
        if let Self::Indexed { stated_ns, .. } = &mut self {
            *stated_ns = modified_ns.unwrap_or_default();
        }
        self
    }
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
    /// The file that it stands in; `None` for an entry of the source.
    pub container: Option<DocumentId>,
    /// Where it stands and what it looked like.
    pub place: Place,
    /// BLAKE3 of what was read; empty when nothing was.
    pub hash: Vec<u8>,
    /// What it holds.
    pub reading: Reading,
}

/// The version of everything that turns bytes into chunks.
pub const READING_VERSION: u64 =
    (ragterm_connectors::extract::EXTRACTION_VERSION as u64) << 32 | chunk::CHUNKING_VERSION as u64;

/// Documents put by one statement: each statement wakes the driver's thread, or crosses a network.
const ROWS: usize = 12;

/// The columns of a document in the order in which [`put`] binds them.
const COLUMNS: [&str; 20] = [
    "id",
    "source",
    "path",
    "raw_path",
    "type",
    "size",
    "modified_ns",
    "hash",
    "state",
    "reason",
    "title",
    "language",
    "metadata",
    "chunks",
    "embedding",
    "version",
    "seq",
    "changed_ns",
    "container",
    "stated_ns",
];

/// Inserts a document, or replaces the one of the same path.
const BY_PATH: &str = "(source, path)";

/// Inserts a document, or replaces the one of the same id.
const BY_ID: &str = "(id)";

/// The statement that puts documents, with its conflict target.
fn put_sql(rows: usize, target: &str) -> String {
    let row = |row: usize| {
        let place = |column: usize| format!("${}", row * COLUMNS.len() + column + 1);
        let places: Vec<String> = (0..COLUMNS.len()).map(place).collect();
        let chunks = &places[13];
        format!("({}, {chunks}, 0)", places.join(", "))
    };
    let values: Vec<String> = (0..rows).map(row).collect();
    let kept = ["id", "source"];
    let changed = COLUMNS.iter().filter(|column| !kept.contains(column));
    let changes: Vec<String> =
        changed.map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO documents ({}, readable, embedded) VALUES {} ON CONFLICT {target} \
         DO UPDATE SET {}, readable = excluded.readable, embedded = 0 RETURNING id, path",
        COLUMNS.join(", "),
        values.join(", "),
        changes.join(", "),
    )
}

impl Catalog {
    /// Publishes all of `batch`, or nothing of it.
    pub async fn publish(&self, batch: &[Publication]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let last = self.noted(self.write(batch).await)?;
        self.revised();
        let first = last + 1 - batch.len() as u64;
        for (seq, publication) in (first..).zip(batch) {
            let (Publication::New(read) | Publication::Changed(read)) = publication else {
                continue;
            };
            if let Reading::Indexed { passages, .. } = &read.reading {
                self.inner.recent.keep(seq, passages.chunks());
            }
        }
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
        let mut rest = batch;
        let mut seq = first;
        while let Some((publication, after)) = rest.split_first() {
            let new = new_ones(rest);
            if new.is_empty() {
                put_change(&mut transaction, publication, (seq, &mut passages)).await?;
                (rest, seq) = (after, seq + 1);
            } else {
                put_new(&mut transaction, &new, (seq, &mut passages)).await?;
                (rest, seq) = (&rest[new.len()..], seq + new.len() as i64);
            }
        }
        passages.store(&mut transaction).await?;
        postgres::announce(self.inner.database, &mut transaction).await?;
        transaction.commit().await.map_err(failed(task))?;
        Ok(last as u64)
    }
}

/// The new documents at the beginning of a batch that one statement can put.
fn new_ones(batch: &[Publication]) -> Vec<&Read> {
    let mut new: Vec<&Read> = Vec::new();
    for publication in batch.iter().take(ROWS) {
        let Publication::New(read) = publication else { break };
        // One statement cannot put the same path twice.
        let is_same =
            |other: &&Read| other.source == read.source && other.place.path == read.place.path;
        if new.iter().any(is_same) || new.first().is_some_and(|one| one.source != read.source) {
            break;
        }
        new.push(read);
    }
    new
}

/// Writes new documents; their passages are only added to those that will be stored.
async fn put_new<'p>(
    transaction: &mut Transaction<'_, Any>,
    new: &[&'p Read],
    (seq, passages): (i64, &mut Insertion<'p>),
) -> Result<()> {
    let ids = put(transaction, new, (seq, BY_PATH)).await?;
    for (read, id) in new.iter().zip(ids) {
        if id != read.id {
            delete_passages(transaction, id).await?;
        }
        add_passages(passages, id, &read.reading);
    }
    Ok(())
}

/// Writes one change; the passages that it brings are only added to those that will be stored.
async fn put_change<'p>(
    transaction: &mut Transaction<'_, Any>,
    publication: &'p Publication,
    (seq, passages): (i64, &mut Insertion<'p>),
) -> Result<()> {
    match publication {
        Publication::New(read) => put_new(transaction, &[read], (seq, passages)).await,
        Publication::Changed(read) => {
            put(transaction, &[read], (seq, BY_ID)).await?;
            delete_passages(transaction, read.id).await?;
            add_passages(passages, read.id, &read.reading);
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
    stated_ns: i64,
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
            stated_ns: 0,
            chunks: 0,
        };
        Ok(match reading {
            Reading::Indexed { title, language, metadata, stated_ns, passages } => {
                let stated_ns = *stated_ns;
                let metadata = serde_json::to_string(metadata).map_err(|error| {
                    Error::internal("the metadata of a document cannot be written").because(error)
                })?;
                let chunks = passages.count();
                Self { title, language, metadata, stated_ns, chunks, ..empty }
            }
            Reading::Failed(reason) => Self { state: DocumentState::Failed, reason, ..empty },
            Reading::Skipped(reason) => Self { state: DocumentState::Skipped, reason, ..empty },
            Reading::Container => Self { state: DocumentState::Container, ..empty },
        })
    }
}

/// Puts documents of one source and different paths, the first at `seq`; returns the id of each,
/// which is another than that of its `Read` if the path was taken.
async fn put(
    transaction: &mut Transaction<'_, Any>,
    reads: &[&Read],
    (first, target): (i64, &str),
) -> Result<Vec<DocumentId>> {
    let task = "publish a document";
    let sql = put_sql(reads.len(), target);
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for (seq, Read { id, source, container, place, hash, reading }) in (first..).zip(reads) {
        let columns = Columns::of(reading)?;
        let count = columns.chunks as i64;
        query = query
            .bind(id.0 as i64)
            .bind(i64::from(source.0))
            .bind(place.path.as_str())
            .bind(place.raw_path.as_slice())
            .bind(place.kind.as_str())
            .bind(place.size as i64)
            .bind(place.modified_ns)
            .bind(hash.as_slice())
            .bind(columns.state.code())
            .bind(clean(columns.reason))
            .bind(clean(columns.title))
            .bind(clean(columns.language))
            .bind(columns.metadata)
            .bind(count)
            .bind(i16::from(count == 0))
            .bind(READING_VERSION as i64)
            .bind(seq)
            .bind(place.changed_ns)
            .bind(container.map_or(0, |container| container.0 as i64))
            .bind(columns.stated_ns);
    }
    let rows = query.fetch_all(&mut **transaction).await.map_err(failed(task))?;
    let mut ids: HashMap<String, DocumentId> = HashMap::with_capacity(rows.len());
    for row in rows {
        let id: i64 = row.try_get(0).map_err(failed(task))?;
        ids.insert(row.try_get(1).map_err(failed(task))?, DocumentId(id as u64));
    }
    let id_of = |read: &&Read| ids.get(read.place.path.as_str()).copied().unwrap_or(read.id);
    Ok(reads.iter().map(id_of).collect())
}

/// PostgreSQL has no text with a NUL in it.
fn clean(text: &str) -> String {
    text.replace('\0', " ")
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
    .bind(place.kind.as_str())
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
