//! The catalog: the one truth about sources, documents, chunks and the order of their changes.
//!
//! The only place with SQL. One connection writes, so changes are published in the order of
//! their `seq`; a pool of others reads.

mod changes;
mod counts;
mod damage;
mod documents;
mod followers;
mod passages;
mod publish;
mod settings;
mod sources;
#[cfg(test)]
mod tests;
mod vectors;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection, Executor, Row};
use tokio::sync::watch;

use crate::error::{Error, ErrorKind, Result};
use crate::id::DocumentId;

pub use changes::Change;
pub use counts::{Counts, Outline, Problem, SourceCounts};
pub use documents::{Document, DocumentState, Found, Known};
pub use passages::{EncodedPassages, Passages};
pub use publish::{Place, Publication, READING_VERSION, Read, Reading, kind_of};
pub use sources::{NewSource, Origin, Source, SourceSettings};
pub use vectors::{Embedded, ModelId, Pending};

use damage::Damage;

/// Connections that read; searches are short, so a few serve many.
const READERS: u32 = 4;

/// How long a connection waits for another process (a backup, say) to release its lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A handle to the catalog; clones share the connections.
#[derive(Debug, Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: AnyPool,
    readers: AnyPool,
    identity: String,
    last_id: Mutex<DocumentId>,
    seq: watch::Sender<u64>,
    revision: AtomicU64,
    damage: Damage,
}

impl Catalog {
    /// Opens the SQLite catalog in `file`, creating and migrating it as needed.
    pub async fn open_sqlite(file: &Path) -> Result<Self> {
        sqlx::any::install_default_drivers();
        if damage::is_emptied(file) {
            return Err(at_open(Error::corrupt("it is empty, and an index lies beside it"), file));
        }
        let attempt = Self::connect(file).await;
        attempt.map_err(|error| at_open(error, file))
    }

    async fn connect(file: &Path) -> Result<Self> {
        let text = file.to_str().ok_or_else(|| {
            Error::usage(format!("the data directory {} is not valid UTF-8", file.display()))
        })?;
        let url = format!("sqlite://{}?mode=rwc", escape(text));
        let options: AnyConnectOptions = url.parse().map_err(failed("read the catalog's URL"))?;
        migrate(&options).await?;
        let writer = pool(1).connect_with(options.clone()).await.map_err(failed("open it"))?;
        let readers = pool(READERS).connect_with(options).await.map_err(failed("open it"))?;
        let identity = identity(&writer).await?;
        let (last_id, seq) = last(&writer).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer,
                readers,
                identity,
                last_id: Mutex::new(last_id),
                seq: watch::Sender::new(seq),
                revision: AtomicU64::new(0),
                damage: Damage::default(),
            }),
        })
    }

    /// A random name given at creation; followers made for another catalog do not match it.
    pub fn identity(&self) -> &str {
        &self.inner.identity
    }

    /// The last published change.
    pub fn seq(&self) -> u64 {
        *self.inner.seq.borrow()
    }

    /// Another number after each change of documents or vectors in this process.
    pub fn revision(&self) -> u64 {
        self.inner.revision.load(Ordering::Acquire)
    }

    fn revised(&self) {
        self.inner.revision.fetch_add(1, Ordering::AcqRel);
    }

    /// Tells of each published change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.inner.seq.subscribe()
    }

    /// A document id that was never used before.
    pub fn new_document_id(&self) -> DocumentId {
        let mut last = self.inner.last_id.lock().unwrap_or_else(|poison| poison.into_inner());
        *last = last.next(now_ms() as u64);
        *last
    }

    /// Looks for damage in the database file; `None` when there is none.
    pub async fn check_integrity(&self) -> Result<Option<String>> {
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

    /// Closes all connections; the write-ahead log is folded into the database.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// Migrates on a connection of its own: a pool would go on trying where the file is damaged.
async fn migrate(options: &AnyConnectOptions) -> Result<()> {
    let connection = AnyConnection::connect_with(options).await;
    let mut connection = connection.map_err(failed("open its file"))?;
    connection.execute("PRAGMA journal_mode = WAL").await.map_err(failed("read its file"))?;
    sqlx::migrate!().run(&mut connection).await.map_err(|error| {
        Error::new(kind_of_text(&error.to_string()), "the catalog could not be migrated")
            .because(error)
    })?;
    connection.close().await.map_err(failed("close its file"))
}

fn pool(connections: u32) -> AnyPoolOptions {
    // After a full disk SQLite has ended the transaction itself, and the driver's own count of
    // transactions is off for good: such a connection is replaced.
    let fresh = AnyPoolOptions::new().after_release(|connection, _| {
        Box::pin(async move {
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    });
    fresh.max_connections(connections).min_connections(1).after_connect(|connection, _| {
        Box::pin(async move {
            let pragmas = format!(
                "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000; \
                     PRAGMA journal_size_limit = 67108864;",
                BUSY_TIMEOUT.as_millis()
            );
            connection.execute(sqlx::AssertSqlSafe(pragmas)).await?;
            connection.ping().await
        })
    })
}

async fn identity(writer: &AnyPool) -> Result<String> {
    let fresh = format!("{:x}", now_ms() as u64 ^ u64::from(std::process::id()) << 44);
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ('identity', $1) ON CONFLICT DO NOTHING",
    )
    .bind(fresh)
    .execute(writer)
    .await
    .map_err(failed("read the catalog's identity"))?;
    let row = sqlx::query("SELECT value FROM settings WHERE name = 'identity'")
        .fetch_one(writer)
        .await
        .map_err(failed("read the catalog's identity"))?;
    row.try_get(0).map_err(failed("read the catalog's identity"))
}

async fn last(writer: &AnyPool) -> Result<(DocumentId, u64)> {
    let row = sqlx::query(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM documents), \
         (SELECT COALESCE(MAX(document), 0) FROM removals), (SELECT seq FROM sequence)",
    )
    .fetch_one(writer)
    .await
    .map_err(failed("read the last change"))?;
    let number =
        |column: usize| row.try_get::<i64, _>(column).map_err(failed("read the last change"));
    Ok((DocumentId(number(0)?.max(number(1)?) as u64), number(2)? as u64))
}

/// Escapes what has a meaning in a URL.
fn escape(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

/// Turns a database error into ours; `task` completes "the catalog could not …".
fn failed(task: &str) -> impl Fn(sqlx::Error) -> Error + '_ {
    move |error| {
        let kind = kind_of_text(&error.to_string());
        let error = Error::new(kind, format!("the catalog could not {task}")).because(error);
        match kind {
            ErrorKind::Exhausted => error.hint("free some disk space; indexing resumes by itself"),
            ErrorKind::Corrupt => {
                error.hint(format!("the database is damaged: {}", damage::REMEDY))
            }
            _ => error,
        }
    }
}

fn kind_of_text(message: &str) -> ErrorKind {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["malformed", "not a database", "corrupt", "previously applied but", "checksum"]) {
        ErrorKind::Corrupt
    } else if says(&["disk is full", "disk I/O error", "out of memory"]) {
        ErrorKind::Exhausted
    } else {
        ErrorKind::Unavailable
    }
}

fn at_open(error: Error, file: &Path) -> Error {
    let message = format!("the catalog {} cannot be opened", file.display());
    let kind = error.kind();
    let error = Error::new(kind, message).because(error);
    match kind {
        ErrorKind::Corrupt => error.hint(format!(
            "nothing was changed; restore the file from a backup, or move {} away and start \
             again: sources in config.toml are indexed anew",
            file.display()
        )),
        ErrorKind::Exhausted => error.hint("free some disk space and start again"),
        _ => error,
    }
}
