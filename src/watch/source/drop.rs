//! What becomes of the files of a drop folder once they are read: done, or failed with a reason.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ragterm_connectors::folder::{self, Entry, Folder};
use tracing::warn;

use super::super::settings::{DONE, FAILED};
use super::failures::{self, REASON};
use super::{LOOK_AFTER, SourceTask, blocking};
use crate::catalog::{DocumentState, Known, READING_VERSION, now_ms};
use crate::config::{After, SourceKind};
use crate::error::Result;
use crate::id::DocumentId;

/// How long after a file could not be put away it is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// A file that was written to less than this ago may not be complete: copies stall.
const QUIET: Duration = Duration::from_secs(3);

/// A file that landed, by both of its paths.
pub(super) struct Landed {
    path: String,
    raw: PathBuf,
    size: u64,
    modified_ns: i64,
}

impl SourceTask {
    /// Those of the entries that are to be put away once they are read.
    pub(super) fn landed<'e>(&self, entries: impl Iterator<Item = &'e Entry>) -> Vec<Landed> {
        if !self.puts_away() {
            return Vec::new();
        }
        let is_new = |entry: &&Entry| is_new(&entry.raw);
        let landed = |entry: &Entry| Landed {
            path: entry.path.clone(),
            raw: entry.raw.clone(),
            size: entry.size,
            modified_ns: entry.modified_ns,
        };
        entries.filter(is_new).map(landed).collect()
    }

    /// What was read at some time and is still where it landed: a move failed, or the daemon ended
    /// in between, or it was recognised without being read.
    pub(super) async fn left_behind(&self) -> Result<Vec<Landed>> {
        if !self.puts_away() {
            return Ok(Vec::new());
        }
        let known = self.shared.catalog.known(self.source.id).await?.into_iter();
        let left = known.filter(|known| known.version == READING_VERSION && is_new(&known.raw));
        let landed = |known: Known| Landed {
            path: known.path,
            raw: known.raw,
            size: known.size,
            modified_ns: known.modified_ns,
        };
        Ok(left.map(landed).collect())
    }

    fn puts_away(&self) -> bool {
        let registered = &self.source.registered;
        registered.kind == SourceKind::Drop && registered.settings.after == After::Move
    }

    /// Puts files away that were read. One that cannot be moved stays, and is said in the log.
    ///
    /// One that somebody still writes to, or wrote to a moment ago, is looked at again.
    pub(super) async fn put_away(
        &mut self,
        folder: &Arc<Folder>,
        landed: Vec<Landed>,
    ) -> Result<()> {
        let mut has_failed = false;
        for file in landed {
            let path = self.source.registered.root().join(&file.raw);
            let age_ms = now_ms() - file.modified_ns / 1_000_000;
            let is_fresh = (0..QUIET.as_millis() as i64).contains(&age_ms);
            if is_fresh || blocking(move || folder::is_being_written(&path)).await? {
                self.next_look = self.next_look.min(Instant::now() + QUIET);
                continue;
            }
            let outcome = self.shared.catalog.outcome_at(self.source.id, &file.path).await?;
            let Some((id, state, reason)) = outcome else { continue };
            let is_read = matches!(state, DocumentState::Indexed | DocumentState::Container);
            let directory = if is_read { DONE } else { FAILED };
            let root = self.source.registered.opened_root();
            let raw = file.raw.clone();
            let moved = blocking(move || put(&root, &raw, (directory, &reason))).await?;
            let new = match moved {
                Ok(new) => new,
                Err(error) => {
                    warn!(source = %self.name(), path = %file.path, %error, "cannot be put away");
                    self.stuck.insert(file.path, error.to_string());
                    self.next_look = self.next_look.min(Instant::now() + TRY_AGAIN);
                    continue;
                }
            };
            self.stuck.remove(&file.path);
            if is_read {
                self.follow_to(folder, new, (id, &file)).await?;
            } else {
                self.shared.indexer.remove(id).await?;
                has_failed = true;
            }
        }
        if has_failed { self.look_after_failures().await } else { Ok(()) }
    }

    /// Takes over the new place of a document whose file was put away.
    async fn follow_to(
        &self,
        folder: &Arc<Folder>,
        new: PathBuf,
        (id, file): (DocumentId, &Landed),
    ) -> Result<()> {
        let folder = Arc::clone(folder);
        let Ok(listing) = blocking(move || folder.scan_paths(&[new])).await? else {
            return Ok(());
        };
        // A scan will see what became of it if it is gone already, or is not what was read.
        if let Some(entry) = listing.entries.first()
            && (entry.size, entry.modified_ns) == (file.size, file.modified_ns)
        {
            self.shared.indexer.relocate((id, &file.path), entry).await?;
        }
        Ok(())
    }

    /// Looks what lies in `failed/`, and again before long while there is something.
    pub(super) async fn look_after_failures(&mut self) -> Result<()> {
        if !self.puts_away() {
            return Ok(());
        }
        let root = self.source.registered.opened_root();
        let failures = blocking(move || failures::look(&root)).await?;
        self.look_after = (failures.count > 0).then(|| Instant::now() + LOOK_AFTER);
        self.report.send_if_modified(|report| {
            let changed = report.failures != failures;
            report.failures = failures;
            changed
        });
        Ok(())
    }

    /// What keeps files from being put away; empty when nothing does.
    pub(super) fn stuck_reason(&self) -> String {
        let Some((path, error)) = self.stuck.first_key_value() else { return String::new() };
        let files = match self.stuck.len() {
            1 => format!("`{path}` was read but cannot be put away"),
            number => format!("{number} files were read but cannot be put away, such as `{path}`"),
        };
        format!(
            "{files}: {error}; ragterm must be allowed to write to the folder (it is tried again \
             every {} s)",
            TRY_AGAIN.as_secs()
        )
    }
}

fn is_new(raw: &Path) -> bool {
    !raw.starts_with(DONE) && !raw.starts_with(FAILED)
}

fn put(root: &Path, raw: &Path, (directory, reason): (&str, &str)) -> std::io::Result<PathBuf> {
    let new = folder::put_away(root, raw, directory)?;
    if directory == FAILED {
        folder::note_beside(root, &new, REASON, &format!("{reason}\n"))?;
    }
    Ok(new)
}
