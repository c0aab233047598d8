//! The catalog: the one truth about sources, documents, chunks and the order of their changes.
//!
//! The only place with SQL. One connection writes, so changes are published in the order of
//! their `seq`; a pool of others reads.

mod aside;
mod cache;
mod changes;
mod copy;
mod counts;
mod damage;
mod describe;
mod documents;
mod dump;
mod followers;
mod hits;
mod load;
mod members;
mod migrations;
mod passages;
mod place;
mod postgres;
mod publish;
mod recent;
mod replace;
mod restored;
mod sessions;
mod snapshot;
mod sources;
mod sqlite;
mod stretch;
mod successor;
#[cfg(test)]
mod tests;
mod tokens;
mod turns;
mod vectors;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::{AnyPool, Row};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorKind, Result};
use crate::id::DocumentId;

pub use changes::Change;
pub use copy::Copied;
pub use counts::{Counts, Outline, Problem, SourceCounts};
pub use describe::Description;
pub use documents::{Document, DocumentState, Known};
pub use hits::Found;
pub use members::Member;
pub use passages::{EncodedPassages, Passages};
pub use place::{Place, kind_of};
pub use postgres::{Access, server_of};
pub use publish::{Publication, READING_VERSION, Read, Reading};
pub use replace::{Commit, Occupied};
pub use sessions::{MAX_SESSIONS, Session, Visible, days_ago_ms, new_name, unknown_session};
pub use sources::{NewSource, Origin, Source, SourceSettings};
pub use stretch::Stretch;
pub use tokens::{Token, TokenHash};
pub use turns::{Feedback, InSession, Turn, TurnOutcome, TurnSource, unknown_turn};
pub use vectors::{Embedded, ModelId, Pending};

use damage::Damage;

/// A handle to the catalog; clones share the connections.
#[derive(Debug, Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

/// Where a catalog lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file in the data directory.
    Sqlite,
    /// A server that several daemons share.
    Postgres,
}

impl Database {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Begins a transaction that writes; on SQLite it takes the lock now instead of failing later.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

#[derive(Debug)]
struct Inner {
    database: Database,
    access: Access,
    writer: AnyPool,
    readers: AnyPool,
    identity: String,
    last_id: Mutex<DocumentId>,
    seq: watch::Sender<u64>,
    /// The last change that somebody looks for.
    hurried: watch::Sender<u64>,
    revision: AtomicU64,
    /// The number of the embedding model whose vectors are searched; 0 before the first.
    model: AtomicI64,
    successor: successor::Progress,
    damage: Damage,
    recent: recent::Recent,
    replaced: CancellationToken,
}

impl Catalog {
    /// The catalog over connections that are open and migrated.
    async fn over(
        (database, access): (Database, Access),
        writer: AnyPool,
        readers: AnyPool,
        identity: String,
    ) -> Result<Self> {
        let (last_id, seq) = last(&readers).await?;
        let model = model(&readers).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                database,
                access,
                writer,
                readers,
                identity,
                last_id: Mutex::new(last_id),
                seq: watch::Sender::new(seq),
                hurried: watch::Sender::new(0),
                revision: AtomicU64::new(0),
                model: AtomicI64::new(model),
                successor: successor::Progress::default(),
                damage: Damage::default(),
                recent: recent::Recent::default(),
                replaced: CancellationToken::new(),
            }),
        })
    }

    /// Which database it lies in.
    pub fn database(&self) -> Database {
        self.inner.database
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

    /// Has what was published so far be seen soon, also in the middle of a longer run.
    pub fn hurry(&self) {
        self.inner.hurried.send_replace(self.seq());
    }

    /// Tells of the last change that is to be seen soon.
    pub fn hurried(&self) -> watch::Receiver<u64> {
        self.inner.hurried.subscribe()
    }

    /// A document id that was never used before.
    pub fn new_document_id(&self) -> DocumentId {
        let mut last = self.inner.last_id.lock().unwrap_or_else(|poison| poison.into_inner());
        *last = last.next(now_ms() as u64);
        *last
    }

    /// Fails when the database does not answer, or is not the catalog any more.
    pub async fn ping(&self) -> Result<()> {
        let task = "be reached";
        let one = sqlx::query_scalar::<_, i64>("SELECT seq FROM sequence WHERE id = 1")
            .fetch_one(&self.inner.readers)
            .await;
        one.map(drop).map_err(self.failed(task))
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

/// A name that no other catalog has.
fn fresh_identity() -> String {
    format!("{:x}", now_ms() as u64 ^ u64::from(std::process::id()) << 44)
}

/// The catalog's identity; given now if it has none.
async fn identity(writer: &AnyPool) -> Result<String> {
    sqlx::query(
        "INSERT INTO settings (name, value) VALUES ('identity', $1) ON CONFLICT DO NOTHING",
    )
    .bind(fresh_identity())
    .execute(writer)
    .await
    .map_err(failed("read the catalog's identity"))?;
    known_identity(writer).await?.ok_or_else(|| Error::internal("the catalog has no identity"))
}

async fn known_identity(connection: &AnyPool) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT value FROM settings WHERE name = 'identity'")
        .fetch_optional(connection)
        .await
        .map_err(failed("read the catalog's identity"))
}

async fn model(connection: &AnyPool) -> Result<i64> {
    let text: Option<String> =
        sqlx::query_scalar("SELECT value FROM settings WHERE name = 'model'")
            .fetch_optional(connection)
            .await
            .map_err(failed("read the embedding model"))?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}

async fn last(connection: &AnyPool) -> Result<(DocumentId, u64)> {
    let row = sqlx::query(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM documents), \
         (SELECT COALESCE(MAX(document), 0) FROM removals), (SELECT seq FROM sequence)",
    )
    .fetch_one(connection)
    .await
    .map_err(failed("read the last change"))?;
    let number =
        |column: usize| row.try_get::<i64, _>(column).map_err(failed("read the last change"));
    Ok((DocumentId(number(0)?.max(number(1)?) as u64), number(2)? as u64))
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
