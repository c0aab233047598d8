//! The tables are brought up to date in one transaction, after the old state was put aside.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Connection, Row};

use super::{Database, aside, failed, kind_of_text};
use crate::error::{Error, ErrorKind, Result};

/// All migrations that this version knows.
pub(super) static KNOWN: Migrator = sqlx::migrate!();

/// A migration that was applied: its number and the hash of its text.
pub(super) type Applied = (i64, Vec<u8>);

/// Where the state before a migration is kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aside<'p> {
    /// In files of this directory.
    Directory(&'p Path),
    /// In a schema of the same database.
    Schema,
}

/// Brings the catalog of a connection up to date: all of it, or nothing. A state that is not empty
/// is put aside first; where that fails nothing is migrated.
pub(super) async fn migrate(connection: &mut AnyConnection, place: Aside<'_>) -> Result<()> {
    migrate_to(&KNOWN, connection, place).await
}

async fn migrate_to(
    known: &Migrator,
    connection: &mut AnyConnection,
    place: Aside<'_>,
) -> Result<()> {
    let applied = applied(connection, place.database()).await?;
    check_known_by(known, &applied).map_err(|error| place.told_way_back(error))?;
    let is_pending = |version: i64| applied.iter().all(|(other, _)| *other != version);
    let pending = known.iter().map(|one| one.version).find(|version| is_pending(*version));
    let Some(first) = pending else { return Ok(()) };
    let kept = match (place, applied.is_empty()) {
        (Aside::Directory(directory), false) => {
            let kept = aside::keep_file(connection, directory, first).await;
            Some(kept.map_err(|error| refused(first, error))?)
        }
        _ => None,
    };
    let mut transaction = connection.begin().await.map_err(failed("be migrated"))?;
    let kept = match (place, applied.is_empty()) {
        (Aside::Schema, false) => {
            let kept = aside::keep_schema(&mut transaction, first).await;
            Some(kept.map_err(|error| refused(first, error))?)
        }
        _ => kept,
    };
    let migrated = known.run(&mut *transaction).await;
    if let Err(error) = migrated {
        // The error that matters is the first one.
        let _rolled_back = transaction.rollback().await;
        return Err(undone(&error, kept.as_deref()));
    }
    transaction.commit().await.map_err(failed("be migrated"))
}

impl Aside<'_> {
    fn database(self) -> Database {
        match self {
            Self::Directory(_) => Database::Sqlite,
            Self::Schema => Database::Postgres,
        }
    }

    /// Says where the earlier state is, of a catalog that only a newer version can read.
    fn told_way_back(self, error: Error) -> Error {
        if error.kind() != ErrorKind::Usage {
            return error;
        }
        let kept = match self {
            Self::Directory(_) => "`before-migration-…` in the data directory",
            Self::Schema => "the schema `ragterm_before_…` of the same database",
        };
        error.hint(format!(
            "nothing was changed: run the newer ragterm again, go back to the state that it put \
             aside before it migrated ({kept}), or let `ragterm restore --force` replace it with a \
             backup of this version"
        ))
    }
}

/// The migrations that made the tables, the first first; none where there is no catalog.
pub(super) async fn applied(
    connection: &mut AnyConnection,
    database: Database,
) -> Result<Vec<Applied>> {
    let task = "read its migrations";
    let sql = match database {
        Database::Sqlite => {
            "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'"
        }
        Database::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '_sqlx_migrations' \
             AND table_schema = current_schema()"
        }
    };
    let tables: i64 =
        sqlx::query_scalar(sql).fetch_one(&mut *connection).await.map_err(failed(task))?;
    if tables == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
        .fetch_all(connection)
        .await
        .map_err(failed(task))?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<sqlx::Result<_>>()
        .map_err(failed(task))
}

/// The last migration that this version knows.
pub(super) fn last_known() -> i64 {
    KNOWN.iter().map(|one| one.version).max().unwrap_or_default()
}

/// Fails for a catalog that this version does not know: with `Usage` when a newer one made it.
pub(super) fn check_known(applied: &[Applied]) -> Result<()> {
    check_known_by(&KNOWN, applied)
}

fn check_known_by(known: &Migrator, applied: &[Applied]) -> Result<()> {
    let last = known.iter().map(|one| one.version).max().unwrap_or_default();
    if let Some((version, _)) = applied.iter().rfind(|(version, _)| *version > last) {
        return Err(newer(*version, last));
    }
    for (version, hash) in applied {
        let ours = known.iter().find(|one| one.version == *version);
        if ours.is_none_or(|ours| *ours.checksum != **hash) {
            return Err(Error::corrupt(format!(
                "its tables were made otherwise: migration {version} is not the one that ragterm \
                 {} knows",
                env!("CARGO_PKG_VERSION")
            )));
        }
    }
    Ok(())
}

/// Fails with `Usage` for a number of migrations that only a newer version has.
pub(super) fn check_count(migrations: u32) -> Result<()> {
    let known = KNOWN.iter().count();
    match migrations as usize <= known {
        true => Ok(()),
        false => Err(newer(i64::from(migrations), known as i64)),
    }
}

/// What is said of a catalog that only a newer version can read.
fn newer(version: i64, last: i64) -> Error {
    let ours = env!("CARGO_PKG_VERSION");
    Error::usage(format!(
        "a newer ragterm has written the catalog: its tables are of migration {version}, and \
         ragterm {ours} knows {last}"
    ))
    .hint("nothing was changed: restore it with the newer ragterm")
}

fn refused(first: i64, error: Error) -> Error {
    let hint = error.next_step().unwrap_or("nothing was changed").to_owned();
    let kind = error.kind();
    let message = format!(
        "the catalog is not migrated (migration {first}), because its present state cannot be put \
         aside first"
    );
    Error::new(kind, message).because(error).hint(hint)
}

fn undone(error: &sqlx::migrate::MigrateError, kept: Option<&str>) -> Error {
    let kind = kind_of_text(&error.to_string());
    let error = Error::new(kind, "the catalog could not be migrated").because(error.to_string());
    match kept {
        None => error,
        Some(kept) => error.hint(format!(
            "the catalog is as it was: run the earlier ragterm again; a copy of it is in {kept}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::migrate::{Migration, MigrationType};
    use sqlx::{Executor, SqlSafeStr};

    use super::super::Catalog;
    use super::super::sqlite::address;
    use super::*;

    async fn connect(file: &Path) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let address = format!("{}?mode=rwc", address(file).unwrap());
        AnyConnection::connect(&address).await.unwrap()
    }

    /// A catalog as a version left it that knew so many migrations.
    async fn catalog_of(file: &Path, version: i64) {
        let mut connection = connect(file).await;
        KNOWN.run_to(version, &mut connection).await.unwrap();
        connection.execute("INSERT INTO settings VALUES ('identity', 'i1')").await.unwrap();
        connection.close().await.unwrap();
    }

    fn kept(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with("before-")).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn the_state_before_a_migration_is_kept_and_the_last_two_stay() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("catalog.db");
        for old in ["before-migration-0002-20240101T000000Z.db", "before-migration-0003-x.db"] {
            std::fs::write(directory.path().join(old), "").unwrap();
        }
        catalog_of(&file, 6).await;
        let catalog = Catalog::open_sqlite(&file).await.unwrap();
        assert_eq!(catalog.identity(), "i1");
        catalog.close().await;
        let names = kept(directory.path());
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(names[0], "before-migration-0003-x.db");
        assert!(names[1].starts_with("before-migration-0007-2"), "{names:?}");
        let before = Catalog::inspect(&directory.path().join(&names[1])).await.unwrap();
        assert_eq!(before.migrations, 6);
        assert_ne!(before.identity, "i1", "no index of what came later is taken for its own");
        Catalog::open_sqlite(&file).await.unwrap().close().await;
        assert_eq!(kept(directory.path()), names, "what is up to date is not put aside");
    }

    #[tokio::test]
    async fn a_migration_that_fails_changes_nothing_and_names_the_copy() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("catalog.db");
        catalog_of(&file, 6).await;
        let mut migrations: Vec<Migration> = KNOWN.iter().cloned().collect();
        let text = "CREATE TABLE half (id BIGINT NOT NULL); INSERT INTO nowhere VALUES (1);";
        let (number, kind) = (migrations.len() as i64 + 1, MigrationType::Simple);
        let text = text.into_sql_str();
        migrations.push(Migration::new(number, Cow::Borrowed("wrong"), kind, text, false));
        let wrong = Migrator::with_migrations(migrations);
        let mut connection = connect(&file).await;
        let place = Aside::Directory(directory.path());
        let error = migrate_to(&wrong, &mut connection, place).await.unwrap_err();
        assert!(error.to_string().contains("no such table: nowhere"), "{error}");
        let hint = error.next_step().unwrap();
        assert!(hint.contains(&kept(directory.path())[0]), "{hint}");
        assert_eq!(applied(&mut connection, Database::Sqlite).await.unwrap().len(), 6);
        let columns = sqlx::query("SELECT stated_ns FROM documents").fetch_all(&mut connection);
        assert!(columns.await.is_err(), "the first pending migration is undone as well");
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_put_aside_is_not_migrated() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("catalog.db");
        catalog_of(&file, 6).await;
        let mut connection = connect(&file).await;
        let nowhere = directory.path().join("nowhere");
        let error = migrate(&mut connection, Aside::Directory(&nowhere)).await.unwrap_err();
        assert!(error.to_string().contains("not migrated (migration 7)"), "{error}");
        assert_eq!(applied(&mut connection, Database::Sqlite).await.unwrap().len(), 6);
        connection.close().await.unwrap();
    }

    /// Unmounts what was mounted.
    struct Mounted<'p>(&'p Path);

    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _gone = std::process::Command::new("umount").arg("-l").arg(self.0).status();
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_told_before_a_migration_and_the_catalog_stays() {
        let directory = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=12m", "tmpfs"];
        let mounted =
            std::process::Command::new("mount").args(mount).arg(directory.path()).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: this user may not mount a small file system");
            return;
        }
        let _mounted = Mounted(directory.path());
        let file = directory.path().join("catalog.db");
        catalog_of(&file, 6).await;
        let error = Catalog::open_sqlite(&file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exhausted);
        assert!(error.to_string().contains("too full for a copy of the catalog"), "{error}");
        assert!(error.next_step().unwrap().contains("free some disk space"));
        let mut connection = connect(&file).await;
        assert_eq!(applied(&mut connection, Database::Sqlite).await.unwrap().len(), 6);
        connection.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_newer_catalog_is_refused_in_a_sentence() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("catalog.db");
        let last = KNOWN.iter().count() as i64;
        catalog_of(&file, last).await;
        let mut connection = connect(&file).await;
        let later = format!(
            "INSERT INTO _sqlx_migrations VALUES ({}, 'later', '', TRUE, X'00', 1)",
            last + 1
        );
        connection.execute(sqlx::AssertSqlSafe(later)).await.unwrap();
        connection.close().await.unwrap();
        let error = Catalog::open_sqlite(&file).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        let text = error.to_string();
        assert!(text.contains("a newer ragterm has written the catalog"), "{text}");
        assert!(error.next_step().unwrap().contains("run the newer ragterm again"));
        assert!(kept(directory.path()).is_empty());
        assert_eq!(Catalog::inspect(&file).await.unwrap_err().kind(), ErrorKind::Usage);
    }
}
