//! The state of a catalog before a migration, put aside: a file beside it, or a schema.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, Connection, Executor, Transaction};

use super::copy::TABLES;
use super::snapshot::vacuum_into;
use super::sqlite::address;
use super::{Catalog, Database, failed, fresh_identity};
use crate::disk::{check_room, sync_names};
use crate::error::{Error, Result};

/// So many states are kept.
const KEPT: usize = 2;

/// What the names of files begin with…
const FILE: &str = "before-migration-";

/// …and those of schemas.
const SCHEMA: &str = "ragterm_before_";

impl Catalog {
    /// How many states lie in schemas of the database, and their bytes; none where the catalog is a
    /// file.
    pub async fn aside(&self) -> Result<(u64, u64)> {
        if self.database() != Database::Postgres {
            return Ok((0, 0));
        }
        let task = "count earlier states";
        let mut connection = self.inner.readers.acquire().await.map_err(failed(task))?;
        let schemas = schemas(&mut connection).await.map_err(failed(task))?;
        let mut bytes = 0;
        for schema in &schemas {
            let tables: i64 = sqlx::query_scalar(
                "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT) \
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind = 'r' AND n.nspname = $1",
            )
            .bind(schema.as_str())
            .fetch_one(&mut *connection)
            .await
            .map_err(failed(task))?;
            bytes += tables as u64;
        }
        Ok((schemas.len() as u64, bytes))
    }

    /// Drops those schemas.
    pub async fn forget_aside(&self) -> Result<()> {
        if self.database() != Database::Postgres {
            return Ok(());
        }
        let mut transaction = self.begin("forget earlier states").await?;
        drop_schemas(&mut transaction, 0, "").await?;
        transaction.commit().await.map_err(failed("forget earlier states"))
    }
}

/// The schemas that hold states: of our naming, and this role's own, so that it may drop them.
async fn schemas(connection: &mut AnyConnection) -> sqlx::Result<Vec<String>> {
    let mut schemas: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(nspname AS TEXT) FROM pg_namespace \
         WHERE nspname LIKE 'ragterm\\_before\\_%' \
         AND pg_has_role(nspowner, 'USAGE')",
    )
    .fetch_all(connection)
    .await?;
    schemas.retain(|schema| schema.strip_prefix(SCHEMA).is_some_and(is_number));
    Ok(schemas)
}

/// Copies the database of a connection into a file of `directory`; returns its path.
pub(super) async fn keep_file(
    connection: &mut AnyConnection,
    directory: &Path,
    first: i64,
) -> Result<String> {
    let task = "be put aside";
    let pages: i64 = sqlx::query_scalar(
        "SELECT p.page_count * s.page_size FROM pragma_page_count p, pragma_page_size s",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed(task))?;
    check_room(directory, pages.max(0) as u64, "a copy of the catalog")?;
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let file = directory.join(format!("{FILE}{first:04}-{time}.db"));
    let part = file.with_extension("part");
    remove(&part)?;
    let copied = match vacuum_into(connection, &part).await {
        Ok(()) => rename_file(&part).await,
        failed => failed,
    };
    let written = copied.and_then(|()| Ok(std::fs::File::open(&part)?.sync_all()?));
    // What is migrated after this outlives a power cut, and so must its name.
    let moved = written.and_then(|()| {
        std::fs::rename(&part, &file)?;
        Ok(sync_names(directory)?)
    });
    if let Err(error) = moved {
        // What matters is why it failed.
        let _removed = [&part, &file].map(std::fs::remove_file);
        return Err(error);
    }
    forget_files(directory, &file);
    Ok(file.display().to_string())
}

/// Gives the catalog in a file another name.
async fn rename_file(file: &Path) -> Result<()> {
    let task = "be put aside";
    let address = format!("{}?mode=rw", address(file)?);
    let mut connection = AnyConnection::connect(&address).await.map_err(failed(task))?;
    // What is left half-made is thrown away, so nothing of it has to be on the disk.
    for statement in ["PRAGMA journal_mode = MEMORY".to_owned(), renaming("main")] {
        let done = connection.execute(sqlx::AssertSqlSafe(statement)).await;
        done.map_err(failed(task))?;
    }
    connection.close().await.map_err(failed(task))
}

/// Gives a copy another name: once it is gone back to, no index of what came later is taken for its
/// own.
fn renaming(schema: &str) -> String {
    let name = fresh_identity();
    format!("UPDATE {schema}.settings SET value = '{name}' WHERE name = 'identity'")
}

/// The keys of a table, as statements that give them to the one of that name in another schema…
const KEYS: &str = "SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', CAST($1 AS TEXT), \
     CAST($2 AS TEXT), conname, pg_get_constraintdef(oid)) FROM pg_constraint \
     WHERE contype IN ('p', 'u') AND conrelid = to_regclass(CAST($2 AS TEXT))";

/// …and its other indexes, under their own names: later migrations know them by these.
const INDEXES: &str = "SELECT replace(pg_get_indexdef(i.indexrelid), \
     format(' ON %I.%I ', n.nspname, t.relname), format(' ON %I.%I ', CAST($1 AS TEXT), t.relname)) \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
     JOIN pg_namespace n ON n.oid = t.relnamespace \
     WHERE t.oid = to_regclass(CAST($2 AS TEXT)) \
     AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)";

/// Copies every table with its indexes into a schema beside them, which can take their place;
/// returns its name.
pub(super) async fn keep_schema(
    transaction: &mut Transaction<'_, Any>,
    first: i64,
) -> Result<String> {
    let task = "be put aside";
    let schema = format!("{SCHEMA}{first:04}");
    let mut statements = vec![
        // Of an earlier attempt at the same step.
        format!("DROP SCHEMA IF EXISTS {schema} CASCADE"),
        format!("CREATE SCHEMA {schema}"),
    ];
    for table in TABLES.iter().map(|table| table.0).chain(["_sqlx_migrations"]) {
        let there: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = $1 \
             AND table_schema = current_schema()",
        )
        .bind(table)
        .fetch_one(&mut **transaction)
        .await
        .map_err(failed(task))?;
        if there == 0 {
            continue;
        }
        statements.push(format!(
            "CREATE TABLE {schema}.{table} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES)"
        ));
        statements.push(format!("INSERT INTO {schema}.{table} SELECT * FROM {table}"));
        for sql in [KEYS, INDEXES] {
            let made = sqlx::query_scalar(sql).bind(schema.as_str()).bind(table);
            let made: Vec<String> =
                made.fetch_all(&mut **transaction).await.map_err(failed(task))?;
            statements.extend(made);
        }
    }
    statements.push(renaming(&schema));
    for statement in statements {
        let done = transaction.execute(sqlx::AssertSqlSafe(statement)).await;
        done.map_err(|error| denied(failed(task)(error)))?;
    }
    drop_schemas(transaction, KEPT - 1, &schema).await?;
    Ok(format!("the schema {schema} of the same database"))
}

fn denied(error: Error) -> Error {
    if !error.to_string().contains("permission denied") {
        return error;
    }
    let user = "let ragterm's user make schemas: `GRANT CREATE ON DATABASE … TO …`";
    Error::usage("ragterm's user may not make a schema").because(error).hint(user)
}

/// Drops all states but so many, and the newest.
async fn drop_schemas(
    transaction: &mut Transaction<'_, Any>,
    keep: usize,
    newest: &str,
) -> Result<()> {
    let task = "forget earlier states";
    let mut schemas = schemas(transaction).await.map_err(failed(task))?;
    schemas.retain(|schema| schema != newest);
    schemas.sort_unstable_by(|one, other| other.cmp(one));
    for schema in schemas.iter().skip(keep) {
        let drop = format!("DROP SCHEMA {schema} CASCADE");
        transaction.execute(sqlx::AssertSqlSafe(drop)).await.map_err(failed(task))?;
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Deletes all but the last states; what cannot be deleted is in nobody's way.
fn forget_files(directory: &Path, newest: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut earlier: Vec<PathBuf> = paths.filter(|path| is_state(path) && path != newest).collect();
    earlier.sort_unstable_by(|one, other| other.cmp(one));
    for path in earlier.iter().skip(KEPT - 1) {
        let _removed = std::fs::remove_file(path);
    }
}

fn is_state(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(FILE) && name.ends_with(".db")
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
