//! A folder of documents: lists it, lists parts of it again, and notices changes.
//!
//! Events are only hints to look; a listing is the truth about what it covers.

mod anchor;
mod away;
mod filesystem;
mod link;
mod listing;
mod locate;
mod open;
mod place;
mod root;
mod rules;
mod settings;
mod spelling;
#[cfg(test)]
mod tests;
mod walk;
mod watch;
mod writers;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

pub use anchor::anchored;
pub use away::{note_beside, put_away};
pub use listing::{Entry, Listing, Problem};
pub use open::open_file;
pub use root::{RootIdentity, Unavailable};
pub use settings::{FolderError, FolderSettings, WatchMode};
pub use watch::{Event, Watch};
pub use writers::is_being_written;

use place::Place;
use rules::Rules;
use walk::{Plan, Walk};
use watch::{Status, Watches};

/// A file that changed less than this ago may not be complete yet.
const SETTLED_AFTER: Duration = Duration::from_millis(200);

/// The same where a share's times and sizes may be late.
const SETTLED_AFTER_POLLED: Duration = Duration::from_secs(2);

/// More threads than this do not make a listing faster.
const MAX_THREADS: usize = 8;

/// A folder of documents. Lists on the calling thread and helpers: call it where blocking is fine.
#[derive(Debug)]
pub struct Folder {
    settings: FolderSettings,
    rules: Rules,
    identity: Mutex<Option<RootIdentity>>,
    /// One walk at a time, so that watches of directories that are gone can be told apart.
    walking: Mutex<()>,
    watches: OnceLock<Arc<Watches>>,
    status: Arc<Status>,
}

impl Folder {
    /// Compiles the settings; touches no disk.
    pub fn open(settings: FolderSettings) -> Result<Self, FolderError> {
        if !settings.root.is_absolute() {
            return Err(FolderError::RelativeRoot(settings.root));
        }
        Ok(Self {
            rules: Rules::compile(&settings)?,
            settings,
            identity: Mutex::default(),
            walking: Mutex::default(),
            watches: OnceLock::new(),
            status: Arc::default(),
        })
    }

    /// The folder's own path.
    pub fn root(&self) -> &Path {
        &self.settings.root
    }

    /// What the root is known by, once it was seen or told.
    pub fn identity(&self) -> Option<RootIdentity> {
        self.known().clone()
    }

    /// Tells what the root was known by in an earlier run, or to forget it.
    pub fn remember(&self, identity: Option<RootIdentity>) {
        *self.known() = identity;
    }

    /// How changes are noticed, for people: `events (412 folders)`, `polling every 30 s (nfs …)`.
    pub fn watching(&self) -> String {
        self.status.describe(self.settings.poll_interval, self.watches.get().map(Arc::as_ref))
    }

    /// How many changes a running watch noticed and did not send yet: files that are still being
    /// written, and hints that are being collected. An event is sent before its count goes down.
    pub fn waiting(&self) -> tokio::sync::watch::Receiver<usize> {
        self.status.waiting()
    }

    /// Lists the whole folder.
    pub fn scan(&self) -> Result<Listing, Unavailable> {
        if let Some(watches) = self.watches.get() {
            watches.retry();
        }
        self.scan_paths(&[PathBuf::new()])
    }

    /// Lists just these paths (raw, relative to the root, with all that lies under them), exactly
    /// as a full scan would: what is missing from the listing is gone or not wanted.
    pub fn scan_paths(&self, paths: &[PathBuf]) -> Result<Listing, Unavailable> {
        let _walking = self.walking.lock().unwrap_or_else(PoisonError::into_inner);
        let watches = self.watches.get().map(Arc::as_ref);
        let generation = watches.map(Watches::begin);
        let listing = self.walk(paths, watches)?;
        if let (Some(watches), Some(generation)) = (watches, generation) {
            watches.sweep(&listing.covered, generation);
        }
        self.status.scanned(&listing);
        Ok(listing)
    }

    fn walk(&self, paths: &[PathBuf], watches: Option<&Watches>) -> Result<Listing, Unavailable> {
        let mut root = self.open_root()?;
        root.obey_ignore_files(|_, _| ());
        let walk = Walk::new(self.plan(root, watches));
        let mut found = Listing::default();
        if paths.iter().any(|path| path.as_os_str().is_empty()) {
            found.covered.insert(PathBuf::new());
            walk.list(self.open_root()?, &mut found);
        } else {
            locate::outermost(paths).iter().for_each(|path| walk.look(path, &mut found));
        }
        let listing = walk.finish(found)?;
        // Unmounted in the middle, the rest would look empty.
        self.open_root()?;
        if listing.unreadable.contains(Path::new("")) {
            return Err(Unavailable("it cannot be read to its end".into()));
        }
        Ok(listing)
    }

    fn plan<'a>(&'a self, root: Place, watches: Option<&'a Watches>) -> Plan<'a> {
        let quiet = if self.status.is_polled() { SETTLED_AFTER_POLLED } else { SETTLED_AFTER };
        let settled_before = SystemTime::now() - quiet;
        let since_epoch = settled_before.duration_since(SystemTime::UNIX_EPOCH);
        let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get());
        Plan {
            rules: &self.rules,
            root_path: &self.settings.root,
            has_change_times: filesystem::of(&root.fd).keeps_change_times(),
            root: Arc::new(root),
            max_file_bytes: self.settings.max_file_bytes,
            max_archive_bytes: self.settings.max_archive_bytes,
            dialect: self.settings.dialect,
            settled_before_ns: since_epoch.map_or(0, |time| time.as_nanos() as i64),
            watches,
            threads: threads.clamp(2, MAX_THREADS),
        }
    }

    fn open_root(&self) -> Result<Place, Unavailable> {
        let mut known = self.known();
        let (place, identity) = root::open(&self.settings.root, known.as_ref())?;
        *known = Some(identity);
        Ok(place)
    }

    fn known(&self) -> MutexGuard<'_, Option<RootIdentity>> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
