//! A dump of the catalog on PostgreSQL by `pg_dump`: of one moment, in its own format.

use std::path::Path;
use std::process::Stdio;

use reqwest::Url;
use sqlx::{AnyConnection, Connection, Executor};
use tokio::process::Command;
use tracing::warn;

use super::describe::describe;
use super::migrations::applied;
use super::{Catalog, Database, Description, failed};
use crate::error::{Error, ErrorKind, Result};

const TASK: &str = "be dumped";

/// More of what a tool says helps nobody, in characters.
const MAX_WORDS: usize = 400;

impl Catalog {
    /// Dumps the catalog at `url`, which is this one, into a new file; `None` where the tool is
    /// missing, or too old for the server.
    pub async fn dump(&self, url: &str, file: &Path) -> Result<Option<Description>> {
        // What is described and what is dumped is of the same moment.
        let reader = self.inner.readers.acquire().await.map_err(self.failed(TASK))?;
        let mut connection = reader.detach();
        let dumped = dump(&mut connection, url, file).await;
        // It was only read.
        let _closed = connection.close().await;
        dumped
    }
}

async fn dump(
    connection: &mut AnyConnection,
    url: &str,
    file: &Path,
) -> Result<Option<Description>> {
    connection
        .execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(failed(TASK))?;
    let unlimited = connection.execute("SET LOCAL statement_timeout = 0").await;
    unlimited.map_err(failed(TASK))?;
    let (moment, schema) = moment(connection).await?;
    let applied = applied(connection, Database::Postgres).await?;
    let description = describe(connection, applied.len()).await?;
    let mut command = Command::new("pg_dump");
    command
        .args(["--format=custom", "--compress=0", "--no-owner", "--no-privileges"])
        .args(["--no-password", "--snapshot", &moment])
        .args(["--schema", &format!("\"{}\"", schema.replace('"', "\"\""))])
        .arg("--file")
        .arg(file)
        .envs(environment(url)?);
    match run(command).await {
        Ok(_) => Ok(Some(description)),
        Err(Failure::Missing) => Ok(None),
        Err(Failure::Said(words)) if words.contains("server version mismatch") => {
            warn!("pg_dump is older than the server: the catalog is copied row by row");
            Ok(None)
        }
        Err(Failure::Said(words)) => Err(refused("pg_dump", &words)),
        Err(Failure::Io(error)) => Err(Error::from(error)),
    }
}

async fn moment(connection: &mut AnyConnection) -> Result<(String, String)> {
    let one = |sql: &'static str| sqlx::query_scalar::<_, String>(sql);
    let moment = one("SELECT CAST(pg_export_snapshot() AS TEXT)").fetch_one(&mut *connection);
    let moment = moment.await.map_err(failed(TASK))?;
    let schema = one("SELECT CAST(current_schema() AS TEXT)").fetch_one(connection);
    Ok((moment, schema.await.map_err(failed(TASK))?))
}

/// Why a tool did not do it.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is not installed.
    Missing,
    /// It could not be run.
    Io(std::io::Error),
    /// It said why.
    Said(String),
}

/// Runs a tool to its end; ends it when nobody waits any more.
async fn run(mut command: Command) -> std::result::Result<(), Failure> {
    // Some of what it says is looked for.
    command.env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::Missing,
        _ => Failure::Io(error),
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::Said(words(&output.stderr))),
    }
}

/// What a tool said, on one line.
pub(super) fn words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(&stderr[..stderr.len().min(MAX_WORDS * 4)]);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(MAX_WORDS).collect()
}

/// The error for what a tool said.
pub(super) fn refused(tool: &str, words: &str) -> Error {
    let kind = match words {
        words if words.contains("No space left on device") => ErrorKind::Exhausted,
        _ => ErrorKind::Unavailable,
    };
    let error = Error::new(kind, format!("`{tool}` failed: {words}"));
    match (kind, tool) {
        (ErrorKind::Exhausted, _) => error.hint("free some disk space, and try again"),
        (_, "pg_dump") => error.hint("`--portable` copies the rows without it"),
        _ => error,
    }
}

/// What tells a tool of PostgreSQL where the database is: nothing of it in its arguments, which
/// everybody on this machine can read.
pub(super) fn environment(url: &str) -> Result<Vec<(&'static str, String)>> {
    let wrong = || Error::usage("`catalog.url` is not a database URL");
    let url = Url::parse(url).map_err(|_| wrong())?;
    let mut environment = vec![
        ("PGHOST", decoded(url.host_str().unwrap_or("localhost"))),
        ("PGUSER", decoded(url.username())),
        ("PGDATABASE", decoded(url.path().trim_start_matches('/'))),
        ("PGPORT", url.port().map(|port| port.to_string()).unwrap_or_default()),
        ("PGPASSWORD", decoded(url.password().unwrap_or_default())),
    ];
    for (key, value) in url.query_pairs() {
        let name = match key.as_ref() {
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "dbname" => "PGDATABASE",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "options" => "PGOPTIONS",
            _ => continue,
        };
        environment.retain(|(other, _)| *other != name);
        environment.push((name, value.into_owned()));
    }
    environment.retain(|(_, value)| !value.is_empty());
    Ok(environment)
}

/// Undoes the escapes of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (*first, escaped) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (byte, _) => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_told_the_address_and_the_password_by_its_environment() {
        let url = "postgres://ki%40m:a%2Fb%25@db.example:5433/rag%20term?ssl-mode=require&x=1";
        let told = environment(url).unwrap();
        let value = |name: &str| {
            let found = told.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        assert_eq!((value("PGUSER"), value("PGPASSWORD")), ("ki@m", "a/b%"));
        assert_eq!((value("PGHOST"), value("PGPORT")), ("db.example", "5433"));
        assert_eq!((value("PGDATABASE"), value("PGSSLMODE")), ("rag term", "require"));
        let socket = environment("postgres://kim@localhost/db?host=/run/postgresql").unwrap();
        assert!(socket.contains(&("PGHOST", "/run/postgresql".into())), "{socket:?}");
    }

    #[test]
    fn what_a_tool_says_is_one_bounded_line() {
        assert_eq!(words(b"pg_dump: error:\n  no\n"), "pg_dump: error: no");
        assert!(words(&[b'a'; 100_000]).chars().count() <= MAX_WORDS);
        let full = refused("pg_dump", "could not write: No space left on device");
        assert_eq!(full.kind(), ErrorKind::Exhausted);
    }
}
