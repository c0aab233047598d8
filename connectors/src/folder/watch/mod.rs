//! Notices changes in a folder and says where to look: by events, by polling, or by both.

#[cfg(target_os = "linux")]
mod inotify;
mod pending;
#[cfg(not(target_os = "linux"))]
mod polled;
mod settling;
mod status;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::filesystem::{self, Sort};
use super::walk::modified_ns;
use super::{Folder, WatchMode};
#[cfg(target_os = "linux")]
use inotify::Changes;
#[cfg(target_os = "linux")]
pub(super) use inotify::Watches;
use pending::Pending;
#[cfg(not(target_os = "linux"))]
use polled::Changes;
#[cfg(not(target_os = "linux"))]
pub(super) use polled::Watches;
use settling::{Settling, State};
use status::Mode;
pub(super) use status::Status;

/// A file that no events tell about is complete when it looks the same for this long.
const STANDS_STILL: Duration = Duration::from_millis(100);

/// The same where a share's times and sizes may be late.
const STANDS_STILL_POLLED: Duration = Duration::from_secs(1);

/// A root that is gone is looked for this often.
const LOOK_FOR_ROOT: Duration = Duration::from_secs(2);

/// What a watch says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Look at these raw paths again ([`Folder::scan_paths`]); none lies under another.
    Changed(Vec<PathBuf>),
    /// Look at everything again, and why.
    Rescan(String),
    /// The root went away, and how; a `Rescan` follows when it is back.
    Lost(String),
}

/// What one event of the system means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// A complete file, or a directory, with all that lies under it.
    Ready(PathBuf),
    /// A new name; whether it is complete shows only on the disk.
    Created(PathBuf),
    /// A file was written to and is still open.
    Written(PathBuf),
    /// A file's attributes changed.
    Touched(PathBuf),
    /// A name is gone.
    Gone(PathBuf),
    /// Events were lost.
    Overflow,
    /// The root was moved, deleted or unmounted.
    RootLost,
}

/// A watch that was begun: from now on each directory is watched before it is listed.
#[derive(Debug)]
pub struct Watch {
    folder: Arc<Folder>,
    pending: Pending,
    settling: Settling,
    changes: Option<Changes>,
    next_poll: Option<Instant>,
    next_root_check: Option<Instant>,
}

impl Folder {
    /// Begins to watch, before the first scan: what changes after that scan is noticed then.
    /// A folder is watched once.
    pub fn watch(self: &Arc<Self>) -> Watch {
        let mut watch = Watch {
            folder: Arc::clone(self),
            pending: Pending::default(),
            settling: Settling::new(STANDS_STILL),
            changes: None,
            next_poll: None,
            next_root_check: None,
        };
        if !watch.begin(Instant::now()) {
            self.status.set(Mode::Waiting);
            watch.next_root_check = Some(Instant::now() + LOOK_FOR_ROOT);
        }
        watch
    }

    /// Why this folder must be polled, if so. Fails when the root is not there.
    fn polling_reason(&self) -> Result<Option<String>, super::Unavailable> {
        let root = self.open_root()?;
        Ok(match self.settings.watch {
            WatchMode::Poll => Some(String::new()),
            WatchMode::Events => None,
            WatchMode::Auto => {
                let file_system = filesystem::of(&root.fd);
                let remote = file_system.sort == Sort::Remote;
                remote.then(|| {
                    format!("the folder is on {}, which sends no change events", file_system.name)
                })
            }
        })
    }
}

impl Watch {
    /// Sends events until `stop` is cancelled or the receiver is gone. While the receiver is busy,
    /// hints are collected, not queued.
    pub async fn run(mut self, events: mpsc::Sender<Event>, stop: CancellationToken) {
        if let Some(watches) = self.folder.watches.get() {
            match Changes::new(Arc::clone(watches)) {
                Ok(changes) => self.changes = Some(changes),
                Err(error) => self.poll_because(format!("events cannot be read: {error}")),
            }
        }
        let folder = Arc::clone(&self.folder);
        loop {
            // After an event was sent, so that there is always a sign of what is to be done.
            folder.status.count(self.settling.len() + self.pending.len());
            let now = Instant::now();
            let ready = self.pending.due().is_some_and(|due| due <= now);
            let timer = tokio::time::sleep_until(self.next_timer(now).into());
            tokio::select! {
                () = stop.cancelled() => return,
                permit = events.reserve(), if ready => {
                    let Ok(permit) = permit else { return };
                    if let Some(event) = self.pending.take(Instant::now()) {
                        permit.send(event);
                    }
                }
                changes = next_changes(self.changes.as_ref(), &folder) => self.apply(changes),
                () = folder.status.told.notified() => self.after_scan(),
                () = timer => self.on_time().await,
            }
        }
    }

    /// Takes an open file as unfinished however long nothing is written to it.
    #[cfg(test)]
    pub(super) fn be_patient(mut self) -> Self {
        self.settling.be_patient();
        self
    }

    /// Chooses how to watch; false while the root is not there.
    fn begin(&mut self, now: Instant) -> bool {
        match self.folder.polling_reason() {
            Err(_) => return false,
            Ok(Some(reason)) => self.poll_because(reason),
            Ok(None) if self.folder.watches.get().is_some() => self.folder.status.set(Mode::Events),
            Ok(None) => match Watches::new(self.folder.root()) {
                Ok(watches) => {
                    self.folder.watches.get_or_init(|| Arc::new(watches));
                    self.folder.status.set(Mode::Events);
                }
                Err(error) => self.poll_because(no_inotify(&error)),
            },
        }
        self.next_root_check = None;
        if self.next_poll.is_some() {
            self.next_poll = Some(now + self.folder.settings.poll_interval);
        }
        true
    }

    fn poll_because(&mut self, reason: String) {
        self.settling.set_quiet(STANDS_STILL_POLLED);
        self.next_poll = Some(Instant::now() + self.folder.settings.poll_interval);
        self.folder.status.set(Mode::Polling(reason));
    }

    /// The next moment at which something is to be done; a delivery that is due waits for room.
    fn next_timer(&self, now: Instant) -> Instant {
        let delivery = self.pending.due().filter(|due| *due > now);
        let timers = [delivery, self.settling.due(), self.next_poll, self.next_root_check];
        timers.into_iter().flatten().min().unwrap_or(now + Duration::from_secs(3600))
    }

    fn apply(&mut self, changes: io::Result<Vec<Change>>) {
        let now = Instant::now();
        match changes {
            Ok(changes) => changes.into_iter().for_each(|change| self.apply_one(change, now)),
            Err(error) => {
                self.changes = None;
                self.pending.rescan(format!("events cannot be read: {error}"), now);
                self.poll_because(format!("events cannot be read: {error}"));
            }
        }
    }

    fn apply_one(&mut self, change: Change, now: Instant) {
        match change {
            Change::Overflow => self.pending.rescan("more changes than the system can queue", now),
            Change::RootLost => {
                self.pending.lost("the folder was moved, deleted or unmounted", now);
                self.folder.status.set(Mode::Waiting);
                self.next_root_check = Some(now + LOOK_FOR_ROOT);
            }
            Change::Written(path) => self.hold(path, now),
            Change::Created(path) if self.is_being_written(&path) => self.hold(path, now),
            Change::Touched(path) if self.settling.holds(&path) => {}
            Change::Ready(path)
            | Change::Created(path)
            | Change::Touched(path)
            | Change::Gone(path) => {
                self.settling.release(&path);
                self.pending.hint(path, now);
            }
        }
    }

    fn hold(&mut self, path: PathBuf, now: Instant) {
        if let Err(path) = self.settling.written(path, now) {
            self.pending.hint(path, now);
        }
    }

    /// A new file with one name is open for writing until its close is told; further names of a
    /// file, links and pipes are made in one step.
    fn is_being_written(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::symlink_metadata(self.folder.root().join(path));
        metadata.is_ok_and(|metadata| metadata.is_file() && metadata.nlink() == 1)
    }

    fn after_scan(&mut self) {
        let now = Instant::now();
        let watches = self.folder.watches.get().map(Arc::as_ref);
        match (self.folder.status.mode(), watches.filter(|watches| watches.is_full())) {
            (Mode::Events, Some(watches)) => self.poll_because(no_more_watches(watches.count())),
            (Mode::Polling(_), None) if self.changes.is_some() => {
                self.next_poll = None;
                self.settling.set_quiet(STANDS_STILL);
                self.folder.status.set(Mode::Events);
            }
            _ => {}
        }
        for (path, state) in self.folder.status.take_settling() {
            if let Err(path) = self.settling.found(path, state, now) {
                self.pending.hint(path, now);
            }
        }
    }

    async fn on_time(&mut self) {
        let now = Instant::now();
        if self.settling.due().is_some_and(|due| due <= now) {
            self.check_settling().await;
        }
        if self.next_poll.is_some_and(|due| due <= now) {
            self.next_poll = Some(now + self.folder.settings.poll_interval);
            self.pending.rescan("time to look again", now);
        }
        if self.next_root_check.is_some_and(|due| due <= now) {
            self.look_for_root().await;
        }
    }

    async fn check_settling(&mut self) {
        let (complete, look) = self.settling.check(Instant::now());
        let folder = Arc::clone(&self.folder);
        let seen = tokio::task::spawn_blocking(move || {
            look.into_iter().map(|path| (state_of(&folder, &path), path)).collect::<Vec<_>>()
        });
        let now = Instant::now();
        // A panic there has been reported; the files are looked at again.
        for (state, path) in seen.await.unwrap_or_default() {
            if let Some(path) = self.settling.seen(path, state, now) {
                self.pending.hint(path, now);
            }
        }
        complete.into_iter().for_each(|path| self.pending.hint(path, now));
    }

    async fn look_for_root(&mut self) {
        let now = Instant::now();
        self.next_root_check = Some(now + LOOK_FOR_ROOT);
        let folder = Arc::clone(&self.folder);
        let there = tokio::task::spawn_blocking(move || folder.open_root().is_ok());
        if there.await.unwrap_or(false) && self.begin(now) {
            if let (None, Some(watches)) = (&self.changes, self.folder.watches.get()) {
                self.changes = Changes::new(Arc::clone(watches)).ok();
            }
            self.pending.rescan("the folder is there again", now);
        }
    }
}

async fn next_changes(changes: Option<&Changes>, folder: &Folder) -> io::Result<Vec<Change>> {
    match changes {
        Some(changes) => changes.next(&folder.rules).await,
        None => std::future::pending().await,
    }
}

fn state_of(folder: &Folder, path: &Path) -> Option<State> {
    let stat = rustix::fs::stat(folder.root().join(path)).ok()?;
    Some((u64::try_from(stat.st_size).unwrap_or(0), modified_ns(&stat)))
}

/// Which limit keeps directories from being watched, and how to raise it.
fn no_more_watches(count: usize) -> String {
    let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches");
    let limit = limit.map(|limit| format!(" ({})", limit.trim())).unwrap_or_default();
    format!(
        "only {count} directories could be watched, the system's limit of inotify watches{limit} \
         is reached; raise it with `sysctl fs.inotify.max_user_watches=1048576`"
    )
}

/// Which limit keeps events from working, and how to raise it.
fn no_inotify(error: &io::Error) -> String {
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::MFILE) => {
            "the limit of inotify instances is reached; raise it with \
            `sysctl fs.inotify.max_user_instances=1024`"
                .into()
        }
        _ => format!("the system offers no events: {error}"),
    }
}
