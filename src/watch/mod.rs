//! The watched sources: each has a task that keeps the catalog equal to it.

mod brake;
mod diff;
mod report;
mod settings;
mod source;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::runtime::Handle as Runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::catalog::{Catalog, NewSource, Origin, Publication, Source, SourceSettings};
use crate::config;
use crate::error::{Error, Result};
use crate::index::Indexer;

pub use brake::Brake;
pub use diff::{Diff, Retry, diff};
pub use report::{Failures, Job, Report, Run, State};
pub use settings::{WatchSettings, folder_settings};

use source::{Command, Shared, SourceTask};

/// Removals published in one transaction when a source is removed.
const BATCH: usize = 1000;

/// All sources of a daemon.
#[derive(Debug)]
pub struct Sources {
    shared: Shared,
    background: Runtime,
    handles: Mutex<BTreeMap<String, Handle>>,
    /// Sources are added and removed one after the other.
    order: tokio::sync::Mutex<()>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Handle {
    source: Arc<Source>,
    commands: mpsc::Sender<Command>,
    report: watch::Receiver<Report>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Handle {
    /// Of a source without a task here.
    fn observed(source: Source) -> Self {
        let report = Report {
            state: State::Elsewhere,
            watching: "another daemon".into(),
            scanned_ms: source.scanned_ms,
            ..Report::default()
        };
        let ended = CancellationToken::new();
        ended.cancel();
        Self {
            source: Arc::new(source),
            commands: mpsc::channel(1).0,
            report: watch::channel(report).1,
            stop: CancellationToken::new(),
            ended,
        }
    }
}

/// A source whose current or next comparison somebody waits for.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The source.
    pub source: Arc<Source>,
    /// What it says of itself.
    pub report: watch::Receiver<Report>,
    /// The number of runs that must have ended.
    pub until: u64,
}

impl Sources {
    /// No source is watched yet; each will be in the background.
    pub fn new(
        catalog: Catalog,
        indexer: Indexer,
        (settings, background): (WatchSettings, Runtime),
        stop: CancellationToken,
    ) -> Self {
        let shared = Shared { catalog, indexer, settings, tracker: TaskTracker::new() };
        Self { shared, background, handles: Mutex::default(), order: Default::default(), stop }
    }

    /// How sources are watched.
    pub fn settings(&self) -> &WatchSettings {
        &self.shared.settings
    }

    /// Brings the catalog's sources in line with the configuration and watches all of them.
    pub async fn start(&self, configured: &[config::Source]) -> Result<()> {
        let before = match configured {
            [] => Vec::new(),
            _ => self.shared.catalog.sources().await?,
        };
        for source in configured {
            let is_other = |known: &&Source| {
                known.registered.name == source.name && known.registered.kind != source.kind
            };
            if before.iter().any(|known| is_other(&known)) {
                self.shared.catalog.read_all_again(&source.name).await?;
            }
            self.shared.catalog.register_source(&from_config(source)).await?;
        }
        for source in self.shared.catalog.sources().await? {
            let name = &source.registered.name;
            let is_configured = configured.iter().any(|configured| configured.name == *name);
            if source.registered.origin == Origin::Config && !is_configured {
                info!(event = "watch", source = %name, "source left the configuration");
                self.forget(&source).await?;
            } else {
                self.spawn(source);
            }
        }
        Ok(())
    }

    /// Lists the sources that another daemon watches; this one only answers.
    pub async fn observe(&self) -> Result<()> {
        let sources = self.shared.catalog.sources().await?;
        let mut handles = self.lock();
        handles.retain(|name, _| sources.iter().any(|source| source.registered.name == *name));
        for source in sources {
            let name = source.registered.name.clone();
            handles.insert(name, Handle::observed(source));
        }
        Ok(())
    }

    /// Registers a source and watches it; one that is there already is compared again.
    pub async fn add(&self, new: NewSource) -> Result<Watched> {
        self.shared.catalog.check_writable()?;
        let _order = self.order.lock().await;
        let existing = self.lock().get(&new.name).map(|handle| Arc::clone(&handle.source));
        if let Some(source) = existing {
            let registered = &source.registered;
            let is_same = registered.path == new.path
                && registered.space == new.space
                && registered.kind == new.kind;
            if !is_same {
                return Err(Error::usage(format!(
                    "there is a source `{}` already: {} of the kind `{}` in space `{}`",
                    new.name,
                    registered.path,
                    registered.kind.name(),
                    registered.space
                ))
                .hint("give this one another name with --name, or remove that one first"));
            }
            let mut watched = self.rescan(&new.name).await?;
            return watched.pop().ok_or_else(|| gone(&new.name));
        }
        self.check_overlap(&new)?;
        let path = Path::new(&new.path);
        let is_there = if new.settings.is_file { path.is_file() } else { path.is_dir() };
        if !is_there {
            let what = if new.settings.is_file { "file" } else { "directory" };
            return Err(Error::usage(format!("{} is not a {what}", new.path)));
        }
        let source = self.shared.catalog.register_source(&new).await?;
        Ok(self.spawn(source))
    }

    /// A document belongs to one source; a folder inside another would be indexed twice.
    fn check_overlap(&self, new: &NewSource) -> Result<()> {
        let path = Path::new(&new.path);
        for handle in self.lock().values() {
            let other = Path::new(&handle.source.registered.path);
            if path.starts_with(other) || other.starts_with(path) {
                return Err(Error::usage(format!(
                    "{} overlaps with the source `{}` ({})",
                    new.path,
                    handle.source.registered.name,
                    other.display()
                ))
                .hint("remove that source first, or add a folder outside of it"));
            }
        }
        Ok(())
    }

    /// Asks for a comparison of one source, or of all when `name` is empty.
    pub async fn rescan(&self, name: &str) -> Result<Vec<Watched>> {
        self.shared.catalog.check_writable()?;
        let chosen: Vec<_> = {
            let handles = self.lock();
            handles
                .iter()
                .filter(|(other, _)| name.is_empty() || *other == name)
                .map(|(_, handle)| {
                    (Arc::clone(&handle.source), handle.commands.clone(), handle.report.clone())
                })
                .collect()
        };
        if chosen.is_empty() && !name.is_empty() {
            return Err(gone(name));
        }
        let mut watched = Vec::new();
        for (source, commands, report) in chosen {
            let until = ask(&commands, Command::Rescan, &source.registered.name).await?;
            watched.push(Watched { source, report, until });
        }
        Ok(watched)
    }

    /// Lets the held removals of a source take effect; returns how many there were.
    pub async fn confirm(&self, name: &str) -> Result<u64> {
        self.shared.catalog.check_writable()?;
        let commands = self.lock().get(name).map(|handle| handle.commands.clone());
        let commands = commands.ok_or_else(|| gone(name))?;
        ask(&commands, Command::Confirm, name).await
    }

    /// Forgets a source and its documents; returns how many there were.
    ///
    /// Must run to its end: a source whose removal was given up half-way is not watched.
    pub async fn remove(&self, name: &str) -> Result<u64> {
        self.shared.catalog.check_writable()?;
        let _order = self.order.lock().await;
        let handle = {
            let mut handles = self.lock();
            let handle = handles.get(name).ok_or_else(|| gone(name))?;
            if handle.source.registered.origin == Origin::Config {
                return Err(Error::usage(format!("the source `{name}` stands in config.toml"))
                    .hint("remove it there and restart the daemon"));
            }
            handles.remove(name).ok_or_else(|| gone(name))?
        };
        handle.stop.cancel();
        handle.ended.cancelled().await;
        let removed = self.forget(&handle.source).await;
        if removed.is_err() {
            self.spawn(Source::clone(&handle.source));
        }
        removed
    }

    /// The sources and their latest words, by name.
    pub fn reports(&self) -> Vec<(Arc<Source>, Report)> {
        let report = |handle: &Handle| (Arc::clone(&handle.source), handle.report.borrow().clone());
        self.lock().values().map(report).collect()
    }

    /// Waits until every task has ended; the common token must have been cancelled.
    pub async fn close(&self) {
        self.shared.tracker.close();
        self.shared.tracker.wait().await;
    }

    /// The names of sources whose task has not ended.
    pub fn running(&self) -> Vec<String> {
        let handles = self.lock();
        let running = handles.iter().filter(|(_, handle)| !handle.ended.is_cancelled());
        running.map(|(name, _)| name.clone()).collect()
    }

    fn spawn(&self, source: Source) -> Watched {
        let source = Arc::new(source);
        let (commands, receiver) = mpsc::channel(8);
        let (sender, report) = watch::channel(Report::default());
        let (stop, ended) = (self.stop.child_token(), CancellationToken::new());
        let task = SourceTask::new(Arc::clone(&source), self.shared.clone(), sender);
        let (task_stop, task_ended) = (stop.clone(), ended.clone().drop_guard());
        let watching = async move {
            task.run(receiver, task_stop).await;
            drop(task_ended);
        };
        self.shared.tracker.spawn_on(watching, &self.background);
        let watched = Watched { source: Arc::clone(&source), report: report.clone(), until: 1 };
        let name = source.registered.name.clone();
        self.lock().insert(name, Handle { source, commands, report, stop, ended });
        watched
    }

    async fn forget(&self, source: &Source) -> Result<u64> {
        // A removal that is cut short must not leave files that look as if they were read.
        self.shared.catalog.read_all_again(&source.registered.name).await?;
        let ids = self.shared.catalog.ids_of(source.id).await?;
        for batch in ids.chunks(BATCH) {
            let gone: Vec<_> = batch.iter().map(|id| Publication::Gone(*id)).collect();
            self.shared.catalog.publish(&gone).await?;
        }
        self.shared.catalog.forget_source(source.id).await?;
        info!(event = "watch", source = %source.registered.name, documents = ids.len(), "source removed");
        Ok(ids.len() as u64)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Handle>> {
        self.handles.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

/// Sends a command to a source's task and waits for its answer.
async fn ask<T>(
    commands: &mpsc::Sender<Command>,
    command: impl FnOnce(oneshot::Sender<T>) -> Command,
    name: &str,
) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    commands.send(command(sender)).await.map_err(|_| gone(name))?;
    receiver.await.map_err(|_| gone(name))
}

fn gone(name: &str) -> Error {
    Error::usage(format!("there is no source `{name}`")).hint("`ragterm sources` lists the sources")
}

fn from_config(source: &config::Source) -> NewSource {
    NewSource {
        name: source.name.clone(),
        kind: source.kind,
        space: source.space.clone(),
        path: source.path.to_string_lossy().into_owned(),
        settings: SourceSettings {
            watch: source.watch.name().into(),
            poll_interval_s: source.poll_interval.as_secs(),
            include: source.include.clone(),
            exclude: source.exclude.clone(),
            is_file: source.kind.may_be_file() && source.path.is_file(),
            after: source.after,
            url: source.url.clone(),
            is_anchored: false,
        },
        origin: Origin::Config,
    }
}
