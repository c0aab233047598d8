//! Change events of Linux: one watch for each directory that is listed.
//!
//! The table is told of a directory before it is listed (by the walk itself), so whatever is made
//! in it afterwards yields an event, and whatever was made before is in the listing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{CStr, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::Change;
use crate::folder::rules::{IGNORE_FILES, Kind, Level, Rules};

/// What a directory is watched for. Opening and reading is no change.
const MASK: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR)
    .union(WatchFlags::DONT_FOLLOW)
    .union(WatchFlags::EXCL_UNLINK);

/// The watched directories of one folder.
#[derive(Debug)]
pub(in crate::folder) struct Watches {
    inotify: OwnedFd,
    root: PathBuf,
    table: Mutex<Table>,
    generation: AtomicU64,
    full: AtomicBool,
    /// Below the kernel's own limit only in tests.
    limit: usize,
}

#[derive(Debug, Default)]
struct Table {
    nodes: HashMap<i32, Node>,
    descriptors: BTreeMap<PathBuf, i32>,
}

#[derive(Debug)]
struct Node {
    raw: PathBuf,
    level: Option<Arc<Level>>,
    /// The last walk that came by.
    generation: u64,
}

impl Watches {
    pub fn new(root: &Path) -> io::Result<Self> {
        Self::with_limit(root, usize::MAX)
    }

    pub fn with_limit(root: &Path, limit: usize) -> io::Result<Self> {
        Ok(Self {
            inotify: inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?,
            root: root.to_owned(),
            table: Mutex::default(),
            generation: AtomicU64::new(0),
            full: AtomicBool::new(false),
            limit,
        })
    }

    /// A walk begins; [`Self::sweep`] takes its number.
    pub fn begin(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Watches a directory from now on.
    pub fn add(&self, raw: &Path, level: Option<&Arc<Level>>) {
        let mut table = self.lock();
        let added = match table.nodes.len() >= self.limit && !table.descriptors.contains_key(raw) {
            true => Err(Errno::NOSPC),
            // Under the lock, so that its events find it in the table.
            false => inotify::add_watch(&self.inotify, self.root.join(raw), MASK),
        };
        match added {
            Ok(descriptor) => {
                let generation = self.generation.load(Ordering::Relaxed);
                let node = Node { raw: raw.to_owned(), level: level.cloned(), generation };
                table.insert(descriptor, node);
            }
            Err(Errno::NOSPC | Errno::NOMEM) => self.full.store(true, Ordering::Relaxed),
            Err(errno) => tracing::debug!(path = %raw.display(), %errno, "cannot be watched"),
        }
    }

    /// The ignore files of a watched directory were read.
    pub fn obey(&self, raw: &Path, level: Option<&Arc<Level>>) {
        let mut table = self.lock();
        if let Some(descriptor) = table.descriptors.get(raw).copied()
            && let Some(node) = table.nodes.get_mut(&descriptor)
        {
            node.level = level.cloned();
        }
    }

    /// Forgets the directories under `covered` that this walk did not come by.
    pub fn sweep(&self, covered: &BTreeSet<PathBuf>, generation: u64) {
        let mut table = self.lock();
        for path in covered {
            for descriptor in table.below(path) {
                if table.nodes.get(&descriptor).is_some_and(|node| node.generation < generation) {
                    self.forget(&mut table, descriptor);
                }
            }
        }
    }

    /// How many directories are watched.
    pub fn count(&self) -> usize {
        self.lock().nodes.len()
    }

    /// Whether a directory could not be watched because the system's limit is reached.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// A scan of everything begins; the limit may have been raised.
    pub fn retry(&self) {
        self.full.store(false, Ordering::Relaxed);
    }

    fn forget(&self, table: &mut Table, descriptor: i32) {
        table.remove(descriptor);
        // It fails when the directory is gone, and with it the watch.
        let _ = inotify::remove_watch(&self.inotify, descriptor);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the events that wait, up to one buffer full.
    fn read(&self, rules: &Rules) -> io::Result<Vec<Change>> {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut changes = Vec::new();
        loop {
            let event = reader.next()?;
            changes.extend(self.understand(&event, rules));
            if reader.is_buffer_empty() {
                return Ok(changes);
            }
        }
    }

    fn understand(&self, event: &inotify::Event<'_>, rules: &Rules) -> Option<Change> {
        let flags = event.events();
        if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            return Some(Change::Overflow);
        }
        let mut table = self.lock();
        let node = table.nodes.get(&event.wd())?;
        let Some(name) = event.file_name().map(CStr::to_bytes).map(OsStr::from_bytes) else {
            let change = about_itself(node, flags);
            if change == Some(Change::RootLost) {
                // What moved away is not this folder any more.
                for descriptor in table.below(Path::new("")) {
                    self.forget(&mut table, descriptor);
                }
            } else if flags.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT) {
                table.remove(event.wd());
            }
            return change;
        };
        if IGNORE_FILES.iter().any(|file| name == *file) {
            // Written to, but not closed: the close will come.
            let unfinished = flags.intersects(ReadFlags::MODIFY | ReadFlags::CREATE);
            return (!unfinished).then(|| Change::Ready(node.raw.clone()));
        }
        let raw = node.raw.join(name);
        let kind = if flags.contains(ReadFlags::ISDIR) { Kind::Directory } else { Kind::File };
        let admitted = rules.admit(node.level.as_deref(), &raw, kind);
        if kind == Kind::Directory && flags.intersects(ReadFlags::MOVED_FROM | ReadFlags::DELETE) {
            // Its events would come under a name that it no longer has.
            for descriptor in table.below(&raw) {
                self.forget(&mut table, descriptor);
            }
        }
        admitted.then(|| change(raw, kind, flags))
    }
}

impl AsRawFd for Watches {
    fn as_raw_fd(&self) -> RawFd {
        self.inotify.as_raw_fd()
    }
}

impl Table {
    fn insert(&mut self, descriptor: i32, node: Node) {
        // The same directory under a new name keeps its descriptor; a new directory under the
        // same name gets a new one.
        self.remove(descriptor);
        if let Some(old) = self.descriptors.insert(node.raw.clone(), descriptor) {
            self.nodes.remove(&old);
        }
        self.nodes.insert(descriptor, node);
    }

    fn remove(&mut self, descriptor: i32) {
        if let Some(node) = self.nodes.remove(&descriptor)
            && self.descriptors.get(&node.raw) == Some(&descriptor)
        {
            self.descriptors.remove(&node.raw);
        }
    }

    /// The directories at and under a path. Paths sort by component, so they lie together.
    fn below(&self, path: &Path) -> Vec<i32> {
        let from = self.descriptors.range(path.to_owned()..);
        from.take_while(|(raw, _)| raw.starts_with(path))
            .map(|(_, descriptor)| *descriptor)
            .collect()
    }
}

/// What an event without a name says: it is about the directory itself.
fn about_itself(node: &Node, flags: ReadFlags) -> Option<Change> {
    let root = node.raw.as_os_str().is_empty();
    if root && flags.intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT)
    {
        return Some(Change::RootLost);
    }
    let changed = flags.contains(ReadFlags::UNMOUNT) || (root && flags.contains(ReadFlags::ATTRIB));
    changed.then(|| Change::Ready(node.raw.clone()))
}

fn change(raw: PathBuf, kind: Kind, flags: ReadFlags) -> Change {
    if flags.intersects(ReadFlags::MOVED_FROM | ReadFlags::DELETE) {
        Change::Gone(raw)
    } else if kind == Kind::Directory {
        Change::Ready(raw)
    } else if flags.contains(ReadFlags::CREATE) {
        Change::Created(raw)
    } else if flags.contains(ReadFlags::MODIFY) {
        Change::Written(raw)
    } else if flags.contains(ReadFlags::ATTRIB) {
        Change::Touched(raw)
    } else {
        Change::Ready(raw)
    }
}

/// The stream of changes of one folder.
#[derive(Debug)]
pub(super) struct Changes(AsyncFd<Arc<Watches>>);

impl Changes {
    /// Needs a tokio runtime.
    #[expect(
        deprecated,
        reason = "the new constructor is unsafe; the descriptor is owned and never replaced"
    )]
    pub fn new(watches: Arc<Watches>) -> io::Result<Self> {
        AsyncFd::with_interest(watches, Interest::READABLE).map(Self)
    }

    /// The next few changes. Nothing is lost when this is dropped before it is done.
    pub async fn next(&self, rules: &Rules) -> io::Result<Vec<Change>> {
        self.0.async_io(Interest::READABLE, |watches| watches.read(rules)).await
    }
}
