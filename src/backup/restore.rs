//! From a backup to a catalog in place: everything is checked first, beside what is there.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::handover::{self, Configured, Settled};
use super::read::Checked;
use super::unpack::{Unpacked, unpack};
use super::{CATALOG, CONFIGURATION, DUMP, Header};
use crate::catalog::{Catalog, Commit, Occupied};
use crate::config::{CatalogUrl, Config, Paths};
use crate::error::{Error, ErrorKind, Result};
use jiff::Timestamp;

/// Where a backup goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The files of the instance, whose lock the caller holds.
    pub paths: &'t Paths,
    /// Says what the catalog is kept in.
    pub config: &'t Config,
    /// What happens to a catalog that is there.
    pub occupied: Occupied,
    /// Told when a database is asked to commit.
    pub commit: &'t Commit,
}

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What the backup said of itself.
    pub header: Header,
    /// Where the former catalog is now.
    pub before: Option<PathBuf>,
    /// What became of the configuration of the backup.
    pub configured: Configured,
}

/// Restores a backup: checks all of it, then puts it in place; on any failure nothing has changed.
pub async fn restore(input: impl Read + Send + 'static, target: Target<'_>) -> Result<Restored> {
    let Target { paths, config, occupied, .. } = target;
    handover::settle(paths)?;
    handover::sweep(&paths.data_dir);
    let is_file = config.catalog.url == CatalogUrl::Sqlite;
    if is_file && occupied == Occupied::Refused && handover::is_occupied(&paths.data_dir) {
        let directory = paths.data_dir.display();
        return Err(Error::usage(format!(
            "the data directory {directory} holds a catalog already"
        ))
        .hint("`--force` puts it aside and restores; nothing of it is deleted"));
    }
    let unpacked = unpack(input, std::slice::from_ref(&paths.data_dir)).await?;
    let Unpacked { directory, checked, .. } = &unpacked;
    put_catalog(directory.path(), &checked.header, target).await?;
    let header = checked.header.clone();
    let settled = match put_files(unpacked, target) {
        // The catalog is in the database already: only the configuration is missing.
        Err(error) if !is_file => {
            Some(Settled { before: None, configured: Configured::Failed(error.with_next_step()) })
        }
        settled => settled?,
    };
    let (before, configured) =
        settled.map_or((None, Configured::Kept), |settled| (settled.before, settled.configured));
    Ok(Restored { header, before, configured })
}

/// Puts what was unpacked in place: a catalog that is a file, and the configuration.
fn put_files(unpacked: Unpacked, target: Target<'_>) -> Result<Option<Settled>> {
    let paths = target.paths;
    let Unpacked { directory, checked, .. } = unpacked;
    only(
        directory.path(),
        if target.config.catalog.url == CatalogUrl::Sqlite { CATALOG } else { "" },
    )?;
    write_private(&directory.path().join(CONFIGURATION), &checked.configuration)?;
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    handover::announce(directory.path(), &paths.data_dir, &time)?;
    // It has another name now, under which it stays.
    let _former = directory.keep();
    handover::settle(paths)
}

/// Makes the catalog ready that was unpacked: as the only file of the directory, or in the database.
async fn put_catalog(unpacked: &Path, header: &Header, target: Target<'_>) -> Result<()> {
    let file = unpacked.join(&header.catalog);
    match (&target.config.catalog.url, header.catalog.as_str()) {
        (CatalogUrl::Sqlite, DUMP) => Err(other_database()),
        (CatalogUrl::Sqlite, _) => {
            inspected(&file, header).await?;
            Catalog::prepare_restored(&file).await
        }
        (CatalogUrl::Postgres(url), name) => {
            let url = url.read()?.unwrap_or_default();
            inspected(&file, header).await?;
            let replacing = (target.occupied, target.commit);
            if name == DUMP {
                Catalog::load_dump((&file, &header.contents), &url, replacing).await
            } else {
                Catalog::restore_to_postgres(&file, &url, replacing).await.map(drop)
            }
        }
    }
}

/// Checks a backup to the last byte, and the catalog in it, which is unpacked in the first of the
/// places that may be written.
///
/// The rows in a dump of PostgreSQL are as the checksum says; they are counted when it is restored.
pub async fn verify(input: impl Read + Send + 'static, places: &[PathBuf]) -> Result<Checked> {
    let Unpacked { directory, checked, .. } = &unpack(input, places).await?;
    inspected(&directory.path().join(&checked.header.catalog), &checked.header).await?;
    Ok(checked.clone())
}

/// Whether the catalog is sound, and what the backup says it is.
async fn inspected(file: &Path, header: &Header) -> Result<()> {
    let unsound = |error: Error| match error.kind() {
        // A file that SQLite cannot read is a damaged one here.
        ErrorKind::Unavailable | ErrorKind::Corrupt => {
            Error::corrupt("the catalog in the backup is not sound")
                .because(error)
                .hint("use an earlier backup")
        }
        _ => error,
    };
    if header.catalog == DUMP {
        return Catalog::inspect_dump(file, &header.contents).map_err(unsound);
    }
    let there = Catalog::inspect(file).await.map_err(unsound)?;
    if there == header.contents {
        return Ok(());
    }
    Err(Error::corrupt("the catalog in the backup is not what the backup says it holds")
        .hint("use an earlier backup"))
}

/// Leaves nothing in the directory but the file of this name.
fn only(directory: &Path, name: &str) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name() == name {
            continue;
        }
        fs::remove_file(entry.path())?;
    }
    Ok(())
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

fn other_database() -> Error {
    Error::usage(
        "this backup holds a dump of PostgreSQL, and the catalog is to be a file of SQLite",
    )
    .hint(
        "set `catalog.url` to a PostgreSQL server, or take the backup with `--portable`, which can \
         be restored anywhere",
    )
}
