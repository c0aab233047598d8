//! The chunks of documents, compressed, in parts small enough to be read for one hit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::failed;
use super::vectors::Pending;
use crate::chunk::{self, Chunk};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// Chunks in one part.
const PART: usize = 32;

/// The chunks of a document and the keys of their vectors.
#[derive(Debug, Clone, Default)]
pub struct Passages {
    /// In reading order; the index is the ordinal.
    pub chunks: Vec<Chunk>,
    /// Beside each chunk: the key of its vector.
    pub keys: Vec<[u8; 16]>,
}

/// Passages in the form in which they are stored.
#[derive(Debug, Clone, Default)]
pub struct EncodedPassages {
    parts: Vec<EncodedPart>,
    chunks: Arc<[Chunk]>,
}

#[derive(Debug, Clone)]
struct EncodedPart {
    chunks: Vec<u8>,
    keys: Vec<u8>,
}

impl EncodedPassages {
    /// Encodes the chunks of a document; compresses, so not for an async task.
    pub fn encode(title: &str, chunks: Vec<Chunk>) -> Self {
        let title = (!title.is_empty()).then_some(title);
        let key = |chunk: &Chunk| chunk::embedding_key(&chunk::embedding_text(title, chunk));
        let part = |chunks: &[Chunk]| EncodedPart {
            chunks: chunk::encode(chunks),
            keys: chunks.iter().flat_map(key).collect(),
        };
        Self { parts: chunks.chunks(PART).map(part).collect(), chunks: chunks.into() }
    }

    /// How many chunks there are.
    pub fn count(&self) -> usize {
        self.chunks.len()
    }

    /// The chunks as they were.
    pub(super) fn chunks(&self) -> &Arc<[Chunk]> {
        &self.chunks
    }
}

/// Rows stored by one statement: each statement wakes the driver's thread, or crosses a network.
const ROWS: usize = 16;

/// Passages that a transaction is about to store, several documents to a statement.
#[derive(Debug, Default)]
pub(super) struct Insertion<'p> {
    rows: Vec<(DocumentId, i64, &'p EncodedPart)>,
}

impl<'p> Insertion<'p> {
    /// Adds the passages of a document that has none.
    pub(super) fn add(&mut self, id: DocumentId, passages: &'p EncodedPassages) {
        self.rows.extend((0..).zip(&passages.parts).map(|(number, part)| (id, number, part)));
    }

    /// Stores what was added and is not stored yet.
    pub(super) async fn store(&mut self, transaction: &mut Transaction<'_, Any>) -> Result<()> {
        for rows in self.rows.chunks(ROWS) {
            let mut statement = sqlx::query(sqlx::AssertSqlSafe(insertion_sql(rows.len())));
            for (id, number, part) in rows {
                statement = statement
                    .bind(id.0 as i64)
                    .bind(*number)
                    .bind(part.chunks.as_slice())
                    .bind(part.keys.as_slice());
            }
            statement
                .execute(&mut **transaction)
                .await
                .map_err(failed("publish the passages of a document"))?;
        }
        self.rows.clear();
        Ok(())
    }
}

fn insertion_sql(rows: usize) -> String {
    let values: Vec<String> = (0..rows)
        .map(|row| {
            let [first, second, third, fourth] = [1, 2, 3, 4].map(|column| row * 4 + column);
            format!("(${first}, ${second}, ${third}, ${fourth})")
        })
        .collect();
    format!("INSERT INTO passages (document, part, chunks, keys) VALUES {}", values.join(", "))
}

/// Removes the passages of a document.
pub(super) async fn delete_passages(
    transaction: &mut Transaction<'_, Any>,
    id: DocumentId,
) -> Result<()> {
    sqlx::query("DELETE FROM passages WHERE document = $1")
        .bind(id.0 as i64)
        .execute(&mut **transaction)
        .await
        .map_err(failed("remove the passages of a document"))?;
    Ok(())
}

/// All passages of a document; none when it is gone.
pub(super) async fn passages(connection: &mut AnyConnection, id: DocumentId) -> Result<Passages> {
    let task = "read the passages of a document";
    let rows = sqlx::query("SELECT chunks, keys FROM passages WHERE document = $1 ORDER BY part")
        .bind(id.0 as i64)
        .fetch_all(connection)
        .await
        .map_err(failed(task))?;
    let mut passages = Passages::default();
    for row in rows {
        let chunks: Vec<u8> = row.try_get(0).map_err(failed(task))?;
        let keys: Vec<u8> = row.try_get(1).map_err(failed(task))?;
        passages.append(&chunks, &keys)?;
    }
    Ok(passages)
}

/// The passages of all documents that were published from `first` to `last`, by document.
pub(super) async fn passages_between(
    connection: &mut AnyConnection,
    first: u64,
    last: u64,
) -> Result<HashMap<DocumentId, Passages>> {
    let task = "read the passages of documents";
    let rows = sqlx::query(
        "SELECT p.document, p.chunks, p.keys FROM documents d \
         JOIN passages p ON p.document = d.id \
         WHERE d.seq >= $1 AND d.seq <= $2 ORDER BY d.seq, p.part",
    )
    .bind(first as i64)
    .bind(last as i64)
    .fetch_all(connection)
    .await
    .map_err(failed(task))?;
    let mut found: HashMap<DocumentId, Passages> = HashMap::new();
    for row in rows {
        let id = DocumentId(row.try_get::<i64, _>(0).map_err(failed(task))? as u64);
        let chunks: Vec<u8> = row.try_get(1).map_err(failed(task))?;
        let keys: Vec<u8> = row.try_get(2).map_err(failed(task))?;
        found.entry(id).or_default().append(&chunks, &keys)?;
    }
    Ok(found)
}

/// The documents of `rows` (id, seq, title, chunks) with their passages, until `chunks` are
/// reached; those in `except` are passed over.
pub(super) async fn pending(
    connection: &mut AnyConnection,
    rows: Vec<AnyRow>,
    (chunks, except): (u64, &HashSet<DocumentId>),
) -> Result<Vec<Pending>> {
    let task = "read the embedding queue";
    let mut queue = Vec::new();
    let mut total = 0;
    for row in rows {
        let number = |column: &str| row.try_get::<i64, _>(column).map_err(failed(task));
        let id = DocumentId(number("id")? as u64);
        if except.contains(&id) {
            continue;
        }
        let passages = passages(connection, id).await?;
        let title = row.try_get("title").map_err(failed(task))?;
        queue.push(Pending { id, seq: number("seq")? as u64, title, passages });
        total += number("chunks")? as u64;
        if total >= chunks {
            break;
        }
    }
    Ok(queue)
}

/// The part that holds the chunk of an ordinal.
pub(super) fn part_of(ordinal: u32) -> i64 {
    i64::from(ordinal) / PART as i64
}

/// The ordinal of the first chunk in a part.
pub(super) fn first_of(part: i64) -> u32 {
    u32::try_from(part).unwrap_or_default().saturating_mul(PART as u32)
}

/// The chunk of an ordinal out of its encoded part; `None` when there is none.
pub(super) fn chunk_of(part: &[u8], ordinal: u32) -> Result<Option<Chunk>> {
    chunk::decode_one(part, ordinal as usize % PART)
}

impl Passages {
    fn append(&mut self, chunks: &[u8], keys: &[u8]) -> Result<()> {
        let chunks = chunk::decode(chunks)?;
        let (keys, rest) = keys.as_chunks::<16>();
        if keys.len() != chunks.len() || !rest.is_empty() {
            return Err(Error::corrupt("the passages and vector keys of a document differ")
                .hint("run `ragterm sources rescan` after removing and adding the source again"));
        }
        self.chunks.extend(chunks);
        self.keys.extend_from_slice(keys);
        Ok(())
    }
}
