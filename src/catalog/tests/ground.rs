//! A fresh database for one test.

use std::path::PathBuf;

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

use super::{Access, Catalog};

/// Where one test keeps its catalog.
pub(super) enum Ground {
    Sqlite(TempDir),
    Postgres { server: String, database: String },
}

impl Ground {
    pub(super) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// A new database on the server of `RAGTERM_TEST_POSTGRES_URL`; `None` where there is none.
    pub(super) async fn postgres(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("RAGTERM_TEST_POSTGRES_URL") else {
            eprintln!("skipped: RAGTERM_TEST_POSTGRES_URL names no server");
            return None;
        };
        let database = format!("{}_{}", &test[..test.len().min(40)], std::process::id());
        let ground = Self::Postgres { server, database };
        ground.command("CREATE DATABASE").await;
        Some(ground)
    }

    pub(super) async fn open(&self) -> Catalog {
        match self {
            Self::Sqlite(_) => Catalog::open_sqlite(&self.file()).await.unwrap(),
            Self::Postgres { .. } => {
                Catalog::open_postgres(&self.url(), Access::Write).await.unwrap()
            }
        }
    }

    /// The URL of the database.
    pub(super) fn url(&self) -> String {
        let Self::Postgres { server, database } = self else { panic!("not on a server") };
        format!("{}/{database}", server.rsplit_once('/').unwrap().0)
    }

    /// Leaves nothing on the server.
    pub(super) async fn clear(&self) {
        self.command("DROP DATABASE IF EXISTS").await;
    }

    fn file(&self) -> PathBuf {
        let Self::Sqlite(directory) = self else { panic!("not in a file") };
        directory.path().join("catalog.db")
    }

    async fn command(&self, verb: &str) {
        let Self::Postgres { server, database } = self else { return };
        let mut connection = PgConnection::connect(server).await.unwrap();
        let force = if verb.starts_with("DROP") { " WITH (FORCE)" } else { "" };
        let command = format!("{verb} \"{database}\"{force}");
        connection.execute(sqlx::AssertSqlSafe(command)).await.unwrap();
    }
}
