//! The task of one source: looks, compares, applies, and waits for the next hint.

mod drop;
mod failures;
mod hints;
mod run;
mod walks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ragterm_connectors::folder::{Event, Folder, Listing};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::WatchSettings;
use super::brake::{Removals, View};
use super::diff::{Retry, diff};
use super::report::{Job, Report, State};
use super::settings::folder_settings;
use crate::catalog::{Catalog, READING_VERSION, Source};
use crate::error::{Error, Result};
use crate::index::Indexer;

use run::Running;
use walks::Walks;

/// How long after a fault the source is compared again.
const RETRY: Duration = Duration::from_secs(5);

/// How often files are looked after that were put aside, or could not be.
const LOOK_AFTER: Duration = Duration::from_secs(3);

/// How often the file is looked at that a link leads to: its events come under another name.
const LOOK_BEHIND_LINK: Duration = Duration::from_secs(10);

/// How often a source that is unavailable is looked for.
const LOOK_FOR_ROOT: Duration = Duration::from_secs(2);

/// What can be asked of a source's task.
#[derive(Debug)]
pub enum Command {
    /// Compare everything; answers with the number of the run that will show it.
    Rescan(oneshot::Sender<u64>),
    /// Let held removals take effect; answers with their number.
    Confirm(oneshot::Sender<u64>),
}

/// What the tasks of all sources share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// What they keep equal to the sources.
    pub catalog: Catalog,
    /// Reads and publishes for them.
    pub indexer: Indexer,
    /// How sources are watched.
    pub settings: WatchSettings,
    /// Knows all that runs for them.
    pub tracker: TaskTracker,
}

/// Keeps the catalog equal to one source.
#[derive(Debug)]
pub struct SourceTask {
    source: Arc<Source>,
    shared: Shared,
    report: watch::Sender<Report>,
    running: Option<Running>,
    walks: Walks,
    next_look: Instant,
    /// Files that were read and cannot be put away, and why.
    stuck: BTreeMap<String, String>,
    /// When `failed/` is looked at again.
    look_after: Option<Instant>,
    removals: Removals,
    /// What the root was known by at the last scan, as the catalog keeps it.
    root: String,
    stop: CancellationToken,
}

impl SourceTask {
    /// A task that has not looked yet.
    pub fn new(source: Arc<Source>, shared: Shared, report: watch::Sender<Report>) -> Self {
        let (scanned_ms, root) = (source.scanned_ms, source.root.clone());
        report.send_modify(|report| report.scanned_ms = scanned_ms);
        let (next_look, removals) = (Instant::now(), Removals::new(shared.settings.brake));
        let stop = CancellationToken::new();
        Self {
            source,
            shared,
            report,
            running: None,
            walks: Walks::default(),
            next_look,
            stuck: BTreeMap::new(),
            look_after: None,
            removals,
            root,
            stop,
        }
    }

    /// Runs until `stop`.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>, stop: CancellationToken) {
        self.stop = stop.clone();
        let folder = match Folder::open(folder_settings(&self.source, &self.shared.settings)) {
            Ok(folder) => {
                folder.remember(serde_json::from_str(&self.root).ok());
                Arc::new(folder)
            }
            Err(error) => {
                // Who asks for something hears that nobody is there.
                drop(commands);
                self.unavailable(error.to_string());
                return stop.cancelled().await;
            }
        };
        let (sender, mut events) = mpsc::channel(4);
        let mut waiting = folder.waiting();
        let watching = self.shared.tracker.spawn(folder.watch().run(sender, stop.clone()));
        while !stop.is_cancelled() {
            self.start_walks();
            let busy = self.has_work();
            let wake = self.wake_at();
            let result = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(command) = commands.recv() => self.obey(&folder, command).await,
                Some(event) = events.recv() => self.notice(&folder, event).await,
                Ok(()) = waiting.changed() => Ok(()),
                Some(walked) = self.walks.next() => self.walked(&folder, walked).await,
                () = std::future::ready(()), if busy => self.continue_run(&folder).await,
                () = tokio::time::sleep_until(wake.into()), if !busy => self.look(&folder).await,
            };
            if let Err(error) = result {
                self.pause(&error);
            }
            self.tell(folder.watching(), *waiting.borrow_and_update() as u64);
        }
        self.end_walks().await;
        // It ends on the same token.
        let _ended = watching.await;
    }

    /// Says how changes are noticed, and how many of them wait to be looked at.
    fn tell(&self, watching: String, waiting: u64) {
        self.report.send_if_modified(|report| {
            let changed = report.watching != watching || report.waiting != waiting;
            (report.watching, report.waiting) = (watching, waiting);
            changed
        });
    }

    fn wake_at(&self) -> Instant {
        let others = [self.removals.confirm_at(), self.look_after];
        others.into_iter().flatten().fold(self.next_look, Instant::min)
    }

    async fn obey(&mut self, folder: &Arc<Folder>, command: Command) -> Result<()> {
        match command {
            Command::Rescan(answer) => {
                // A listener that went away does not need the number.
                let _gone = answer.send(self.report.borrow().runs + 1);
                self.compare(folder, Retry::Failed, View::Whole).await
            }
            Command::Confirm(answer) => {
                // Another disk may lie there on purpose.
                folder.remember(None);
                let before = self.report.borrow().last.tally.removed;
                let result = self.compare(folder, Retry::Outdated, View::Confirmed).await;
                let removed = match &self.running {
                    Some(running) => running.run.tally.removed,
                    None => self.report.borrow().last.tally.removed,
                };
                let _gone = answer.send(if result.is_ok() { removed } else { before });
                result
            }
        }
    }

    async fn notice(&mut self, folder: &Arc<Folder>, event: Event) -> Result<()> {
        match event {
            Event::Changed(paths) => {
                // Somebody may have mended what failed: permissions change no size and no time.
                self.look_at(folder, (paths, Retry::Failed)).await
            }
            Event::Rescan(reason) => {
                debug!(source = %self.name(), %reason, "looking at everything");
                self.compare(folder, Retry::Outdated, View::Whole).await
            }
            Event::Lost(reason) => {
                self.unavailable(reason);
                Ok(())
            }
        }
    }

    async fn look(&mut self, folder: &Arc<Folder>) -> Result<()> {
        let now = Instant::now();
        let second = self.removals.confirm_at().is_some_and(|at| at <= now);
        if !second && self.next_look > now {
            return self.look_after_failures().await;
        }
        let view = if second { View::Second } else { View::Whole };
        self.compare(folder, Retry::Outdated, view).await
    }

    /// Scans the whole source and begins a run that applies the difference.
    async fn compare(&mut self, folder: &Arc<Folder>, retry: Retry, view: View) -> Result<()> {
        let began = Instant::now();
        self.next_look = began + self.shared.settings.reconcile;
        self.report.send_modify(|report| report.job = Some(Job::new("scan", 0)));
        let (scanned, known) = tokio::join!(
            blocking({
                let (folder, source) = (Arc::clone(folder), Arc::clone(&self.source));
                move || (folder.scan(), source.registered.is_link())
            }),
            self.shared.catalog.known(self.source.id),
        );
        let ((scanned, is_link), known) = (scanned?, known?);
        if is_link {
            self.next_look = self.next_look.min(began + LOOK_BEHIND_LINK);
        }
        let listing = match scanned {
            Ok(listing) => listing,
            Err(error) => {
                self.unavailable(error.to_string());
                return Ok(());
            }
        };
        if view != View::Confirmed && self.is_emptied(&listing, known.len()).await? {
            return Ok(());
        }
        let known = match self.walks.end_vanished(&listing).await {
            true => self.shared.catalog.known(self.source.id).await?,
            false => known,
        };
        self.root = serde_json::to_string(&folder.identity()).unwrap_or_default();
        let total = known.len() as u64;
        let mut diff = blocking(move || diff(listing, known, READING_VERSION, retry)).await?;
        self.walks.leave_alone(&mut diff);
        self.shared.catalog.note_change_times(&diff.undated).await?;
        self.begin_run(diff, total, began, view).await
    }

    /// Whether a source that held documents is listed as empty, which it says from then on.
    async fn is_emptied(&mut self, listing: &Listing, known: usize) -> Result<bool> {
        if !listing.entries.is_empty() || !listing.problems.is_empty() || known == 0 {
            return Ok(false);
        }
        let documents = self.documents().await? as usize;
        let is_emptied = documents.max(known) >= self.source.registered.full();
        if is_emptied {
            self.emptied(documents);
        }
        Ok(is_emptied)
    }

    fn resting_state(&self) -> (State, String) {
        match self.removals.held() {
            0 => (State::Ready, self.stuck_reason()),
            held => {
                let reason = format!(
                    "{held} documents vanished at once; they are removed if a second look after \
                     {} s still misses them, or now by `ragterm sources confirm {}`",
                    self.shared.settings.brake.pause.as_secs(),
                    self.name()
                );
                (State::Held, reason)
            }
        }
    }

    fn unavailable(&mut self, reason: String) {
        if self.report.borrow().state != State::Unavailable {
            warn!(event = "watch", source = %self.name(), %reason, "source is unavailable; nothing is removed");
        }
        self.next_look = Instant::now() + LOOK_FOR_ROOT;
        self.removals.postpone(Instant::now());
        self.end_early();
        self.set_state(State::Unavailable, reason);
    }

    fn emptied(&mut self, documents: usize) {
        let what = match self.source.registered.settings.is_file {
            true => "the file is not there",
            false => "the folder is empty",
        };
        self.unavailable(format!(
            "{what}, but {documents} documents were in it; `ragterm sources confirm {}` removes them",
            self.name()
        ));
    }

    fn pause(&mut self, error: &Error) {
        warn!(event = "watch", source = %self.name(), %error, "indexing pauses");
        // Steady changes must not put the comparison off for ever.
        self.next_look = self.next_look.min(Instant::now() + RETRY);
        self.removals.postpone(Instant::now());
        self.end_early();
        self.set_state(State::Paused, format!("{error}; tried again every {} s", RETRY.as_secs()));
    }

    fn set_state(&self, state: State, reason: String) {
        let was_away = matches!(self.report.borrow().state, State::Paused | State::Unavailable);
        if was_away && state == State::Indexing {
            info!(event = "watch", source = %self.name(), "source is looked at again");
        }
        self.report.send_modify(|report| {
            report.state = state;
            report.reason = reason;
        });
    }

    fn name(&self) -> &str {
        &self.source.registered.name
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("looking at a source failed").because(error))
}
