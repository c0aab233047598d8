//! A catalog that comes out of a backup: it gets a name of its own, so that no follower that knows
//! what happened after the backup is taken for its own.

use std::path::Path;

use sqlx::{Any, Executor, Transaction};

use super::postgres::announce;
use super::{Access, Catalog, Copied, Occupied, failed, fresh_identity};
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
    pub async fn restore_to_postgres(file: &Path, url: &str, occupied: Occupied) -> Result<Copied> {
        let source = Self::open_sqlite(file).await?;
        let copied = source.replace_postgres(url, occupied).await;
        source.close().await;
        copied
    }

    async fn replace_postgres(&self, url: &str, occupied: Occupied) -> Result<Copied> {
        let target = Self::open_postgres(url, Access::Write).await?;
        let replaced = async {
            let mut transaction = target.begin(TASK).await?;
            let unlimited = transaction.execute("SET LOCAL statement_timeout = 0").await;
            unlimited.map_err(failed(TASK))?;
            if occupied == Occupied::Refused {
                refuse_contents(&mut transaction).await?;
            }
            let copied = self.copy_into(&mut transaction).await?;
            rename(&mut transaction).await?;
            announce(target.database(), &mut transaction).await?;
            transaction.commit().await.map_err(failed(TASK))?;
            Ok(copied)
        };
        let replaced = replaced.await;
        target.close().await;
        replaced
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

/// Counts what somebody would miss.
pub(super) const CONTENTS: &str = "SELECT (SELECT COUNT(*) FROM documents) + \
     (SELECT COUNT(*) FROM sources) + (SELECT COUNT(*) FROM sessions) + \
     (SELECT COUNT(*) FROM tokens)";

async fn refuse_contents(transaction: &mut Transaction<'_, Any>) -> Result<()> {
    let rows: i64 =
        sqlx::query_scalar(CONTENTS).fetch_one(&mut **transaction).await.map_err(failed(TASK))?;
    if rows == 0 { Ok(()) } else { Err(holds_catalog()) }
}

pub(super) fn holds_catalog() -> Error {
    Error::usage("the database of `catalog.url` holds a catalog already")
        .hint("`--force` replaces it, and nothing of it is kept; or name an empty database")
}
