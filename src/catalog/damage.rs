//! What the catalog remembers of damage to its database: once met, nothing is written any more.

use std::path::Path;
use std::sync::OnceLock;

use sqlx::{Any, AnyPool, Transaction};
use tracing::error;

use super::{Access, Catalog, failed};
use crate::error::{Error, ErrorKind, Result};

/// What a reader of an error about damage can do.
pub(super) const REMEDY: &str = "restore a backup (`ragterm stop`, then `ragterm restore --force \
                                 FILE`), or move the data directory away and add the folders again";

/// The first damage that was met; it stays until the daemon starts again.
#[derive(Debug, Default)]
pub(super) struct Damage(OnceLock<String>);

/// Whether a database without a byte stands where there must have been one: SQLite would take it
/// for a new one, and everything in the index for foreign.
pub(super) fn is_emptied(file: &Path) -> bool {
    let is_empty = |path: &Path| std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    // What is in the write-ahead log is read from there.
    let is_logged = Path::new(&log).exists() && !is_empty(Path::new(&log));
    is_empty(file) && !is_logged && file.parent().is_some_and(has_index)
}

/// Whether a keyword index lies in the directory, which is made after its catalog.
fn has_index(directory: &Path) -> bool {
    let is_index = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("keyword-"))
    };
    std::fs::read_dir(directory).is_ok_and(|mut entries| entries.any(is_index))
}

impl Catalog {
    /// The damage that was met since the catalog was opened, in words; nothing is written since.
    pub fn damage(&self) -> Option<&str> {
        self.inner.damage.0.get().map(String::as_str)
    }

    /// What can be done about [`damage`](Self::damage).
    pub fn remedy(&self) -> &'static str {
        REMEDY
    }

    /// Remembers damage that a result tells of.
    pub(super) fn noted<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|error| self.note(error))
    }

    /// As the function of that name, and remembers damage.
    pub(super) fn failed<'a>(&'a self, task: &'a str) -> impl Fn(sqlx::Error) -> Error + 'a {
        let convert = failed(task);
        move |error| {
            let error = convert(error);
            self.note(&error);
            error
        }
    }

    /// The connection that writes; refused once damage was met, so that it cannot spread.
    pub(super) fn writer(&self) -> Result<&AnyPool> {
        if self.inner.access == Access::Follow {
            return Err(Error::usage("this daemon only answers (`daemon.role = \"query\"`)")
                .hint("ask the daemon that indexes"));
        }
        match self.damage() {
            None => Ok(&self.inner.writer),
            Some(damage) => {
                Err(Error::corrupt(format!("nothing is written: {damage}")).hint(REMEDY))
            }
        }
    }

    /// Fails when nothing can be written, with the reason.
    pub fn check_writable(&self) -> Result<()> {
        self.writer().map(drop)
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self, task: &str) -> Result<Transaction<'static, Any>> {
        let begin = self.inner.database.begin();
        self.writer()?.begin_with(begin).await.map_err(self.failed(task))
    }

    fn note(&self, error: &Error) {
        if error.kind() == ErrorKind::Corrupt
            && self.inner.damage.0.set(format!("the catalog is damaged ({error})")).is_ok()
        {
            error!(%error, "the catalog is damaged; nothing is written any more");
        }
    }
}
