//! The embedding cache: vectors that no document needs are kept up to a size, the newest longest.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use sqlx::Row;

use super::{Catalog, failed};
use crate::error::Result;

/// Vectors deleted in one transaction.
const BATCH: usize = 1000;

/// A row of the table of vectors: model and key.
type Row16 = (i64, Vec<u8>);

/// Vectors that are in the way, and what they take, in bytes.
type Surplus = (Vec<Row16>, u64);

impl Catalog {
    /// Deletes vectors that no document needs, the oldest first, until those left are within
    /// `most_bytes`; returns how many it deleted, and their bytes.
    pub async fn prune_vectors(&self, most_bytes: u64) -> Result<(u64, u64)> {
        let task = "prune vectors";
        let (surplus, bytes) = self.surplus(most_bytes).await?;
        for batch in surplus.chunks(BATCH) {
            let mut transaction = self.begin(task).await?;
            for (model, key) in batch {
                sqlx::query("DELETE FROM vectors WHERE model = $1 AND key = $2")
                    .bind(*model)
                    .bind(key.as_slice())
                    .execute(&mut *transaction)
                    .await
                    .map_err(self.failed(task))?;
            }
            transaction.commit().await.map_err(self.failed(task))?;
        }
        Ok((surplus.len() as u64, bytes))
    }

    /// How many vectors [`prune_vectors`](Self::prune_vectors) would delete, and their bytes.
    pub async fn surplus_vectors(&self, most_bytes: u64) -> Result<(u64, u64)> {
        let (surplus, bytes) = self.surplus(most_bytes).await?;
        Ok((surplus.len() as u64, bytes))
    }

    async fn surplus(&self, most_bytes: u64) -> Result<Surplus> {
        let task = "prune vectors";
        let needed = self.needed_keys().await?;
        let active = self.active_model().map_or(0, |model| model.0);
        let (mut left_bytes, mut surplus_bytes) = (most_bytes, 0);
        let mut surplus: Vec<Row16> = Vec::new();
        let mut rows =
            sqlx::query("SELECT model, key, LENGTH(vector) FROM vectors ORDER BY stored_ms DESC")
                .fetch(&self.inner.readers);
        while let Some(row) = rows.try_next().await.map_err(self.failed(task))? {
            let model: i64 = row.try_get(0).map_err(failed(task))?;
            let key: Vec<u8> = row.try_get(1).map_err(failed(task))?;
            let bytes = row.try_get::<i64, _>(2).map_err(failed(task))? as u64;
            if model == active && needed.contains(key.as_slice()) {
                continue;
            }
            match left_bytes.checked_sub(bytes) {
                Some(left) if surplus.is_empty() => left_bytes = left,
                _ => {
                    surplus.push((model, key));
                    surplus_bytes += bytes;
                }
            }
        }
        Ok((surplus, surplus_bytes))
    }

    /// The keys of the passages of all documents.
    async fn needed_keys(&self) -> Result<HashSet<[u8; 16]>> {
        let task = "list the keys of passages";
        let mut needed = HashSet::new();
        let mut rows = sqlx::query_scalar::<_, Vec<u8>>("SELECT keys FROM passages")
            .fetch(&self.inner.readers);
        while let Some(keys) = rows.try_next().await.map_err(self.failed(task))? {
            needed.extend(keys.as_chunks::<16>().0);
        }
        Ok(needed)
    }
}
