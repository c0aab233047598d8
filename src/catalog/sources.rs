//! Registered sources: where documents come from and which space they belong to.

use std::path::{Path, PathBuf};

use ragterm_connectors::extract::Dialect;
use ragterm_connectors::folder;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use super::Catalog;
use crate::config::{After, SourceKind};
use crate::error::{Error, Result};
use crate::id::SourceId;

/// Documents of a folder, or of a container in one, that do not vanish altogether by hand.
const FULL: usize = 5;

/// Who registered a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It stands in `config.toml` and follows it.
    Config,
    /// It was added by a command and stays until it is removed by one.
    Command,
}

/// How a source is watched and what of it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceSettings {
    /// `auto`, `events` or `poll`.
    pub watch: String,
    /// Seconds between polls; 0 means the default.
    pub poll_interval_s: u64,
    /// Globs of which an entry must match one; empty means all.
    pub include: Vec<String>,
    /// Globs of which an entry must match none.
    pub exclude: Vec<String>,
    /// Whether the path is that of a single file.
    pub is_file: bool,
    /// What becomes of the files of a drop folder.
    pub after: After,
    /// Where the wiki is that the files were exported from; empty when that is not known.
    pub url: String,
    /// Whether no part of the path may become a link: whoever added it may not read everything.
    pub is_anchored: bool,
}

/// A source to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSource {
    /// Unique among sources.
    pub name: String,
    /// What sort of place it is.
    pub kind: SourceKind,
    /// The space that its documents belong to.
    pub space: String,
    /// The absolute path of the folder, or of the single file.
    pub path: String,
    /// How it is watched and what is read.
    pub settings: SourceSettings,
    /// Who registers it.
    pub origin: Origin,
}

impl NewSource {
    /// The folder below which its files lie.
    pub fn root(&self) -> &Path {
        let path = Path::new(&self.path);
        if self.settings.is_file { path.parent().unwrap_or(path) } else { path }
    }

    /// The same as it must be given to whatever opens it or files below it.
    pub fn opened_root(&self) -> PathBuf {
        match self.settings.is_anchored {
            true => folder::anchored(self.root()),
            false => self.root().to_owned(),
        }
    }

    /// Whether it is a single file by the name of a link; asks the disk.
    pub fn is_link(&self) -> bool {
        self.settings.is_file && Path::new(&self.path).is_symlink()
    }

    /// So many documents that are gone altogether are taken for a fault and not for a deletion: a
    /// single file is the source itself, and a folder with fewer may become empty by hand.
    pub fn full(&self) -> usize {
        if self.settings.is_file { 1 } else { FULL }
    }

    /// Whether files land in it, one after the other.
    pub fn is_drop(&self) -> bool {
        self.kind == SourceKind::Drop
    }

    /// How its files are read.
    pub fn dialect(&self) -> Dialect {
        self.kind.dialect()
    }
}

/// A registered source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its number.
    pub id: SourceId,
    /// What was registered.
    pub registered: NewSource,
    /// What the root was known by when it was last seen (JSON); empty before the first scan.
    pub root: String,
    /// When the last complete scan ended, milliseconds since the epoch; 0 before the first.
    pub scanned_ms: i64,
}

impl FromRow<'_, AnyRow> for Source {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let settings: String = row.try_get("settings")?;
        let origin: String = row.try_get("origin")?;
        Ok(Self {
            id: SourceId(row.try_get::<i64, _>("id")? as u32),
            registered: NewSource {
                name: row.try_get("name")?,
                kind: SourceKind::named(row.try_get::<&str, _>("kind")?).unwrap_or_default(),
                space: row.try_get("space")?,
                path: row.try_get("path")?,
                settings: serde_json::from_str(&settings)
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
                origin: if origin == "config" { Origin::Config } else { Origin::Command },
            },
            root: row.try_get("root")?,
            scanned_ms: row.try_get("scanned_ms")?,
        })
    }
}

const COLUMNS: &str = "SELECT id, name, kind, space, path, settings, origin, root, scanned_ms \
                       FROM sources ORDER BY name";

const ONE: &str = "SELECT id, name, kind, space, path, settings, origin, root, scanned_ms \
                   FROM sources WHERE id = $1";

impl Catalog {
    /// All sources, by name.
    pub async fn sources(&self) -> Result<Vec<Source>> {
        sqlx::query_as(COLUMNS)
            .fetch_all(&self.inner.readers)
            .await
            .map_err(self.failed("list the sources"))
    }

    /// One source; `None` when it is not there any more.
    pub async fn source(&self, id: SourceId) -> Result<Option<Source>> {
        sqlx::query_as(ONE)
            .bind(i64::from(id.0))
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed("look up a source"))
    }

    /// Registers a source, or changes the one of that name; its documents stay.
    pub async fn register_source(&self, new: &NewSource) -> Result<Source> {
        let settings = serde_json::to_string(&new.settings).map_err(|error| {
            Error::internal("the settings of a source cannot be written").because(error)
        })?;
        let origin = match new.origin {
            Origin::Config => "config",
            Origin::Command => "command",
        };
        sqlx::query_as(
            "INSERT INTO sources (id, name, kind, space, path, settings, origin, root, scanned_ms) \
             VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM sources), $1, $2, $3, $4, $5, $6, '', 0) \
             ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, space = excluded.space, \
             root = CASE WHEN sources.path = excluded.path THEN sources.root ELSE '' END, \
             path = excluded.path, settings = excluded.settings, origin = excluded.origin \
             RETURNING id, name, kind, space, path, settings, origin, root, scanned_ms",
        )
        .bind(new.name.as_str())
        .bind(new.kind.name())
        .bind(new.space.as_str())
        .bind(new.path.as_str())
        .bind(settings)
        .bind(origin)
        .fetch_one(self.writer()?)
        .await
        .map_err(self.failed("register the source"))
    }

    /// Notes that a complete scan of a source has ended.
    pub async fn source_scanned(&self, id: SourceId, root: &str, now_ms: i64) -> Result<()> {
        sqlx::query("UPDATE sources SET root = $2, scanned_ms = $3 WHERE id = $1")
            .bind(i64::from(id.0))
            .bind(root)
            .bind(now_ms)
            .execute(self.writer()?)
            .await
            .map_err(self.failed("note the scan of a source"))?;
        Ok(())
    }

    /// Forgets a source; its documents must have been removed before.
    pub async fn forget_source(&self, id: SourceId) -> Result<()> {
        sqlx::query("DELETE FROM sources WHERE id = $1")
            .bind(i64::from(id.0))
            .execute(self.writer()?)
            .await
            .map_err(self.failed("forget the source"))?;
        Ok(())
    }
}
