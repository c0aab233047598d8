//! What is in the database that a backup goes into: looked at before anything is changed, and removed
//! in the transaction that puts the backup in its place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::copy::TABLES;
use super::failed;
use super::migrations::last_known;
use super::postgres::{LOCK_ATTEMPTS, LOCK_PAUSE, TAKEN, WRITER_LOCK, at_open};
use crate::error::{Error, Result};

const TASK: &str = "be restored";

/// The table of the migrations.
const MIGRATIONS: &str = "_sqlx_migrations";

/// How long a server may take to answer.
const CONNECT: Duration = Duration::from_secs(30);

/// What happens to a catalog that is in the place already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occupied {
    /// It stays, and nothing is restored.
    Refused,
    /// It goes.
    Replaced,
}

/// Whether a database was asked to commit: who stops waiting after that cannot know what it did.
#[derive(Debug, Default)]
pub struct Commit(AtomicBool);

impl Commit {
    /// It is asked next.
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was asked.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Connects to a database as the only one that writes, for as long as the connection lives. A daemon
/// that has just ended may hold the lock for a moment more: the server has to notice.
pub(super) async fn connect(url: &str) -> Result<PgConnection> {
    let mut connection = in_time(PgConnection::connect(url)).await?;
    for _ in 0..LOCK_ATTEMPTS {
        let got: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(WRITER_LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(failed(TASK))?;
        if got {
            return Ok(connection);
        }
        tokio::time::sleep(LOCK_PAUSE).await;
    }
    Err(Error::usage(TAKEN).hint("stop that daemon first: `ragterm stop`"))
}

/// A connection that is made, or the error of a server that takes too long.
pub(super) async fn in_time<C>(connecting: impl Future<Output = sqlx::Result<C>>) -> Result<C> {
    let made = tokio::time::timeout(CONNECT, connecting).await;
    let made = made.map_err(|_| Error::unavailable("the server does not answer"));
    made.and_then(|made| made.map_err(failed("open it"))).map_err(at_open)
}

/// The tables of the catalog that is there, which may go: `Usage` when it may not. Nothing is
/// changed.
pub(super) async fn former(
    connection: &mut PgConnection,
    occupied: Occupied,
) -> Result<Vec<String>> {
    let tables = tables(connection).await?;
    let is_there = |name: &str| tables.iter().any(|table| table.name == name);
    let newer = is_there(MIGRATIONS) && is_newer(connection).await?;
    if occupied == Occupied::Refused {
        let held = match is_there("tokens") && !newer {
            true => holds_contents(connection).await?,
            // Of a version that knew no tokens, or that keeps what we do not know.
            false => is_there("documents") || newer,
        };
        if held {
            return Err(holds_catalog());
        }
    }
    let is_ours = |name: &str| name == MIGRATIONS || TABLES.iter().any(|table| table.0 == name);
    // What only the newer version knows has the owner of the rest.
    let goes = |table: &Table| is_ours(&table.name) || (newer && table.is_of_owner);
    Ok(tables.into_iter().filter(goes).map(|table| table.quoted).collect())
}

/// The statement that removes these tables; `None` when there are none.
pub(super) fn removal(tables: &[String]) -> Option<String> {
    (!tables.is_empty()).then(|| format!("DROP TABLE {}", tables.join(", ")))
}

/// A table of the schema that the catalog is in.
struct Table {
    name: String,
    /// Its name with that of the schema, for a statement.
    quoted: String,
    /// Whether it belongs to the owner of the migrations.
    is_of_owner: bool,
}

async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>> {
    let rows: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT CAST(c.relname AS TEXT), format('%I.%I', n.nspname, c.relname), \
         COALESCE(c.relowner = (SELECT m.relowner FROM pg_class m \
         WHERE m.relnamespace = n.oid AND m.relname = $1), FALSE) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') \
         AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass \
         AND d.objid = c.oid AND d.deptype = 'e')",
    )
    .bind(MIGRATIONS)
    .fetch_all(connection)
    .await
    .map_err(failed(TASK))?;
    let table = |(name, quoted, is_of_owner)| Table { name, quoted, is_of_owner };
    Ok(rows.into_iter().map(table).collect())
}

async fn is_newer(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) > $1 FROM _sqlx_migrations")
        .bind(last_known())
        .fetch_one(connection)
        .await
        .map_err(failed(TASK))
}

/// Whether there is what somebody would miss.
async fn holds_contents(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM documents) OR EXISTS (SELECT 1 FROM sources) \
         OR EXISTS (SELECT 1 FROM sessions) OR EXISTS (SELECT 1 FROM tokens)",
    )
    .fetch_one(connection)
    .await
    .map_err(failed(TASK))
}

fn holds_catalog() -> Error {
    Error::usage("the database of `catalog.url` holds a catalog already")
        .hint("`--force` replaces it, and nothing of it is kept; or name an empty database")
}
