//! Lists directories with all that lies under them, on several threads.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use rustix::fs::{FileType, Stat};

use crate::container;
use crate::extract::Dialect;

use super::listing::{Entry, Listing};
use super::place::{Obstacle, Place};
use super::root::Unavailable;
use super::rules::{IGNORE_FILES, Kind, Rules};
use super::spelling::Siblings;
use super::watch::Watches;

/// A folder with more files is not listed; it would not fit into memory.
const MAX_ENTRIES: usize = 5_000_000;

/// What a walk needs to know.
pub(super) struct Plan<'a> {
    pub rules: &'a Rules,
    pub root_path: &'a Path,
    pub root: Arc<Place>,
    pub max_file_bytes: u64,
    pub max_archive_bytes: u64,
    pub dialect: Dialect,
    /// Files that changed after this moment are not settled.
    pub settled_before_ns: i64,
    /// Whether the root's file system keeps the times of change that it tells.
    pub has_change_times: bool,
    /// Each directory is watched before it is listed, so that no change falls between.
    pub watches: Option<&'a Watches>,
    pub threads: usize,
}

impl Plan<'_> {
    /// How large a file of this path may be, in bytes.
    fn limit(&self, path: &str) -> u64 {
        match container::may_be_large(path, self.dialect) {
            true => self.max_archive_bytes.max(self.max_file_bytes),
            false => self.max_file_bytes,
        }
    }
}

/// One walk: directories that wait, and the threads that list them.
pub(super) struct Walk<'a> {
    pub plan: Plan<'a>,
    queue: Mutex<Queue>,
    changed: Condvar,
    entries: AtomicUsize,
    pub real_root: OnceLock<Option<PathBuf>>,
}

#[derive(Default)]
struct Queue {
    /// Last in, first out: few parents stay open at a time.
    waiting: Vec<Waiting>,
    working: usize,
}

struct Waiting {
    parent: Arc<Place>,
    name: OsString,
    spelled: String,
}

impl<'a> Walk<'a> {
    pub fn new(plan: Plan<'a>) -> Self {
        Self {
            plan,
            queue: Mutex::default(),
            changed: Condvar::new(),
            entries: AtomicUsize::new(0),
            real_root: OnceLock::new(),
        }
    }

    /// Lists what waits and all that it leads to; adds to what was found before.
    pub fn finish(&self, mut found: Listing) -> Result<Listing, Unavailable> {
        let extra = if self.lock().waiting.is_empty() { 0 } else { self.plan.threads - 1 };
        std::thread::scope(|scope| {
            let helpers: Vec<_> = (0..extra).map(|_| scope.spawn(|| self.work())).collect();
            found.absorb(self.work());
            for helper in helpers {
                found
                    .absorb(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        if self.entries.load(Ordering::Relaxed) > MAX_ENTRIES {
            return Err(Unavailable(format!("it holds more than {MAX_ENTRIES} files")));
        }
        found.sort();
        Ok(found)
    }

    fn work(&self) -> Listing {
        let mut found = Listing::default();
        while let Some(waiting) = self.next() {
            if self.entries.load(Ordering::Relaxed) <= MAX_ENTRIES {
                self.visit(&waiting, &mut found);
            }
            self.lock().working -= 1;
            self.changed.notify_all();
        }
        // Sorted by each thread, the runs only have to be merged.
        found.sort();
        found
    }

    /// The next directory; none when all is done.
    fn next(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        loop {
            if let Some(waiting) = queue.waiting.pop() {
                queue.working += 1;
                return Some(waiting);
            }
            if queue.working == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn visit(&self, waiting: &Waiting, found: &mut Listing) {
        match waiting.parent.enter(&waiting.name, &waiting.spelled) {
            Ok(place) => self.list(place, found),
            Err(obstacle) => {
                let raw = waiting.parent.raw.join(&waiting.name);
                report(obstacle, raw, &waiting.parent.path_of(&waiting.spelled), found);
            }
        }
    }

    /// Lists one open directory; its directories wait.
    pub fn list(&self, mut place: Place, found: &mut Listing) {
        if let Some(watches) = self.plan.watches {
            watches.add(&place.raw, place.level.as_ref());
        }
        let names = match place.names() {
            Ok(names) => names,
            Err(obstacle) => return report(obstacle, place.raw.clone(), &place.path, found),
        };
        found.directories += 1;
        if names.iter().any(|(name, _)| IGNORE_FILES.iter().any(|file| name == file)) {
            let path = place.path.clone();
            place.obey_ignore_files(|name, reason| {
                let path = if path.is_empty() { name.into() } else { format!("{path}/{name}") };
                found.problem(&path, reason);
            });
            if let Some(watches) = self.plan.watches {
                watches.obey(&place.raw, place.level.as_ref());
            }
        }
        let siblings = Siblings::of(names.iter().map(|(name, _)| name.as_os_str()));
        let place = Arc::new(place);
        let before = found.entries.len();
        for (name, kind) in names {
            self.take(&place, &siblings, (&name, kind), found);
        }
        self.entries.fetch_add(found.entries.len() - before, Ordering::Relaxed);
    }

    /// Lists one name of a directory; a directory waits.
    pub fn take(
        &self,
        place: &Arc<Place>,
        siblings: &Siblings,
        (name, kind): (&OsStr, FileType),
        found: &mut Listing,
    ) {
        let raw = place.raw.join(name);
        let mut stat = None;
        let kind = match kind {
            FileType::Unknown => match place.stat(name) {
                Ok(known) => FileType::from_raw_mode(stat.insert(known).st_mode),
                Err(obstacle) => {
                    return report(obstacle, raw, &place.path_of(&name.to_string_lossy()), found);
                }
            },
            known => known,
        };
        let admitted_as = if kind.is_dir() { Kind::Directory } else { Kind::File };
        if !self.plan.rules.admit(place.level.as_deref(), &raw, admitted_as) {
            return;
        }
        let Some(spelled) = siblings.spell(name) else {
            let path = place.path_of(&name.to_string_lossy());
            return found.problem(&path, "its name is not valid UTF-8; rename it to have it read");
        };
        match kind {
            FileType::Directory => self.wait(Waiting {
                parent: Arc::clone(place),
                name: name.to_owned(),
                spelled: spelled.into_owned(),
            }),
            FileType::RegularFile => match stat.map_or_else(|| place.stat(name), Ok) {
                Ok(stat) => self.file(place.path_of(&spelled), raw, &stat, found),
                Err(obstacle) => report(obstacle, raw, &place.path_of(&spelled), found),
            },
            FileType::Symlink => self.link(place.path_of(&spelled), raw, found),
            other => found.problem(&place.path_of(&spelled), special(other)),
        }
    }

    /// Records a regular file.
    pub fn file(&self, path: String, raw: PathBuf, stat: &Stat, found: &mut Listing) {
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let limit = self.plan.limit(&path);
        if size > limit {
            let reason = format!("{} is over the limit of {}", in_words(size), in_words(limit));
            return found.problem(&path, reason);
        }
        let modified_ns = modified_ns(stat);
        let changed_ns = if self.plan.has_change_times { changed_ns(stat) } else { 0 };
        let settled = modified_ns < self.plan.settled_before_ns;
        let inode = stat.st_ino;
        found.entries.push(Entry { path, raw, size, modified_ns, changed_ns, inode, settled });
    }

    fn wait(&self, waiting: Waiting) {
        self.lock().waiting.push(waiting);
        self.changed.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of the last change in nanoseconds since the epoch.
pub(super) fn modified_ns(stat: &Stat) -> i64 {
    stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(stat.st_mtime_nsec.cast_signed())
}

/// The time of the last change of content or attributes in nanoseconds since the epoch.
fn changed_ns(stat: &Stat) -> i64 {
    stat.st_ctime.saturating_mul(1_000_000_000).saturating_add(stat.st_ctime_nsec.cast_signed())
}

/// Records why something is not listed; what vanished needs no word.
pub(super) fn report(obstacle: Obstacle, raw: PathBuf, path: &str, found: &mut Listing) {
    match obstacle {
        Obstacle::Vanished => {}
        Obstacle::LeftOut(reason) => found.problem(path, reason),
        Obstacle::Unknown(reason) => {
            found.unreadable.insert(raw);
            found.problem(path, reason);
        }
    }
}

/// What a thing is that has no content to read.
pub(super) fn special(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "a named pipe, not a file",
        FileType::Socket => "a socket, not a file",
        FileType::CharacterDevice | FileType::BlockDevice => "a device, not a file",
        _ => "not a regular file",
    }
}

/// A number of bytes for people.
fn in_words(bytes: u64) -> String {
    const MEGABYTE: u64 = 1_000_000;
    if bytes < MEGABYTE {
        return format!("{bytes} bytes");
    }
    format!("{}.{} MB", bytes / MEGABYTE, bytes % MEGABYTE / (MEGABYTE / 10))
}
