//! A copy of the whole catalog in a file of SQLite, of one moment, while indexing goes on.

use std::path::Path;

use sqlx::Connection;

use super::{Catalog, Database, Description, failed};
use crate::disk::check_room;
use crate::error::{Error, Result};

const TASK: &str = "be copied";

impl Catalog {
    /// Copies all of it into a new file of SQLite, and checks the copy.
    ///
    /// Writers go on meanwhile. `Exhausted` before anything is written where the disk is too small.
    pub async fn snapshot(&self, file: &Path) -> Result<Description> {
        let directory = file.parent().unwrap_or(Path::new("/"));
        check_room(directory, self.size_bytes().await?, "a copy of the catalog")?;
        match self.inner.database {
            Database::Sqlite => self.vacuum_into(file).await?,
            Database::Postgres => self.copy_to_sqlite(file).await.map(drop)?,
        }
        Self::inspect(file).await
    }

    /// About how many bytes it takes.
    pub async fn size_bytes(&self) -> Result<u64> {
        let sql = match self.inner.database {
            Database::Sqlite => {
                "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, \
                 pragma_freelist_count f, pragma_page_size s"
            }
            Database::Postgres => "SELECT pg_database_size(current_database())",
        };
        let bytes: i64 = sqlx::query_scalar(sql)
            .fetch_one(&self.inner.readers)
            .await
            .map_err(self.failed("tell its size"))?;
        Ok(bytes.max(0) as u64)
    }

    async fn vacuum_into(&self, file: &Path) -> Result<()> {
        // A connection of its own: searches need the others.
        let reader = self.inner.readers.acquire().await.map_err(self.failed(TASK))?;
        let mut connection = reader.detach();
        let copied = vacuum_into(&mut connection, file).await;
        // It was only read.
        let _closed = connection.close().await;
        self.noted(copied)
    }
}

/// Writes the database of a connection, as it is at one moment, into a new file.
pub(super) async fn vacuum_into(connection: &mut sqlx::AnyConnection, file: &Path) -> Result<()> {
    let path = file.to_str().ok_or_else(|| {
        Error::usage(format!("the data directory of {} is not valid UTF-8", file.display()))
    })?;
    sqlx::query("VACUUM INTO $1").bind(path).execute(connection).await.map_err(failed(TASK))?;
    Ok(())
}
