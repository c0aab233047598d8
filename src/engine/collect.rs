//! What nobody needs any more: found, and deleted on request.

use std::path::{Path, PathBuf};

use super::Engine;
use super::clock::{self, Belief, Keeping};
use crate::config::Role;
use crate::disk::check_room;
use crate::error::{Error, Result};

/// Where they lie in the data directory.
const ASIDE_NAMES: [&str; 2] = ["before-restore-", "before-migration-"];

/// A kind of what nobody needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    one: &'static str,
    more: &'static str,
}

const SESSIONS: Kind = Kind {
    name: "sessions",
    one: "session older than `answer.history_days`",
    more: "sessions older than `answer.history_days`",
};

const INDEXES: Kind = Kind {
    name: "indexes",
    one: "keyword index of another catalog",
    more: "keyword indexes of other catalogs",
};

/// What a restore or an upgrade put aside.
const ASIDE: Kind = Kind {
    name: "aside",
    one: "state of the catalog that a restore or an upgrade put aside",
    more: "states of the catalog that a restore or an upgrade put aside",
};

const VECTORS: Kind = Kind {
    name: "vectors",
    one: "vector that no document needs",
    more: "vectors that no document needs",
};

/// There is one at the most.
const SPACE: Kind = Kind { name: "space", one: "stretch of the catalog without content", more: "" };

impl Kind {
    /// Never changes.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Words that go with the number.
    pub fn words(self, number: u64) -> &'static str {
        if number == 1 { self.one } else { self.more }
    }
}

/// What is done with what nobody needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collecting {
    /// What is beyond its limit is counted.
    Count,
    /// All of it is counted.
    CountAll,
    /// What is beyond its limit is deleted.
    Delete,
    /// Limits are as good as zero, and the database gives its free pages back.
    DeleteAll,
}

impl Collecting {
    fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::DeleteAll)
    }
}

/// Something that nobody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// What it is.
    pub kind: Kind,
    /// How much of it there is.
    pub number: u64,
    /// What it takes on disk, in bytes; 0 where that is not known.
    pub bytes: u64,
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// What there is of each.
    pub garbage: Vec<Garbage>,
    /// Why something was left.
    pub notes: Vec<String>,
}

impl Collected {
    fn add(&mut self, kind: Kind, (number, bytes): (u64, u64)) {
        if number > 0 {
            self.garbage.push(Garbage { kind, number, bytes });
        }
    }
}

impl Engine {
    /// Finds what nobody needs any more, and deletes it if it shall.
    pub async fn collect(&self, collecting: Collecting) -> Result<Collected> {
        let mut collected = Collected::default();
        self.collect_sessions(collecting, &mut collected).await?;
        let indexes = self.foreign_indexes()?;
        collected.add(INDEXES, sizes_of(&indexes));
        if collecting.deletes() {
            remove(indexes).await?;
        }
        self.collect_aside(collecting, &mut collected).await?;
        if self.config.daemon.role != Role::Query {
            self.collect_vectors(collecting, &mut collected).await?;
            self.collect_space(collecting, &mut collected).await?;
        }
        Ok(collected)
    }

    /// Earlier states: nobody but a person can tell whether they are needed, so only `--all` deletes
    /// them.
    async fn collect_aside(&self, collecting: Collecting, collected: &mut Collected) -> Result<()> {
        let is_aside = |name: &str| ASIDE_NAMES.iter().any(|begin| name.starts_with(begin));
        let entries = self.entries(is_aside)?;
        let (schemas, more) = match self.config.daemon.role {
            // They are for the daemon that writes.
            Role::Query => (0, 0),
            Role::All | Role::Index => self.catalog.aside().await?,
        };
        let (files, bytes) = sizes_of(&entries);
        let (number, bytes) = (files + schemas, bytes + more);
        match collecting {
            Collecting::Count | Collecting::Delete if number == 0 => {}
            Collecting::Count | Collecting::Delete => collected.notes.push(format!(
                "kept: {} {} ({}); `--all` deletes what is put aside: `before-restore-…` and \
                 `before-migration-…` in the data directory, the schemas `ragterm_before_…` on \
                 PostgreSQL",
                ragterm_units::count(number),
                ASIDE.words(number),
                ragterm_units::bytes(bytes)
            )),
            Collecting::CountAll => collected.add(ASIDE, (number, bytes)),
            Collecting::DeleteAll => {
                if schemas > 0 {
                    self.catalog.forget_aside().await?;
                }
                collected.add(ASIDE, (number, bytes));
                remove(entries).await?;
            }
        }
        Ok(())
    }

    async fn collect_vectors(
        &self,
        collecting: Collecting,
        collected: &mut Collected,
    ) -> Result<()> {
        let limit = match collecting {
            Collecting::CountAll | Collecting::DeleteAll => 0,
            Collecting::Count | Collecting::Delete => self.config.embedder.cache_bytes,
        };
        let vectors = match collecting {
            Collecting::Count | Collecting::CountAll => self.catalog.surplus_vectors(limit).await?,
            Collecting::Delete | Collecting::DeleteAll => self.catalog.prune_vectors(limit).await?,
        };
        collected.add(VECTORS, vectors);
        Ok(())
    }

    /// Parts of the catalog's file that hold nothing.
    async fn collect_space(&self, collecting: Collecting, collected: &mut Collected) -> Result<()> {
        let free = self.catalog.free_bytes().await?;
        if free == 0 {
            return Ok(());
        }
        match collecting {
            Collecting::Count | Collecting::CountAll => collected.add(SPACE, (1, free)),
            Collecting::Delete => collected.notes.push(
                "the catalog has space to spare, which it uses again; `--all` gives it back, for \
                 which the catalog is written anew"
                    .into(),
            ),
            Collecting::DeleteAll => {
                let file = self.paths.data_dir.join("catalog.db");
                // Once beside it, and once on the way into it.
                let bytes = fs_err::metadata(file)?.len() * 2;
                check_room(&self.paths.data_dir, bytes, "the catalog to be written anew")?;
                self.catalog.compact().await?;
                let left = self.catalog.free_bytes().await?;
                collected.add(SPACE, (1, free.saturating_sub(left)));
            }
        }
        Ok(())
    }

    async fn collect_sessions(
        &self,
        collecting: Collecting,
        collected: &mut Collected,
    ) -> Result<()> {
        if !collecting.deletes() {
            collected.add(SESSIONS, (self.answerer.count_old().await?, 0));
            return Ok(());
        }
        match clock::look(&self.catalog, Keeping::No).await? {
            Belief::Believed => collected.add(SESSIONS, (self.answerer.forget_old().await?, 0)),
            Belief::Doubted(ahead) => collected.notes.push(format!(
                "sessions are kept: the clock is {} days ahead of when this catalog was last used; \
                 if it is right, they go once it has gone on for a day",
                ahead.as_secs() / (24 * 60 * 60)
            )),
        }
        Ok(())
    }

    /// Keyword indexes in the data directory that were made for other catalogs.
    fn foreign_indexes(&self) -> Result<Vec<PathBuf>> {
        let own = format!("keyword-{}", self.catalog.identity());
        self.entries(|name| {
            let rest = name.strip_prefix(&own);
            let is_own = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
            name.starts_with("keyword-") && !is_own
        })
    }

    /// What in the data directory has a name that is `wanted`; links are left alone.
    fn entries(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs_err::read_dir(&self.paths.data_dir)? {
            let entry = entry?;
            if wanted(&entry.file_name().to_string_lossy()) && !entry.file_type()?.is_symlink() {
                found.push(entry.path());
            }
        }
        Ok(found)
    }
}

async fn remove(entries: Vec<PathBuf>) -> Result<()> {
    let removing = move || {
        entries.iter().try_for_each(|entry| match entry.is_dir() {
            true => fs_err::remove_dir_all(entry),
            false => fs_err::remove_file(entry),
        })
    };
    tokio::task::spawn_blocking(removing)
        .await
        .map_err(|error| Error::internal("the deletion failed").because(error))??;
    Ok(())
}

/// How many entries there are, and their bytes.
fn sizes_of(entries: &[PathBuf]) -> (u64, u64) {
    let bytes = entries.iter().map(|entry| size_of(entry)).sum();
    (entries.len() as u64, bytes)
}

/// The bytes of a file, or of the files below a directory; what cannot be read counts nothing.
fn size_of(entry: &Path) -> u64 {
    let Ok(about) = entry.symlink_metadata() else { return 0 };
    if !about.is_dir() {
        return about.len();
    }
    let entries = std::fs::read_dir(entry).into_iter().flatten().flatten();
    entries.map(|entry| size_of(&entry.path())).sum()
}
