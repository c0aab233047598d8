//! The embedding model that is to come: its queue beside that of the active one, and the switch.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::vectors::{Embedded, ModelId, Pending};
use super::{Access, Catalog, failed, passages, postgres};
use crate::embed::ModelIdentity;
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// The setting that says which model the table `successor` is about.
const SUCCESSOR: &str = "successor";

/// What the successor has surely read, so that its queue is not looked for from the newest
/// document on each time: with 100,000 documents that takes 0.2 s.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<Option<Behind>>);

/// Everything after `first` and up to `last` was read.
#[derive(Debug, Clone, Copy)]
struct Behind {
    first: i64,
    last: i64,
}

impl Progress {
    fn get(&self) -> Option<Behind> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, behind: Option<Behind>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = behind;
    }

    /// Nothing is sure any more.
    pub(super) fn forget(&self) {
        self.set(None);
    }
}

impl Catalog {
    /// The model whose vectors are searched; `None` before the first.
    pub fn active_model(&self) -> Option<ModelId> {
        let id = self.inner.model.load(Ordering::Acquire);
        (id > 0).then_some(ModelId(id))
    }

    /// The number of the model with this fingerprint, given at its first use.
    ///
    /// The first model of a catalog is active at once; another one is a successor until
    /// [`switch_model`](Self::switch_model).
    pub async fn use_model(&self, identity: &ModelIdentity) -> Result<ModelId> {
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
        let is_first = self.active_model().is_none();
        if is_first {
            set(&mut transaction, "model", &id.to_string()).await?;
        }
        transaction.commit().await.map_err(self.failed(task))?;
        if is_first {
            self.inner.model.store(id, Ordering::Release);
        }
        Ok(ModelId(id))
    }

    /// The number that the daemon which indexes gave the model.
    async fn known_model(&self, identity: &ModelIdentity) -> Result<ModelId> {
        let task = "look for the embedding model";
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM models WHERE fingerprint = $1")
            .bind(identity.fingerprint.as_str())
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed(task))?;
        id.map(ModelId).ok_or_else(|| {
            let name = &identity.name;
            Error::unavailable(format!("the daemon that indexes has no vectors of {name}"))
                .hint("give both daemons the same `[embedder]`")
        })
    }

    /// Documents that the successor has not read yet, as [`pending`](Self::pending) gives them.
    pub(super) async fn pending_for_successor(
        &self,
        chunks: u64,
        except: &HashSet<DocumentId>,
    ) -> Result<Vec<Pending>> {
        let task = "read the embedding queue of the next model";
        let mut connection = self.inner.readers.acquire().await.map_err(self.failed(task))?;
        let limit = i64::try_from(chunks).unwrap_or(i64::MAX).saturating_add(except.len() as i64);
        // What is published meanwhile has a higher number, and is looked for the next time.
        let last = self.seq() as i64;
        let rows = match self.inner.successor.get() {
            None => unread(&mut connection, (0, i64::MAX), limit).await,
            Some(known) => {
                let newer = unread(&mut connection, (known.last + 1, i64::MAX), limit).await?;
                let left = limit - newer.len() as i64;
                let older = unread(&mut connection, (0, known.first), left).await?;
                Ok(newer.into_iter().chain(older).collect())
            }
        }?;
        let first = rows.first().map(|row| row.try_get("seq").map_err(self.failed(task)));
        let first = first.transpose()?.unwrap_or_default();
        self.inner.successor.set(Some(Behind { first, last }));
        let queue = passages::pending(&mut connection, rows, (chunks, except)).await;
        self.noted(queue)
    }

    /// Notes documents that are complete with the successor's vectors.
    pub(super) async fn complete_for_successor(
        transaction: &mut Transaction<'_, Any>,
        complete: &[Embedded],
    ) -> Result<()> {
        for document in complete {
            sqlx::query(
                "INSERT INTO successor (document, seq, readable) VALUES ($1, $2, $3) \
                 ON CONFLICT (document) DO UPDATE SET seq = excluded.seq, \
                 readable = excluded.readable",
            )
            .bind(document.id.0 as i64)
            .bind(document.seq as i64)
            .bind(document.readable as i64)
            .execute(&mut **transaction)
            .await
            .map_err(failed("note what the next model has read"))?;
        }
        Ok(())
    }

    /// How many chunks the successor has dealt with, and how many there are.
    pub async fn successor_progress(&self) -> Result<(u64, u64)> {
        let task = "count what the next model has read";
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(CASE WHEN s.document IS NULL THEN 0 ELSE d.chunks END), 0) \
             AS BIGINT), CAST(COALESCE(SUM(d.chunks), 0) AS BIGINT) FROM documents d \
             LEFT JOIN successor s ON s.document = d.id AND s.seq = d.seq WHERE d.chunks > 0",
        )
        .fetch_one(&self.inner.readers)
        .await
        .map_err(self.failed(task))?;
        let number = |column: usize| row.try_get::<i64, _>(column).map_err(self.failed(task));
        Ok((number(0)? as u64, number(1)? as u64))
    }

    /// Makes ready for a successor; what another one had read is forgotten, its vectors stay.
    pub async fn begin_successor(&self, model: ModelId) -> Result<()> {
        let task = "begin the next model";
        self.inner.successor.forget();
        let model = model.0.to_string();
        if self.setting(SUCCESSOR).await?.as_deref() == Some(&model) {
            return Ok(());
        }
        let mut transaction = self.begin(task).await?;
        sqlx::query("DELETE FROM successor")
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
        set(&mut transaction, SUCCESSOR, &model).await?;
        transaction.commit().await.map_err(self.failed(task))
    }

    /// Makes a model the active one, in one step: what it lacks waits for it.
    pub async fn switch_model(&self, model: ModelId) -> Result<()> {
        let task = "switch the embedding model";
        let mut transaction = self.begin(task).await?;
        let statements = [
            "UPDATE documents SET embedding = 0, embedded = 0, readable = chunks WHERE chunks > 0",
            "UPDATE documents SET embedding = 1, embedded = s.readable, readable = s.readable \
             FROM successor s WHERE s.document = documents.id AND s.seq = documents.seq",
            "DELETE FROM successor",
        ];
        for statement in statements {
            sqlx::query(statement).execute(&mut *transaction).await.map_err(self.failed(task))?;
        }
        set(&mut transaction, "model", &model.0.to_string()).await?;
        postgres::announce(self.inner.database, &mut transaction).await?;
        transaction.commit().await.map_err(self.failed(task))?;
        self.inner.model.store(model.0, Ordering::Release);
        self.inner.successor.forget();
        self.revised();
        Ok(())
    }

    /// Forgets what the successor has read; its vectors stay in the cache.
    pub async fn forget_successor(&self) -> Result<()> {
        self.inner.successor.forget();
        sqlx::query("DELETE FROM successor")
            .execute(self.writer()?)
            .await
            .map_err(self.failed("forget the next model"))?;
        Ok(())
    }

    /// A setting that the daemon keeps for itself.
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed("read a setting"))
    }

    /// Keeps a setting.
    pub async fn keep_setting(&self, name: &str, value: &str) -> Result<()> {
        let task = "keep a setting";
        let mut transaction = self.begin(task).await?;
        set(&mut transaction, name, value).await?;
        transaction.commit().await.map_err(self.failed(task))
    }
}

/// Documents that the successor has not read, the newest of those between `from` and `to` first.
async fn unread(
    connection: &mut AnyConnection,
    (from, to): (i64, i64),
    limit: i64,
) -> Result<Vec<AnyRow>> {
    sqlx::query(
        "SELECT d.id, d.seq, d.title, d.chunks FROM documents d \
         LEFT JOIN successor s ON s.document = d.id AND s.seq = d.seq \
         WHERE d.seq >= $2 AND d.seq <= $3 AND d.chunks > 0 AND s.document IS NULL \
         ORDER BY d.seq DESC LIMIT $1",
    )
    .bind(limit)
    .bind(from)
    .bind(to)
    .fetch_all(connection)
    .await
    .map_err(failed("read the embedding queue of the next model"))
}

async fn set(transaction: &mut Transaction<'_, Any>, name: &str, value: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(&mut **transaction)
    .await
    .map_err(failed("keep a setting"))?;
    Ok(())
}
