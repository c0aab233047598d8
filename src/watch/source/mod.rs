//! The task of one source: looks, compares, applies, and waits for the next hint.

mod hints;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ragterm_connectors::folder::{Entry, Event, Folder, Listing};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::WatchSettings;
use super::brake::{Removals, View};
use super::diff::{Diff, Retry, diff};
use super::report::{Job, Report, Run, State};
use super::settings::folder_settings;
use crate::catalog::{Catalog, Known, READING_VERSION, Source, now_ms};
use crate::error::{Error, Result};
use crate::id::DocumentId;
use crate::index::{Indexer, Tally, Work};

/// Entries read before the task looks for hints and commands again.
const SLICE: usize = 512;

/// How long after a fault the source is compared again.
const RETRY: Duration = Duration::from_secs(5);

/// How often a source that is unavailable is looked for.
const LOOK_FOR_ROOT: Duration = Duration::from_secs(2);

/// Files that are being written when a run begins are waited for no longer than this…
const SETTLE_LIMIT: Duration = Duration::from_secs(3);

/// …and looked at this often.
const SETTLE_PAUSE: Duration = Duration::from_millis(250);

/// What can be asked of a source's task.
#[derive(Debug)]
pub enum Command {
    /// Compare everything; answers with the number of the run that will show it.
    Rescan(oneshot::Sender<u64>),
    /// Let held removals take effect; answers with their number.
    Confirm(oneshot::Sender<u64>),
}

/// A comparison with the whole source that is being applied.
#[derive(Debug)]
struct Running {
    backlog: VecDeque<(Option<DocumentId>, Entry)>,
    /// Some files were still being written: when to look again before the run ends.
    again: Option<Instant>,
    began: Instant,
    run: Run,
}

/// Keeps the catalog equal to one source.
#[derive(Debug)]
pub struct SourceTask {
    source: Arc<Source>,
    catalog: Catalog,
    indexer: Indexer,
    settings: WatchSettings,
    report: watch::Sender<Report>,
    running: Option<Running>,
    next_look: Instant,
    removals: Removals,
    /// What the root was known by at the last scan, as the catalog keeps it.
    root: String,
}

impl SourceTask {
    /// A task that has not looked yet.
    pub fn new(
        source: Arc<Source>,
        catalog: Catalog,
        indexer: Indexer,
        settings: WatchSettings,
        report: watch::Sender<Report>,
    ) -> Self {
        let (scanned_ms, root) = (source.scanned_ms, source.root.clone());
        report.send_modify(|report| report.scanned_ms = scanned_ms);
        let (next_look, removals) = (Instant::now(), Removals::new(settings.brake));
        Self {
            source,
            catalog,
            indexer,
            settings,
            report,
            running: None,
            next_look,
            removals,
            root,
        }
    }

    /// Runs until `stop`.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>, stop: CancellationToken) {
        let folder = match Folder::open(folder_settings(&self.source, &self.settings)) {
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
        let watching = tokio::spawn(folder.watch().run(sender, stop.clone()));
        while !stop.is_cancelled() {
            let busy = self.running.is_some();
            let wake = self.wake_at();
            let result = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(command) = commands.recv() => self.obey(&folder, command).await,
                Some(event) = events.recv() => self.notice(&folder, event).await,
                () = std::future::ready(()), if busy => self.continue_run(&folder).await,
                () = tokio::time::sleep_until(wake.into()), if !busy => self.look(&folder).await,
            };
            if let Err(error) = result {
                self.pause(&error);
            }
            let watching = folder.watching();
            self.report.send_if_modified(|report| {
                let changed = report.watching != watching;
                report.watching = watching;
                changed
            });
        }
        // It ends on the same token.
        let _ended = watching.await;
    }

    fn wake_at(&self) -> Instant {
        self.removals.confirm_at().map_or(self.next_look, |confirm| confirm.min(self.next_look))
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
            Event::Changed(paths) => self.look_at(folder, paths).await,
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
        let second = self.removals.confirm_at().is_some_and(|at| at <= Instant::now());
        let view = if second { View::Second } else { View::Whole };
        self.compare(folder, Retry::Outdated, view).await
    }

    /// Scans the whole source and begins a run that applies the difference.
    async fn compare(&mut self, folder: &Arc<Folder>, retry: Retry, view: View) -> Result<()> {
        let began = Instant::now();
        self.next_look = began + self.settings.reconcile;
        self.report.send_modify(|report| report.job = Some(Job::new("scan", 0)));
        let (scanned, known) = tokio::join!(
            blocking({
                let folder = Arc::clone(folder);
                move || folder.scan()
            }),
            self.catalog.known(self.source.id),
        );
        let (scanned, known) = (scanned?, known?);
        let listing = match scanned {
            Ok(listing) => listing,
            Err(error) => {
                self.unavailable(error.to_string());
                return Ok(());
            }
        };
        if is_emptied(&listing, &known) && view != View::Confirmed {
            self.emptied(known.len());
            return Ok(());
        }
        self.root = serde_json::to_string(&folder.identity()).unwrap_or_default();
        let total = known.len() as u64;
        let diff = blocking(move || diff(listing, known, READING_VERSION, retry)).await?;
        self.catalog.note_change_times(&diff.undated).await?;
        self.begin_run(diff, total, began, view).await
    }

    async fn begin_run(
        &mut self,
        diff: Diff,
        known: u64,
        began: Instant,
        view: View,
    ) -> Result<()> {
        // A run that is going on is taken over: who waits for it waits for the whole.
        let earlier = self.running.take();
        let began = earlier.as_ref().map_or(began, |earlier| earlier.began);
        let settling = diff.settling > 0 && began.elapsed() < SETTLE_LIMIT;
        let again = settling.then(|| Instant::now() + SETTLE_PAUSE);
        let unchanged = diff.unchanged;
        let mut work =
            Work { read: diff.read, problems: diff.problems, gone: diff.gone, ..Work::default() };
        let backlog = self.first_part(&mut work, known, view).await?;
        let total = backlog.len() as u64;
        debug!(source = %self.name(), unchanged, total, "compared");
        self.report.send_modify(|report| report.job = Some(Job::new("index", total)));
        let mut tally = self.apply(work, Count::Aside).await?;
        let mut unchanged = unchanged;
        if let Some(earlier) = earlier {
            // What the earlier part read is unchanged now.
            unchanged = unchanged.saturating_sub(earlier.run.tally.read());
            tally.add(earlier.run.tally);
        }
        self.running = Some(Running {
            backlog: backlog.into(),
            again,
            began,
            run: Run { tally, unchanged, took: Duration::ZERO },
        });
        self.set_state(State::Indexing, String::new());
        Ok(())
    }

    /// Takes what has to be read out of `work`; moves are recognised and the brake applied.
    async fn first_part(
        &mut self,
        work: &mut Work,
        known: u64,
        view: View,
    ) -> Result<Vec<(Option<DocumentId>, Entry)>> {
        self.indexer.recognise_moves(&self.source, work).await?;
        let gone = work.gone.len() as u64;
        if !self.removals.allow(gone, known, view, Instant::now()) {
            warn!(source = %self.name(), removals = gone, "removals wait for confirmation");
            work.gone.clear();
        }
        let held = self.removals.held();
        self.report.send_modify(|report| report.held = held);
        Ok(std::mem::take(&mut work.read))
    }

    /// Applies the next slice of the run, or ends it.
    async fn continue_run(&mut self, folder: &Arc<Folder>) -> Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let mut read = Vec::new();
        while read.len() < SLICE
            && let Some(next) = running.backlog.pop_front()
        {
            read.push(next);
        }
        if read.is_empty() {
            let Some(again) = running.again else { return self.end_run().await };
            tokio::time::sleep_until(again.into()).await;
            return self.compare(folder, Retry::Outdated, View::Whole).await;
        }
        let work = Work { read, ..Work::default() };
        let tally = self.apply(work, Count::Job).await?;
        if let Some(running) = &mut self.running {
            running.run.tally.add(tally);
        }
        Ok(())
    }

    async fn end_run(&mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let run = Run { took: running.began.elapsed(), ..running.run };
        let now = now_ms();
        self.catalog.source_scanned(self.source.id, &self.root, now).await?;
        let seq = self.catalog.seq();
        let (state, reason) = self.resting_state();
        self.report.send_modify(|report| {
            report.job = None;
            report.runs += 1;
            report.last = run;
            report.published = seq;
            report.scanned_ms = now;
            report.state = state;
            report.reason = reason;
        });
        let Run { tally, unchanged, took } = run;
        info!(source = %self.name(), tally.indexed, tally.moved, tally.removed, tally.failed, unchanged, ?took, "source is up to date");
        Ok(())
    }

    fn resting_state(&self) -> (State, String) {
        match self.removals.held() {
            0 => (State::Ready, String::new()),
            held => {
                let reason = format!(
                    "{held} documents vanished at once; they are removed if a second look after \
                     {} s still misses them, or now by `ragterm sources confirm {}`",
                    self.settings.brake.pause.as_secs(),
                    self.name()
                );
                (State::Held, reason)
            }
        }
    }

    async fn apply(&self, work: Work, count: Count) -> Result<Tally> {
        let total = std::sync::Mutex::new(Tally::default());
        let result = self
            .indexer
            .apply(&self.source, work, &|tally| {
                total.lock().unwrap_or_else(|poison| poison.into_inner()).add(tally);
                if count == Count::Job {
                    self.report.send_modify(|report| {
                        if let Some(job) = &mut report.job {
                            job.done += tally.documents();
                        }
                    });
                }
            })
            .await;
        result?;
        Ok(total.into_inner().unwrap_or_else(|poison| poison.into_inner()))
    }

    fn unavailable(&mut self, reason: String) {
        if self.report.borrow().state != State::Unavailable {
            warn!(source = %self.name(), %reason, "source is unavailable; nothing is removed");
        }
        self.next_look = Instant::now() + LOOK_FOR_ROOT;
        self.removals.postpone(Instant::now());
        self.end_early();
        self.set_state(State::Unavailable, reason);
    }

    fn emptied(&mut self, documents: usize) {
        self.unavailable(format!(
            "the folder is empty, but {documents} documents were in it; `ragterm sources confirm \
             {}` removes them",
            self.name()
        ));
    }

    fn pause(&mut self, error: &Error) {
        warn!(source = %self.name(), %error, "indexing pauses");
        // Steady changes must not put the comparison off for ever.
        self.next_look = self.next_look.min(Instant::now() + RETRY);
        self.removals.postpone(Instant::now());
        self.end_early();
        self.set_state(State::Paused, format!("{error}; tried again every {} s", RETRY.as_secs()));
    }

    /// Ends a run that cannot go on; those who wait for it see the state.
    fn end_early(&mut self) {
        let run = self.running.take().map(|running| running.run).unwrap_or_default();
        let seq = self.catalog.seq();
        self.report.send_modify(|report| {
            report.job = None;
            report.runs += 1;
            report.last = run;
            report.published = seq;
        });
    }

    fn set_state(&self, state: State, reason: String) {
        self.report.send_modify(|report| {
            report.state = state;
            report.reason = reason;
        });
    }

    fn name(&self) -> &str {
        &self.source.registered.name
    }
}

/// Whether applied documents count towards the job that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    Job,
    Aside,
}

/// A folder with fewer documents than this may become empty by hand.
const FULL: usize = 5;

fn is_emptied(listing: &Listing, known: &[Known]) -> bool {
    listing.entries.is_empty() && listing.problems.is_empty() && known.len() >= FULL
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("looking at a source failed").because(error))
}
