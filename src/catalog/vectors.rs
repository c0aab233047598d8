//! Vectors by model and content, and the durable queue of documents that wait for the embedder.

use std::collections::{HashMap, HashSet};

use sqlx::Row;

use super::passages::{self, Passages};
use super::{Catalog, now_ms, postgres};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// Vectors asked for by one statement.
const KEYS: usize = 32;

/// An embedding model's number in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelId(pub i64);

/// A document whose chunks wait for their vectors.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The document.
    pub id: DocumentId,
    /// The change that it was read at; a newer one makes the work stale.
    pub seq: u64,
    /// Its own title; empty when it has none.
    pub title: String,
    /// Its passages.
    pub passages: Passages,
}

/// What embedding a document came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// The document.
    pub id: DocumentId,
    /// The change that its passages were read at.
    pub seq: u64,
    /// How many of its chunks the model reads; each of them has a vector.
    pub readable: usize,
}

impl Catalog {
    /// Documents that wait for a model, the newest change first, with about `chunks` chunks in
    /// all (one document may have more); those in `except` are passed over.
    pub async fn pending(
        &self,
        model: ModelId,
        chunks: u64,
        except: &HashSet<DocumentId>,
    ) -> Result<Vec<Pending>> {
        if self.active_model() != Some(model) {
            return self.pending_for_successor(chunks, except).await;
        }
        let task = "read the embedding queue";
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(task))?;
        let rows = sqlx::query(
            "SELECT id, seq, title, chunks FROM documents WHERE embedding = 0 \
             ORDER BY seq DESC LIMIT $1",
        )
        .bind(i64::try_from(chunks).unwrap_or(i64::MAX).saturating_add(except.len() as i64))
        .fetch_all(&mut *connection)
        .await
        .map_err(self.failed(task))?;
        let queue = passages::pending(&mut connection, rows, (chunks, except)).await;
        self.noted(queue)
    }

    /// The vectors that are there for the given keys, beside each key.
    pub async fn vectors(
        &self,
        model: ModelId,
        keys: &[[u8; 16]],
    ) -> Result<Vec<Option<Vec<f32>>>> {
        let task = "read vectors";
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(task))?;
        let mut found: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        for keys in keys.chunks(KEYS) {
            let places: Vec<String> = (2..).take(keys.len()).map(|at| format!("${at}")).collect();
            let sql = format!(
                "SELECT key, vector FROM vectors WHERE model = $1 AND key IN ({})",
                places.join(", ")
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(model.0);
            for key in keys {
                query = query.bind(key.as_slice());
            }
            for row in query.fetch_all(&mut *connection).await.map_err(self.failed(task))? {
                let key = row.try_get(0).map_err(self.failed(task))?;
                found.insert(key, row.try_get(1).map_err(self.failed(task))?);
            }
        }
        let vector = |key: &[u8; 16]| found.get(key.as_slice()).map(|bytes| floats(bytes));
        self.noted(keys.iter().map(|key| vector(key).transpose()).collect())
    }

    /// Stores vectors and notes the documents that are complete with them, in one transaction.
    ///
    /// A document that changed since it was read stays in the queue.
    pub async fn store_vectors(
        &self,
        model: ModelId,
        vectors: &[([u8; 16], Vec<f32>)],
        complete: &[Embedded],
    ) -> Result<()> {
        let task = "store vectors";
        let mut transaction = self.begin(task).await?;
        for (key, vector) in vectors {
            sqlx::query(
                "INSERT INTO vectors (model, key, vector, stored_ms) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (model, key) DO NOTHING",
            )
            .bind(model.0)
            .bind(key.as_slice())
            .bind(bytes(vector))
            .bind(now_ms())
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
        }
        let is_active = self.active_model() == Some(model);
        if !is_active {
            Self::complete_for_successor(&mut transaction, complete).await?;
        }
        for document in complete.iter().filter(|_| is_active) {
            sqlx::query(
                "UPDATE documents SET embedding = 1, embedded = $3, readable = $3 \
                 WHERE id = $1 AND seq = $2",
            )
            .bind(document.id.0 as i64)
            .bind(document.seq as i64)
            .bind(document.readable as i64)
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
        }
        postgres::announce(self.inner.database, &mut transaction).await?;
        transaction.commit().await.map_err(self.failed(task))?;
        self.revised();
        Ok(())
    }

    /// Puts documents back into the queue of a model, because vectors turned out to be missing.
    pub async fn embed_again(&self, model: ModelId, ids: &[DocumentId]) -> Result<()> {
        let sql = match self.active_model() == Some(model) {
            true => "UPDATE documents SET embedding = 0 WHERE id = $1 AND chunks > 0",
            false => "DELETE FROM successor WHERE document = $1",
        };
        for id in ids {
            sqlx::query(sql)
                .bind(id.0 as i64)
                .execute(self.writer()?)
                .await
                .map_err(self.failed("queue a document for the embedder"))?;
        }
        self.inner.successor.forget();
        self.revised();
        Ok(())
    }
}

fn bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn floats(bytes: &[u8]) -> Result<Vec<f32>> {
    let (values, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Error::corrupt("a vector in the catalog has a wrong length"));
    }
    Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}
