//! A catalog that comes out of a backup: it gets a name of its own, so that no follower that knows
//! what happened after the backup is taken for its own.

use std::path::Path;

use sqlx::{Any, AnyConnection, Connection, Executor, Transaction};

use super::migrations::KNOWN;
use super::postgres::{announce, sort_by_bytes};
use super::{Catalog, Commit, Copied, Database, Occupied, failed, fresh_identity, replace};
use crate::error::{Error, Result};

const TASK: &str = "be restored";

impl Catalog {
    /// Makes the copy of a catalog one that can be put in place: up to date, and with a name of its
    /// own. Nothing else of it is left beside the file.
    pub async fn prepare_restored(file: &Path) -> Result<()> {
        let catalog = Self::open_sqlite(file).await?;
        let renamed = async {
            let mut transaction = catalog.begin(TASK).await?;
            rename(&mut transaction).await?;
            transaction.commit().await.map_err(failed(TASK))
        };
        let renamed = renamed.await;
        catalog.close().await;
        renamed?;
        std::fs::File::open(file)?.sync_all()?;
        Ok(())
    }

    /// Copies the catalog of a file into the database of a server, under a name of its own, in one
    /// transaction; `Usage` for a database with a catalog, unless that may be replaced.
    pub async fn restore_to_postgres(
        file: &Path,
        url: &str,
        replacing: (Occupied, &Commit),
    ) -> Result<Copied> {
        let source = Self::open_sqlite(file).await?;
        let copied = source.replace_postgres(url, replacing).await;
        source.close().await;
        copied
    }

    async fn replace_postgres(
        &self,
        url: &str,
        (occupied, commit): (Occupied, &Commit),
    ) -> Result<Copied> {
        // It holds the lock, and looks at what is there before anything is changed.
        let mut alone = replace::connect(url).await?;
        let replaced = match replace::former(&mut alone, occupied).await {
            Ok(former) => self.replace(url, &former, commit).await,
            Err(error) => Err(error),
        };
        // The next daemon finds the lock free.
        let _closed = alone.close().await;
        replaced
    }

    async fn replace(&self, url: &str, former: &[String], commit: &Commit) -> Result<Copied> {
        let mut target = replace::in_time(AnyConnection::connect(url)).await?;
        let mut transaction = target.begin().await.map_err(failed(TASK))?;
        let unlimited = transaction.execute("SET LOCAL statement_timeout = 0").await;
        unlimited.map_err(failed(TASK))?;
        if let Some(removal) = replace::removal(former) {
            let removed = transaction.execute(sqlx::AssertSqlSafe(removal)).await;
            removed.map_err(failed(TASK))?;
        }
        let migrated = KNOWN.run(&mut *transaction).await;
        migrated.map_err(|error| Error::internal("its tables cannot be made").because(error))?;
        sort_by_bytes(&mut transaction).await?;
        let copied = self.copy_into(&mut transaction).await?;
        rename(&mut transaction).await?;
        announce(Database::Postgres, &mut transaction).await?;
        commit.begin();
        transaction.commit().await.map_err(failed(TASK))?;
        Ok(copied)
    }
}

/// Gives the catalog another name, and forgets how far followers of the former one are.
async fn rename(transaction: &mut Transaction<'_, Any>) -> Result<()> {
    sqlx::query("UPDATE settings SET value = $1 WHERE name = 'identity'")
        .bind(fresh_identity())
        .execute(&mut **transaction)
        .await
        .map_err(failed(TASK))?;
    sqlx::query("DELETE FROM followers").execute(&mut **transaction).await.map_err(failed(TASK))?;
    Ok(())
}
