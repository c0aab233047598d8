//! What a catalog holds, in numbers, and whether a file is a sound catalog that this version knows.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Connection, Executor, Row};

use super::migrations::{applied, check_count, check_known};
use super::sqlite::address;
use super::{Catalog, Database, failed};
use crate::error::{Error, Result};

/// What a catalog holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its name, by which its followers know it.
    pub identity: String,
    /// How many migrations made its tables.
    pub migrations: u32,
    /// The last published change.
    pub seq: u64,
    /// Registered sources.
    pub sources: u64,
    /// Documents, those that cannot be read among them.
    pub documents: u64,
    /// Their passages.
    pub chunks: u64,
    /// Vectors of all models.
    pub vectors: u64,
    /// The embedding model that is searched with; empty when there is none.
    pub model: String,
}

const TASK: &str = "be described";

impl Catalog {
    /// What is in a catalog of SQLite that nobody writes to, after a check of its whole file.
    ///
    /// `Corrupt` when it is damaged or no catalog, `Usage` when a newer version made it.
    pub async fn inspect(file: &Path) -> Result<Description> {
        sqlx::any::install_default_drivers();
        let address = format!("{}?mode=ro&immutable=true", address(file)?);
        let opened = AnyConnection::connect(&address).await;
        let mut connection = opened.map_err(failed("open its copy"))?;
        let described = sound(&mut connection).await;
        // It was only read.
        let _closed = connection.close().await;
        described
    }
}

/// What a dump of PostgreSQL begins with.
const DUMP: &[u8] = b"PGDMP";

impl Catalog {
    /// Whether a file is a dump of `pg_dump` that can hold what is said of it: `Corrupt` when it is
    /// none, `Usage` when a newer version made it. Its rows are compared when it is restored.
    pub fn inspect_dump(file: &Path, said: &Description) -> Result<()> {
        let mut begin = Vec::new();
        std::fs::File::open(file)?.take(DUMP.len() as u64).read_to_end(&mut begin)?;
        if begin != DUMP {
            return Err(Error::corrupt("it is no dump of PostgreSQL"));
        }
        check_count(said.migrations)
    }
}

/// Checks a file that anybody may have made.
async fn sound(connection: &mut AnyConnection) -> Result<Description> {
    let task = "check its copy";
    let wary = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
    connection.execute(wary).await.map_err(failed(task))?;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(task))?;
    if verdict != "ok" {
        return Err(Error::corrupt(verdict));
    }
    // They would run with whatever is asked of the tables.
    let foreign: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed(task))?;
    if foreign > 0 {
        return Err(Error::corrupt("it holds triggers or views, which no catalog has"));
    }
    let applied = applied(connection, Database::Sqlite).await?;
    if applied.is_empty() {
        return Err(Error::corrupt("it is no catalog of ragterm"));
    }
    check_known(&applied)?;
    describe(connection, applied.len()).await
}

/// The numbers of a catalog, as one connection sees it.
pub(super) async fn describe(
    connection: &mut AnyConnection,
    migrations: usize,
) -> Result<Description> {
    let row = sqlx::query(
        "SELECT (SELECT seq FROM sequence), (SELECT COUNT(*) FROM sources), \
         (SELECT COUNT(*) FROM documents), \
         (SELECT CAST(COALESCE(SUM(chunks), 0) AS BIGINT) FROM documents), \
         (SELECT COUNT(*) FROM vectors), \
         (SELECT value FROM settings WHERE name = 'identity'), \
         COALESCE((SELECT name FROM models WHERE CAST(id AS TEXT) = \
            (SELECT value FROM settings WHERE name = 'model')), '')",
    )
    .fetch_one(connection)
    .await
    .map_err(failed(TASK))?;
    let number = |column: usize| -> Result<u64> {
        let number: i64 = row.try_get(column).map_err(failed(TASK))?;
        Ok(number.max(0) as u64)
    };
    let text = |column: usize| row.try_get::<String, _>(column).map_err(failed(TASK));
    Ok(Description {
        identity: text(5)?,
        migrations: u32::try_from(migrations).unwrap_or(u32::MAX),
        seq: number(0)?,
        sources: number(1)?,
        documents: number(2)?,
        chunks: number(3)?,
        vectors: number(4)?,
        model: text(6)?,
    })
}
