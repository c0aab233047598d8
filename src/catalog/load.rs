//! A dump of `pg_dump` into a database: only its rows are taken, into tables of our own making, so
//! that nothing in a dump that anybody may have made is ever run.

use std::path::Path;
use std::process::Stdio;

use sqlx::{Connection, Executor, PgConnection, Postgres, Transaction};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::copy::TABLES;
use super::dump::{refused, words};
use super::migrations::KNOWN;
use super::postgres::CHANNEL;
use super::replace::{Commit, Occupied, connect, former, removal};
use super::{Catalog, Description, failed, fresh_identity};
use crate::error::{Error, Result};

const TASK: &str = "be restored";

/// A longer line is none of a catalog's rows, in bytes.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// Rows are sent in pieces of about so many bytes.
const PIECE: usize = 256 << 10;

/// More of what the tool says is not kept.
const MAX_SAID_BYTES: u64 = 16 << 10;

impl Catalog {
    /// Puts the rows of a dump into the database of `url`, under a name of its own, in one
    /// transaction; fails when they are not what `expected` says.
    pub async fn load_dump(
        (file, expected): (&Path, &Description),
        url: &str,
        replacing: (Occupied, &Commit),
    ) -> Result<()> {
        let mut connection = connect(url).await?;
        let loaded = load(&mut connection, (file, expected), replacing).await;
        // What was not committed is undone with the connection.
        let _closed = connection.close().await;
        loaded
    }
}

async fn load(
    connection: &mut PgConnection,
    (file, expected): (&Path, &Description),
    (occupied, commit): (Occupied, &Commit),
) -> Result<()> {
    let former = former(connection, occupied).await?;
    let mut transaction = connection.begin().await.map_err(failed(TASK))?;
    if let Some(removal) = removal(&former) {
        run(&mut transaction, removal).await?;
    }
    let migrated = KNOWN.run_to(i64::from(expected.migrations), &mut *transaction).await;
    migrated.map_err(|error| Error::internal("its tables cannot be made").because(error))?;
    for (table, _) in TABLES {
        // What a migration has put into it is in the dump as well.
        let empty = format!("DELETE FROM {table}");
        if has_table(&mut transaction, table).await? {
            run(&mut transaction, empty).await?;
        }
    }
    let mut restoring = restoring(file)?;
    // Read as it comes: a full pipe would have the tool wait for ever.
    let words = tokio::spawn(said(restoring.stderr.take()));
    let taken = take_rows(&mut transaction, &mut restoring).await;
    ended((restoring, words), taken).await?;
    check(&mut transaction, expected).await?;
    let identity = fresh_identity();
    run(
        &mut transaction,
        format!("UPDATE settings SET value = '{identity}' WHERE name = 'identity'"),
    )
    .await?;
    if has_table(&mut transaction, "followers").await? {
        run(&mut transaction, "DELETE FROM followers".to_owned()).await?;
    }
    run(&mut transaction, format!("NOTIFY {CHANNEL}")).await?;
    commit.begin();
    transaction.commit().await.map_err(failed(TASK))
}

async fn run(transaction: &mut Transaction<'_, Postgres>, sql: String) -> Result<()> {
    transaction.execute(sqlx::AssertSqlSafe(sql)).await.map_err(failed(TASK))?;
    Ok(())
}

async fn has_table(transaction: &mut Transaction<'_, Postgres>, table: &str) -> Result<bool> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut **transaction)
        .await
        .map_err(failed(TASK))
}

fn restoring(file: &Path) -> Result<Child> {
    let mut command = Command::new("pg_restore");
    command.args(["--data-only", "--no-owner", "--file=-"]).arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.env("LC_ALL", "C");
    command.spawn().map_err(|error| {
        Error::usage("this backup holds a dump of PostgreSQL, and `pg_restore` cannot be run")
            .because(error)
            .hint("install PostgreSQL's client programs, or take the backup with `--portable`")
    })
}

/// The verdict: that of the rows, or that of the tool where it failed.
async fn ended(
    (mut restoring, said): (Child, JoinHandle<Vec<u8>>),
    taken: Result<()>,
) -> Result<()> {
    // If the rows were refused it waits for nobody any more.
    if taken.is_err() {
        let _ended = restoring.start_kill();
    }
    // What it said is only an explanation.
    let stderr = said.await.unwrap_or_default();
    let status = restoring.wait().await?;
    taken?;
    if status.success() {
        return Ok(());
    }
    let error = refused("pg_restore", &words(&stderr));
    match error.to_string().contains("unsupported version") {
        true => Err(Error::usage(error.to_string())
            .hint("install PostgreSQL's client programs of a newer version")),
        false => Err(Error::corrupt(error.to_string())),
    }
}

/// The beginning of what a tool says, read to its end.
async fn said(stderr: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut said = Vec::new();
    if let Some(mut stderr) = stderr {
        // What it said is only an explanation.
        let _read = (&mut stderr).take(MAX_SAID_BYTES).read_to_end(&mut said).await;
        let _rest = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    }
    said
}

async fn take_rows(
    transaction: &mut Transaction<'_, Postgres>,
    restoring: &mut Child,
) -> Result<()> {
    let Some(output) = restoring.stdout.take() else { return Ok(()) };
    let mut script = BufReader::with_capacity(PIECE, output);
    let mut line = Vec::new();
    while read_line(&mut script, &mut line).await? {
        let text = std::str::from_utf8(&line).map_err(|_| foreign())?.trim_end();
        match Statement::read(text)? {
            Statement::Nothing => {}
            Statement::Migrations => skip_rows(&mut script).await?,
            Statement::Rows(copy) => copy_rows(transaction, &mut script, &copy).await?,
        }
    }
    Ok(())
}

async fn copy_rows(
    transaction: &mut Transaction<'_, Postgres>,
    script: &mut (impl AsyncRead + AsyncBufReadExt + Unpin),
    copy: &str,
) -> Result<()> {
    let mut rows = transaction.copy_in_raw(copy).await.map_err(failed(TASK))?;
    let (mut line, mut piece) = (Vec::new(), Vec::new());
    while read_line(script, &mut line).await? {
        if line == b"\\.\n" {
            if !piece.is_empty() {
                rows.send(piece).await.map_err(failed(TASK))?;
            }
            rows.finish().await.map_err(failed(TASK))?;
            return Ok(());
        }
        piece.extend_from_slice(&line);
        if piece.len() >= PIECE {
            rows.send(std::mem::take(&mut piece)).await.map_err(failed(TASK))?;
        }
    }
    // The transaction ends with this.
    let _aborted = rows.abort("the dump is cut off").await;
    Err(Error::corrupt("the dump in it is cut off"))
}

async fn skip_rows(script: &mut (impl AsyncRead + AsyncBufReadExt + Unpin)) -> Result<()> {
    let mut line = Vec::new();
    while read_line(script, &mut line).await? {
        if line == b"\\.\n" {
            return Ok(());
        }
    }
    Err(Error::corrupt("the dump in it is cut off"))
}

/// Reads one line with its end; false at the end of the script.
async fn read_line(
    script: &mut (impl AsyncRead + AsyncBufReadExt + Unpin),
    line: &mut Vec<u8>,
) -> Result<bool> {
    line.clear();
    let length = script.take(MAX_LINE_BYTES).read_until(b'\n', line).await?;
    if length as u64 == MAX_LINE_BYTES {
        return Err(foreign());
    }
    Ok(length > 0)
}

/// What a line of the script means to us.
#[derive(Debug, PartialEq, Eq)]
enum Statement {
    Nothing,
    /// The rows of the migrations follow, which are known already.
    Migrations,
    /// Rows follow that this statement takes.
    Rows(String),
}

impl Statement {
    /// Reads a line outside of rows; only the names of tables and columns are taken from it.
    fn read(line: &str) -> Result<Self> {
        let is_setting =
            line.starts_with("SET ") || line.starts_with("SELECT pg_catalog.set_config");
        let is_remark = line.is_empty() || line.starts_with("--");
        let is_fence = line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
        if is_setting || is_remark || is_fence {
            return Ok(Self::Nothing);
        }
        let copy = line.strip_prefix("COPY ").and_then(|rest| rest.strip_suffix(") FROM stdin;"));
        let (table, columns) = copy.and_then(|copy| copy.split_once(" (")).ok_or_else(foreign)?;
        let table = table.rsplit('.').next().unwrap_or(table);
        if table == "_sqlx_migrations" {
            return Ok(Self::Migrations);
        }
        let (name, known) = TABLES.iter().find(|(name, _)| *name == table).ok_or_else(foreign)?;
        let columns: Vec<&str> = columns.split(", ").map(|name| name.trim_matches('"')).collect();
        if columns.iter().any(|column| known.iter().all(|(name, _)| name != column)) {
            return Err(foreign());
        }
        Ok(Self::Rows(format!("COPY {name} ({}) FROM STDIN", columns.join(", "))))
    }
}

fn foreign() -> Error {
    Error::corrupt("the dump in it holds something that no catalog of ragterm has")
}

/// Whether what was restored is what the backup says it holds.
async fn check(transaction: &mut Transaction<'_, Postgres>, expected: &Description) -> Result<()> {
    let (seq, sources, documents, vectors): (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT seq FROM sequence), (SELECT COUNT(*) FROM sources), \
         (SELECT COUNT(*) FROM documents), (SELECT COUNT(*) FROM vectors)",
    )
    .fetch_one(&mut **transaction)
    .await
    .map_err(failed(TASK))?;
    let there = [seq, sources, documents, vectors].map(|number| number as u64);
    if there == [expected.seq, expected.sources, expected.documents, expected.vectors] {
        return Ok(());
    }
    Err(Error::corrupt("the dump in it is not what the backup says it holds"))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn a_tool_that_says_much_waits_for_nobody() {
        let (reader, mut writer) = tokio::io::duplex(1 << 10);
        let said = tokio::spawn(said(Some(reader)));
        writer.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
        drop(writer);
        assert_eq!(said.await.unwrap().len() as u64, MAX_SAID_BYTES);
    }

    #[test]
    fn nothing_of_a_dump_is_run_but_its_rows() {
        let rows = |line: &str| Statement::read(line);
        assert_eq!(
            rows("COPY public.settings (name, value) FROM stdin;").unwrap(),
            Statement::Rows("COPY settings (name, value) FROM STDIN".into())
        );
        assert_eq!(rows("\\restrict aB3").unwrap(), Statement::Nothing);
        let migrations = "COPY public._sqlx_migrations (version, checksum) FROM stdin;";
        assert_eq!(rows(migrations).unwrap(), Statement::Migrations);
        for hostile in [
            "DROP TABLE documents;",
            "COPY public.settings (name, value) FROM PROGRAM 'rm -rf /';",
            "COPY public.settings (name, value); DROP TABLE x; --) FROM stdin;",
            "COPY public.pg_authid (rolname) FROM stdin;",
            "\\! rm -rf /",
        ] {
            assert!(Statement::read(hostile).is_err(), "{hostile}");
        }
    }
}
