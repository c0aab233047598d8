//! Vectors by model and content, and the durable queue of documents that wait for the embedder.

use std::collections::HashSet;

use sqlx::Row;

use super::passages::{self, Passages};
use super::{Access, Catalog, postgres};
use crate::error::{Error, Result};
use crate::id::DocumentId;

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
    /// The number of the model with this fingerprint, given at its first use.
    ///
    /// When it is another model than last time, every document waits for the embedder again.
    pub async fn use_model(&self, identity: &crate::embed::ModelIdentity) -> Result<ModelId> {
        let task = "register the embedding model";
        if self.inner.access == Access::Follow {
            return self.known_model(identity).await;
        }
        let mut transaction = self.begin(task).await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO models (id, fingerprint, provider, name, dimensions) \
             VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM models), $1, $2, $3, $4) \
             ON CONFLICT (fingerprint) DO UPDATE SET name = excluded.name RETURNING id",
        )
        .bind(identity.fingerprint.as_str())
        .bind(identity.provider.as_str())
        .bind(identity.name.as_str())
        .bind(identity.dimensions as i64)
        .fetch_one(&mut *transaction)
        .await
        .map_err(self.failed(task))?;
        let current: Option<String> =
            sqlx::query_scalar("SELECT value FROM settings WHERE name = 'model'")
                .fetch_optional(&mut *transaction)
                .await
                .map_err(self.failed(task))?;
        if current.as_deref() != Some(id.to_string().as_str()) {
            sqlx::query(
                "UPDATE documents SET embedding = 0, embedded = 0, readable = chunks \
                 WHERE chunks > 0",
            )
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
            sqlx::query(
                "INSERT INTO settings (name, value) VALUES ('model', $1) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
        }
        transaction.commit().await.map_err(self.failed(task))?;
        Ok(ModelId(id))
    }

    /// The number that the daemon which indexes gave the model.
    async fn known_model(&self, identity: &crate::embed::ModelIdentity) -> Result<ModelId> {
        let task = "look for the embedding model";
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM models WHERE fingerprint = $1")
            .bind(identity.fingerprint.as_str())
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed(task))?;
        id.map(ModelId).ok_or_else(|| {
            Error::unavailable(format!(
                "the daemon that indexes has no vectors of {}",
                identity.name
            ))
            .hint("give both daemons the same `[embedder]`")
        })
    }

    /// Documents that wait for the embedder, the newest change first, with about `chunks` chunks
    /// in all (one document may have more); those in `except` are passed over.
    pub async fn pending(&self, chunks: u64, except: &HashSet<DocumentId>) -> Result<Vec<Pending>> {
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
        let mut queue = Vec::new();
        let mut total = 0;
        for row in rows {
            let id = DocumentId(row.try_get::<i64, _>("id").map_err(self.failed(task))? as u64);
            if except.contains(&id) {
                continue;
            }
            let passages = self.noted(passages::passages(&mut connection, id).await)?;
            queue.push(Pending {
                id,
                seq: row.try_get::<i64, _>("seq").map_err(self.failed(task))? as u64,
                title: row.try_get("title").map_err(self.failed(task))?,
                passages,
            });
            total += row.try_get::<i64, _>("chunks").map_err(self.failed(task))? as u64;
            if total >= chunks {
                break;
            }
        }
        Ok(queue)
    }

    /// The vectors that are there for the given keys, beside each key.
    pub async fn vectors(
        &self,
        model: ModelId,
        keys: &[[u8; 16]],
    ) -> Result<Vec<Option<Vec<f32>>>> {
        let task = "read vectors";
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(task))?;
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let vector: Option<Vec<u8>> =
                sqlx::query_scalar("SELECT vector FROM vectors WHERE model = $1 AND key = $2")
                    .bind(model.0)
                    .bind(key.as_slice())
                    .fetch_optional(&mut *connection)
                    .await
                    .map_err(self.failed(task))?;
            found.push(self.noted(vector.as_deref().map(floats).transpose())?);
        }
        Ok(found)
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
                "INSERT INTO vectors (model, key, vector) VALUES ($1, $2, $3) \
                 ON CONFLICT (model, key) DO NOTHING",
            )
            .bind(model.0)
            .bind(key.as_slice())
            .bind(bytes(vector))
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
        }
        for document in complete {
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

    /// Puts a document back into the queue, because its vectors turned out to be missing.
    pub async fn embed_again(&self, ids: &[DocumentId]) -> Result<()> {
        for id in ids {
            sqlx::query("UPDATE documents SET embedding = 0 WHERE id = $1 AND chunks > 0")
                .bind(id.0 as i64)
                .execute(self.writer()?)
                .await
                .map_err(self.failed("queue a document for the embedder"))?;
        }
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
