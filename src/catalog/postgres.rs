//! The catalog on a PostgreSQL server: one daemon that writes, any number that follow.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgListener};
use sqlx::{AnyConnection, Connection, Executor};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::migrations::{self, Aside};
use super::{Catalog, Database, failed, identity, known_identity, last, model};
use crate::error::{Error, ErrorKind, Result};

/// Connections that read; a server is further away than a file.
const READERS: u32 = 8;

/// How long a connection may take to be made, or to become free.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// No statement runs longer than this.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);

/// The advisory lock of the daemon that indexes; a fixed number, as the database holds one catalog.
pub(super) const WRITER_LOCK: i64 = 0x7261_6774_6572_6d01;

/// How often the lock is asked for, and the pause between two attempts: 2 s in all. Attempts are
/// counted, so that a machine that stands still for a moment takes none of them away.
pub(super) const LOCK_ATTEMPTS: u32 = 20;
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// What a committed change is announced under.
pub(super) const CHANNEL: &str = "ragterm_changes";

/// How long after a lost connection the announcements are listened to again.
const RETRY: Duration = Duration::from_secs(2);

/// What a daemon does with a shared catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It indexes; no other daemon does.
    Write,
    /// It follows what another one indexes.
    Follow,
}

impl Catalog {
    /// Opens the catalog in the database of `url`, migrating it as needed.
    ///
    /// `Usage` when another daemon writes already, or the server refuses the URL.
    pub async fn open_postgres(url: &str, access: Access) -> Result<Self> {
        sqlx::any::install_default_drivers();
        Self::connect_postgres(url, access).await.map_err(at_open)
    }

    async fn connect_postgres(url: &str, access: Access) -> Result<Self> {
        let options: AnyConnectOptions =
            url.parse().map_err(|_| Error::usage("`catalog.url` is not a database URL"))?;
        if access == Access::Write {
            migrate(&options).await?;
        }
        let writer = match access {
            Access::Write => locking_pool(),
            Access::Follow => pool(1),
        };
        let writer = writer.connect_with(options.clone()).await.map_err(failed("open it"))?;
        let readers = pool(READERS).connect_with(options).await.map_err(failed("open it"))?;
        let identity = match access {
            Access::Write => identity(&writer).await?,
            Access::Follow => known_identity(&readers).await?.ok_or_else(empty)?,
        };
        Self::over((Database::Postgres, access), writer, readers, identity).await
    }

    /// Ends once another catalog stands in the place of this one, restored from a backup.
    pub async fn replaced(&self) {
        self.inner.replaced.cancelled().await;
    }

    /// Whether that has happened.
    pub fn is_replaced(&self) -> bool {
        self.inner.replaced.is_cancelled()
    }

    /// Hears of what other daemons publish, until `stop`.
    pub async fn listen(&self, url: &str, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let listening = self.listen_once(url);
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = listening => outcome,
            };
            if let Err(error) = outcome {
                warn!(%error, "changes of the catalog cannot be heard; they are looked for again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    async fn listen_once(&self, url: &str) -> Result<()> {
        let task = "hear of changes";
        let mut listener = PgListener::connect(url).await.map_err(failed(task))?;
        listener.listen(CHANNEL).await.map_err(failed(task))?;
        loop {
            // What was published while nobody listened counts too.
            let (_, seq) = last(&self.inner.readers).await?;
            if known_identity(&self.inner.readers).await?.as_deref() != Some(self.identity()) {
                self.inner.replaced.cancel();
            }
            self.inner.model.store(model(&self.inner.readers).await?, Ordering::Release);
            self.published(seq);
            // `None` is a lost connection: what it missed is looked for by the next round.
            let heard = listener.try_recv().await.map_err(failed(task))?;
            debug!(seq, lost = heard.is_none(), "the catalog changed");
        }
    }
}

/// Host, port and database of a URL, without user and password; `None` for what is no URL.
pub fn server_of(url: &str) -> Option<String> {
    let options: PgConnectOptions = url.parse().ok()?;
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    Some(match options.get_database() {
        Some(database) => format!("{host}/{database}"),
        None => host,
    })
}

fn empty() -> Error {
    Error::usage("the database holds no catalog yet")
        .hint("start the daemon that indexes first: `daemon.role = \"index\"` or \"all\"")
}

async fn migrate(options: &AnyConnectOptions) -> Result<()> {
    let connecting = tokio::time::timeout(ACQUIRE_TIMEOUT, AnyConnection::connect_with(options));
    let connection = connecting.await.map_err(|_| {
        let patience = ACQUIRE_TIMEOUT.as_secs();
        Error::unavailable(format!("the server did not answer within {patience} s"))
    })?;
    let mut connection = connection.map_err(failed("open it"))?;
    // Asked for here as well: a pool would only say that it waited in vain.
    lock(&mut connection).await.map_err(failed("be indexed into"))?;
    migrations::migrate(&mut connection, Aside::Schema).await?;
    sort_by_bytes(&mut connection).await?;
    // The next connection wants it at once; this one's end is heard of later.
    sqlx::query("SELECT CASE WHEN pg_advisory_unlock($1) THEN 1 ELSE 0 END")
        .bind(WRITER_LOCK)
        .execute(&mut connection)
        .await
        .map_err(failed("let its lock go"))?;
    connection.close().await.map_err(failed("close it"))
}

/// Has paths compared and sorted by their bytes, whatever the language of the database.
pub(super) async fn sort_by_bytes(connection: &mut AnyConnection) -> Result<()> {
    let collated: Option<String> = sqlx::query_scalar(
        "SELECT CAST(collation_name AS TEXT) FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name = 'documents' \
         AND column_name = 'path'",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed("read its columns"))?;
    if collated.as_deref() != Some("C") {
        connection
            .execute("ALTER TABLE documents ALTER COLUMN path TYPE TEXT COLLATE \"C\"")
            .await
            .map_err(failed("sort paths by their bytes"))?;
    }
    Ok(())
}

fn pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
}

/// The one connection that writes holds the lock for as long as it lives, and whoever replaces it
/// must get the lock first: so no two daemons ever write.
fn locking_pool() -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                prepare(connection).await?;
                lock(connection).await
            })
        })
}

/// Takes the lock of the daemon that indexes, until the connection ends. One that has just ended may
/// hold it for a moment more: the server has to notice.
async fn lock(connection: &mut AnyConnection) -> sqlx::Result<()> {
    for _ in 0..LOCK_ATTEMPTS {
        let got: i32 =
            sqlx::query_scalar("SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END")
                .bind(WRITER_LOCK)
                .fetch_one(&mut *connection)
                .await?;
        if got == 1 {
            return Ok(());
        }
        tokio::time::sleep(LOCK_PAUSE).await;
    }
    Err(sqlx::Error::Configuration(TAKEN.into()))
}

pub(super) const TAKEN: &str = "another daemon indexes into this catalog";

async fn prepare(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let timeout = format!("SET statement_timeout = {}", STATEMENT_TIMEOUT.as_millis());
    connection.execute(sqlx::AssertSqlSafe(timeout)).await?;
    connection.execute("SET application_name = 'ragterm'").await?;
    Ok(())
}

/// Announces a change inside the transaction that makes it: it is heard at the commit.
pub(super) async fn announce(
    database: Database,
    transaction: &mut sqlx::Transaction<'_, sqlx::Any>,
) -> Result<()> {
    if database == Database::Postgres {
        sqlx::query("SELECT CAST(pg_notify($1, '') AS TEXT)")
            .bind(CHANNEL)
            .execute(&mut **transaction)
            .await
            .map_err(failed("announce a change"))?;
    }
    Ok(())
}

pub(super) fn at_open(error: Error) -> Error {
    let text = error.to_string();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let message = "the catalog on PostgreSQL cannot be opened";
    if says(&[TAKEN]) {
        return Error::usage(format!("{message}: {TAKEN}"))
            .hint("stop that daemon, or let this one only answer: `daemon.role = \"query\"`");
    }
    if let Some(hint) = error.next_step().map(str::to_owned) {
        return Error::new(error.kind(), message).because(error).hint(hint);
    }
    if says(&["password authentication", "does not exist", "no pg_hba.conf", "role"]) {
        return Error::usage(message)
            .because(error)
            .hint("check user, password and database in `catalog.url`");
    }
    match error.kind() {
        ErrorKind::Usage => error,
        kind => Error::new(kind, message)
            .because(error)
            .hint("check that the server of `catalog.url` runs and can be reached"),
    }
}

impl Catalog {
    /// Another process published up to `seq`, or changed vectors.
    fn published(&self, seq: u64) {
        self.revised();
        self.inner.seq.send_if_modified(|known| {
            let newer = seq > *known;
            *known = (*known).max(seq);
            newer
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_user_and_password() {
        let named = |url| server_of(url);
        let url = "postgres://kim:sesame@db.example:5433/ragterm?sslmode=require";
        assert_eq!(named(url).as_deref(), Some("db.example:5433/ragterm"));
        let url = "postgres://%2Fvar%2Frun%2Fpg/ragterm";
        assert_eq!(named(url).as_deref(), Some("/var/run/pg/ragterm"));
        assert_eq!(named("no url"), None);
    }

    #[test]
    fn an_unreachable_server_is_named_without_its_password() {
        let url = "postgres://kim:sesame@127.0.0.1:1/ragterm";
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let error = runtime.block_on(Catalog::open_postgres(url, Access::Write)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}
