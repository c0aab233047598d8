//! The move of a whole catalog to another database, verified.

use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Executor, Row, Transaction};

use super::{Access, Catalog, Database, failed};
use crate::error::{Error, Result};

use Kind::{Bytes, Small, Text, Whole};

const TASK: &str = "be copied";

/// Values in one statement at the most; PostgreSQL takes 65,535.
const VALUES: usize = 4_000;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Whole,
    Small,
    Bytes,
}

/// A table and its columns; the first ones are its key.
pub(super) type Table = (&'static str, &'static [(&'static str, Kind)]);

/// Everything that a catalog consists of.
pub(super) const TABLES: &[Table] = &[
    ("settings", &[("name", Text), ("value", Text)]),
    ("sequence", &[("id", Small), ("seq", Whole)]),
    (
        "sources",
        &[
            ("id", Whole),
            ("name", Text),
            ("kind", Text),
            ("space", Text),
            ("path", Text),
            ("settings", Text),
            ("origin", Text),
            ("root", Text),
            ("scanned_ms", Whole),
        ],
    ),
    (
        "documents",
        &[
            ("id", Whole),
            ("source", Whole),
            ("path", Text),
            ("raw_path", Bytes),
            ("type", Text),
            ("size", Whole),
            ("modified_ns", Whole),
            ("changed_ns", Whole),
            ("hash", Bytes),
            ("state", Small),
            ("reason", Text),
            ("title", Text),
            ("language", Text),
            ("metadata", Text),
            ("chunks", Whole),
            ("readable", Whole),
            ("embedded", Whole),
            ("embedding", Small),
            ("version", Whole),
            ("seq", Whole),
            ("container", Whole),
            ("stated_ns", Whole),
        ],
    ),
    ("passages", &[("document", Whole), ("part", Whole), ("chunks", Bytes), ("keys", Bytes)]),
    ("removals", &[("document", Whole), ("seq", Whole)]),
    (
        "models",
        &[
            ("id", Whole),
            ("fingerprint", Text),
            ("provider", Text),
            ("name", Text),
            ("dimensions", Whole),
        ],
    ),
    ("vectors", &[("model", Whole), ("key", Bytes), ("vector", Bytes), ("stored_ms", Whole)]),
    ("followers", &[("name", Text), ("seq", Whole)]),
    (
        "sessions",
        &[
            ("id", Text),
            ("principal", Text),
            ("title", Text),
            ("began_ms", Whole),
            ("asked_ms", Whole),
            ("thread", Text),
        ],
    ),
    (
        "turns",
        &[
            ("id", Text),
            ("session", Text),
            ("question", Text),
            ("query", Text),
            ("answer", Text),
            ("sources", Text),
            ("outcome", Small),
            ("model", Text),
            ("asked_ms", Whole),
            ("feedback", Small),
            ("comment", Text),
            ("spaces", Text),
            ("folded", Text),
        ],
    ),
    (
        "tokens",
        &[
            ("name", Text),
            ("key", Text),
            ("hash", Text),
            ("spaces", Text),
            ("role", Small),
            ("acts_for", Text),
            ("created_ms", Whole),
            ("expires_ms", Whole),
            ("used_ms", Whole),
        ],
    ),
    ("successor", &[("document", Whole), ("seq", Whole), ("readable", Whole)]),
];

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Documents.
    pub documents: u64,
    /// Vectors.
    pub vectors: u64,
    /// Rows of all tables.
    pub rows: u64,
}

impl Catalog {
    /// Copies this catalog, as it is at one moment, into the empty database of a PostgreSQL
    /// server, and compares every value; all of it or nothing.
    ///
    /// Indexing and searching go on meanwhile. `Usage` when the database holds documents.
    pub async fn copy_to_postgres(&self, url: String) -> Result<Copied> {
        let source = self.clone();
        let handle = tokio::runtime::Handle::current();
        // On a thread of its own: the streams of rows cannot change threads.
        let copying = tokio::task::spawn_blocking(move || {
            handle.block_on(async {
                let target = Self::open_postgres(&url, Access::Write).await?;
                let copied = source.copy_to(&target).await;
                target.close().await;
                copied
            })
        });
        copying.await.map_err(|error| Error::internal("copying failed").because(error))?
    }

    /// Copies all of it, as it is at one moment, into a new file of SQLite.
    pub(super) async fn copy_to_sqlite(&self, file: &Path) -> Result<Copied> {
        let (source, file) = (self.clone(), file.to_owned());
        let handle = tokio::runtime::Handle::current();
        let copying = tokio::task::spawn_blocking(move || {
            handle.block_on(async {
                let target = Self::open_sqlite(&file).await?;
                let copied = source.copy_to(&target).await;
                target.close().await;
                copied
            })
        });
        copying.await.map_err(|error| Error::internal("copying failed").because(error))?
    }

    async fn copy_to(&self, target: &Self) -> Result<Copied> {
        let mut transaction = target.begin(TASK).await?;
        refuse_documents(&mut transaction).await?;
        let copied = self.copy_into(&mut transaction).await?;
        transaction.commit().await.map_err(failed(TASK))?;
        Ok(copied)
    }

    /// Replaces everything in the tables of the transaction, and compares every value.
    pub(super) async fn copy_into(&self, transaction: &mut Transaction<'_, Any>) -> Result<Copied> {
        // Everything is of the same moment.
        let begin = match self.inner.database {
            Database::Sqlite => "BEGIN",
            Database::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let begun = self.inner.readers.begin_with(begin).await;
        let mut source = begun.map_err(self.failed(TASK))?;
        if self.inner.database == Database::Postgres {
            // A table takes as long as it takes.
            let unlimited = source.execute("SET LOCAL statement_timeout = 0").await;
            unlimited.map_err(failed(TASK))?;
        }
        let mut copied = Copied::default();
        for table in TABLES {
            sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {}", table.0)))
                .execute(&mut **transaction)
                .await
                .map_err(failed(TASK))?;
            let hash = copy_table(&mut source, transaction, *table).await?;
            let (rows, there) = hash_table(transaction, *table).await?;
            if hash != there {
                let table = table.0;
                return Err(Error::internal(format!("the copy of the table {table} differs"))
                    .hint("nothing was changed; please report this"));
            }
            copied.rows += rows;
            match table.0 {
                "documents" => copied.documents = rows,
                "vectors" => copied.vectors = rows,
                _ => {}
            }
        }
        Ok(copied)
    }
}

async fn refuse_documents(transaction: &mut Transaction<'_, Any>) -> Result<()> {
    let documents: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM documents")
        .fetch_one(&mut **transaction)
        .await
        .map_err(failed(TASK))?;
    match documents {
        0 => Ok(()),
        _ => Err(Error::usage(format!("that database holds a catalog of {documents} documents"))
            .hint("name an empty database, or drop that one")),
    }
}

/// Copies the rows; returns a hash of all values that does not depend on the order of rows.
async fn copy_table(
    source: &mut AnyConnection,
    target: &mut Transaction<'_, Any>,
    (name, columns): Table,
) -> Result<u64> {
    let mut hash = 0_u64;
    let mut pending: Vec<AnyRow> = Vec::new();
    let sql = selection(name, columns);
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(source);
    while let Some(row) = rows.try_next().await.map_err(failed("be read"))? {
        hash = hash.wrapping_add(hash_row(&row, columns)?);
        pending.push(row);
        if (pending.len() + 1) * columns.len() > VALUES {
            insert(target, (name, columns), &pending).await?;
            pending.clear();
        }
    }
    if !pending.is_empty() {
        insert(target, (name, columns), &pending).await?;
    }
    Ok(hash)
}

async fn insert(
    target: &mut Transaction<'_, Any>,
    (name, columns): Table,
    rows: &[AnyRow],
) -> Result<()> {
    let places = |row: usize| {
        let places: Vec<String> =
            (1..=columns.len()).map(|at| format!("${}", row * columns.len() + at)).collect();
        format!("({})", places.join(", "))
    };
    let values: Vec<String> = (0..rows.len()).map(places).collect();
    let sql = format!("INSERT INTO {name} ({}) VALUES {}", names(columns), values.join(", "));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for row in rows {
        for (at, (_, kind)) in columns.iter().enumerate() {
            let read = failed("be read");
            query = match kind {
                Text => query.bind(row.try_get::<String, _>(at).map_err(read)?),
                Whole => query.bind(row.try_get::<i64, _>(at).map_err(read)?),
                Small => query.bind(row.try_get::<i64, _>(at).map_err(read)? as i16),
                Bytes => query.bind(row.try_get::<Vec<u8>, _>(at).map_err(read)?),
            };
        }
    }
    query.execute(&mut **target).await.map_err(failed("be written"))?;
    Ok(())
}

async fn hash_table(connection: &mut AnyConnection, (name, columns): Table) -> Result<(u64, u64)> {
    let (mut count, mut hash) = (0, 0_u64);
    let sql = selection(name, columns);
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(failed("be compared"))? {
        count += 1;
        hash = hash.wrapping_add(hash_row(&row, columns)?);
    }
    Ok((count, hash))
}

fn hash_row(row: &AnyRow, columns: &[(&str, Kind)]) -> Result<u64> {
    let mut hasher = blake3::Hasher::new();
    for (at, (_, kind)) in columns.iter().enumerate() {
        let read = failed("be read");
        let value = match kind {
            Text => row.try_get::<String, _>(at).map_err(read)?.into_bytes(),
            Whole | Small => row.try_get::<i64, _>(at).map_err(read)?.to_le_bytes().to_vec(),
            Bytes => row.try_get::<Vec<u8>, _>(at).map_err(read)?,
        };
        hasher.update(&(value.len() as u64).to_le_bytes()).update(&value);
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    Ok(u64::from_le_bytes(first))
}

fn selection(name: &str, columns: &[(&str, Kind)]) -> String {
    format!("SELECT {} FROM {name}", names(columns))
}

fn names(columns: &[(&str, Kind)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
