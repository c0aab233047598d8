//! The catalog in a SQLite file: opening, migrating, checking.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, Connection, Executor, Row};

use super::migrations::{self, Aside};
use super::{Access, Catalog, Database, damage, failed, identity};
use crate::error::{Error, ErrorKind, Result};

/// Connections that read; searches are short, so a few serve many.
const READERS: u32 = 4;

/// How long a connection waits for another process (a backup, say) to release its lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

impl Catalog {
    /// Opens the SQLite catalog in `file`, creating and migrating it as needed.
    pub async fn open_sqlite(file: &Path) -> Result<Self> {
        sqlx::any::install_default_drivers();
        if damage::is_emptied(file) {
            return Err(at_open(Error::corrupt("it is empty, and an index lies beside it"), file));
        }
        let attempt = Self::connect_sqlite(file).await;
        attempt.map_err(|error| at_open(error, file))
    }

    async fn connect_sqlite(file: &Path) -> Result<Self> {
        let url = format!("{}?mode=rwc", address(file)?);
        let options: AnyConnectOptions = url.parse().map_err(failed("read the catalog's URL"))?;
        migrate(&options, file.parent().unwrap_or(Path::new("/"))).await?;
        let writer = writer().connect_with(options.clone()).await.map_err(failed("open it"))?;
        let readers = pool(READERS).connect_with(options).await.map_err(failed("open it"))?;
        let identity = identity(&writer).await?;
        Self::over((Database::Sqlite, Access::Write), writer, readers, identity).await
    }

    /// Bytes of the database file that hold nothing; 0 on a server, which sees to its own.
    pub async fn free_bytes(&self) -> Result<u64> {
        if self.inner.database != Database::Sqlite {
            return Ok(0);
        }
        let task = "count its free pages";
        let sql = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
        let bytes: i64 = sqlx::query_scalar(sql)
            .fetch_one(&self.inner.readers)
            .await
            .map_err(self.failed(task))?;
        Ok(bytes as u64)
    }

    /// Writes the database file anew without what holds nothing; searches go on, changes wait.
    pub async fn compact(&self) -> Result<()> {
        if self.inner.database != Database::Sqlite {
            return Ok(());
        }
        let writer = self.writer()?;
        for statement in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            sqlx::query(statement).execute(writer).await.map_err(self.failed("be made smaller"))?;
        }
        Ok(())
    }

    /// Looks for damage in the database file; `None` when there is none. A server sees to its own.
    pub async fn check_integrity(&self) -> Result<Option<String>> {
        if self.inner.database != Database::Sqlite {
            return Ok(None);
        }
        let row = sqlx::query("PRAGMA quick_check(1)")
            .fetch_one(&self.inner.readers)
            .await
            .map_err(self.failed("check the catalog"))?;
        let verdict: String = row.try_get(0).map_err(self.failed("check the catalog"))?;
        if verdict == "ok" {
            return Ok(None);
        }
        let damage: Result<()> = Err(Error::corrupt(verdict.clone()));
        // What was found is remembered; the caller decides what it means.
        let _noted = self.noted(damage);
        Ok(Some(verdict))
    }
}

/// Migrates on a connection of its own: a pool would go on trying where the file is damaged.
async fn migrate(options: &AnyConnectOptions, directory: &Path) -> Result<()> {
    let connection = AnyConnection::connect_with(options).await;
    let mut connection = connection.map_err(failed("open its file"))?;
    connection.execute("PRAGMA journal_mode = WAL").await.map_err(failed("read its file"))?;
    migrations::migrate(&mut connection, Aside::Directory(directory)).await?;
    connection.close().await.map_err(failed("close its file"))
}

/// The one connection that writes.
fn writer() -> AnyPoolOptions {
    // After a full disk SQLite has ended the transaction itself, and the driver's own count of
    // transactions is off for good: such a connection is replaced.
    pool(1).after_release(|connection, _| {
        Box::pin(async move {
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

fn pool(connections: u32) -> AnyPoolOptions {
    // A file does not hang up: to ask each time would cost a search more than its reading does.
    let unasked = AnyPoolOptions::new().test_before_acquire(false);
    // All of them now, and not by a thread of lower priority that happens to need one.
    unasked.max_connections(connections).min_connections(connections).after_connect(
        |connection, _| {
            Box::pin(async move {
                let pragmas = format!(
                    "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000; \
                     PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8000;",
                    BUSY_TIMEOUT.as_millis()
                );
                connection.execute(sqlx::AssertSqlSafe(pragmas)).await?;
                connection.ping().await
            })
        },
    )
}

/// The URL of a database file, without parameters.
pub(super) fn address(file: &Path) -> Result<String> {
    let text = file.to_str().ok_or_else(|| {
        Error::usage(format!("the data directory {} is not valid UTF-8", file.display()))
    })?;
    Ok(format!("sqlite://{}", escape(text)))
}

/// Escapes what has a meaning in a URL.
fn escape(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

fn at_open(error: Error, file: &Path) -> Error {
    let message = format!("the catalog {} cannot be opened", file.display());
    let (kind, hint) = (error.kind(), error.next_step().map(str::to_owned));
    let error = Error::new(kind, message).because(error);
    match kind {
        // Whoever failed knows best, but for damage.
        kind if kind != ErrorKind::Corrupt && hint.is_some() => {
            error.hint(hint.unwrap_or_default())
        }
        ErrorKind::Corrupt => error.hint(format!(
            "nothing was changed; `ragterm restore --force FILE` restores a backup; or move {} away \
             and start again: sources in config.toml are indexed anew",
            file.display()
        )),
        ErrorKind::Exhausted => error.hint("free some disk space and start again"),
        _ => error,
    }
}
