//! Taking a backup of a catalog that is in use: a copy of one moment, then the archive from it.

use std::io::{self, Write};
use std::path::Path;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::archive::{self, Contents};
use super::configuration::without_secrets;
use super::handover::TAKING;
use super::{CATALOG, DUMP, Header, MAX_TEXT_BYTES};
use crate::catalog::{Catalog, Database, Description};
use crate::config::{CatalogUrl, Loaded};
use crate::error::{Error, Result};

/// How a catalog on PostgreSQL is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By `pg_dump` where that is installed.
    Native,
    /// As a file of SQLite, which can be restored anywhere.
    Portable,
}

/// What a backup is taken of.
#[derive(Debug)]
pub struct Order<'o> {
    /// The catalog.
    pub catalog: &'o Catalog,
    /// How it is copied.
    pub form: Form,
    /// The data directory, where the copy lies meanwhile.
    pub directory: &'o Path,
    /// The configuration, or why it cannot be read.
    pub configuration: Result<Loaded>,
}

/// How far a backup is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// `copy`, then `pack`.
    pub phase: &'static str,
    /// Bytes of the catalog that are packed.
    pub done: u64,
    /// Bytes of the catalog; 0 while it is copied.
    pub total: u64,
}

/// Takes a backup and writes it to `out`, until `stop`; nothing is left behind but that.
pub async fn take(
    order: Order<'_>,
    mut out: impl Write + Send + 'static,
    progress: watch::Sender<Progress>,
    stop: &CancellationToken,
) -> Result<Header> {
    let configuration = match &order.configuration {
        Ok(loaded) => without_secrets(loaded),
        Err(error) => unread(error),
    };
    if configuration.len() as u64 > MAX_TEXT_BYTES {
        return Err(Error::usage("the configuration is too large for a backup"));
    }
    progress.send_replace(Progress { phase: "copy", ..Progress::default() });
    let directory = make_directory(order.directory)?;
    let copying = stop.run_until_cancelled(copy(&order, directory.path()));
    let (name, contents) = copying.await.ok_or_else(cancelled)??;
    let database = order.catalog.database().name();
    let header = Header::new(database, name, contents);
    let packing = tokio::task::spawn_blocking(move || {
        let catalog = directory.path().join(name);
        let total = std::fs::metadata(&catalog)?.len();
        let contents =
            Contents { header: &header, catalog: &catalog, configuration: &configuration };
        let told = |done| {
            progress.send_replace(Progress { phase: "pack", done, total });
        };
        archive::write(contents, &mut out, told)?;
        Ok(header)
    });
    let packed = packing.await;
    packed.map_err(|error| Error::internal("the backup failed").because(error))?.map_err(unwritten)
}

/// Copies the catalog, as it is at one moment, into the directory.
async fn copy(order: &Order<'_>, directory: &Path) -> Result<(&'static str, Description)> {
    let url = match (&order.configuration, order.catalog.database(), order.form) {
        (Ok(loaded), Database::Postgres, Form::Native) => match &loaded.config.catalog.url {
            CatalogUrl::Postgres(url) => url.read()?,
            CatalogUrl::Sqlite => None,
        },
        _ => None,
    };
    if let Some(url) = url
        && let Some(contents) = order.catalog.dump(&url, &directory.join(DUMP)).await?
    {
        return Ok((DUMP, contents));
    }
    let contents = order.catalog.snapshot(&directory.join(CATALOG)).await?;
    Ok((CATALOG, contents))
}

/// A directory that is nobody else's, and gone with the value.
fn make_directory(directory: &Path) -> Result<TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let private = std::fs::Permissions::from_mode(0o700);
    let (begin, end) = TAKING;
    let made = tempfile::Builder::new().prefix(begin).suffix(end).permissions(private).to_owned();
    made.tempdir_in(directory).map_err(|error| {
        let error = Error::from(error);
        let message = format!("a backup cannot be prepared in {}", directory.display());
        Error::new(error.kind(), message).because(error)
    })
}

fn unread(error: &Error) -> String {
    let lines: String = error.to_string().lines().map(|line| format!("#   {line}\n")).collect();
    format!("# The configuration could not be read when this backup was made:\n{lines}")
}

fn unwritten(error: io::Error) -> Error {
    let error = Error::from(error);
    Error::new(error.kind(), "the backup cannot be written").because(error)
}

fn cancelled() -> Error {
    Error::unavailable("the backup was cancelled, because the daemon ends")
        .hint("take it again; the next command starts the daemon")
}
