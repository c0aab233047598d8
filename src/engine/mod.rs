//! Everything that runs inside the daemon, wired together.

mod backups;
mod clock;
mod collect;
mod follow;
mod health;
mod maintenance;
mod meaning;
mod memory;
mod migrate;
mod opening;
mod status;
mod store_choice;
mod turn;
mod verify;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, warn};

use crate::answer::Answerer;
use crate::catalog::{self, Access, Catalog};
use crate::chunk::ChunkSettings;
use crate::config::{CatalogUrl, Config, Paths, Role, Secret};
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Indexer, KeywordFollower, Reader};
use crate::lexical::LexicalIndex;
use crate::search::Retriever;
use crate::watch::{Sources, WatchSettings, Watched};

pub use backups::Backups;
pub use collect::{Collected, Collecting, Garbage};
pub use health::{Check, Condition, Health};
pub use meaning::{Change, MeaningService, MeaningStatus, Reindexing};
pub use migrate::{Migrated, Migration, Target};
pub use opening::{Listener, Opening, PATIENCE};
pub use status::{PROBLEMS, Status};
pub use verify::{Finding, Remedy, Verdict};

/// How long after a fault a catalog on a server is connected to again.
const CATALOG_RETRY: Duration = Duration::from_secs(2);

/// What a comparison with a source reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What looks other than when it was read.
    Changes,
    /// Everything.
    Everything,
}

/// The running parts of a daemon; clones share them.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What the parts are, for those who serve or inspect them.
#[derive(Debug)]
pub struct Inner {
    /// The truth.
    pub catalog: Catalog,
    /// The configuration in force.
    pub config: Config,
    /// Where everything lies.
    pub paths: Paths,
    /// What keeps the keyword index equal to the catalog.
    pub keyword: Arc<KeywordFollower>,
    /// Keeps the side that searches by meaning running.
    pub meaning: MeaningService,
    /// Answers searches.
    pub retriever: Arc<Retriever>,
    /// Answers questions.
    pub answerer: Answerer,
    /// Backups, one at a time.
    pub backups: backups::Backups,
    /// The watched sources.
    pub sources: Sources,
    /// When the daemon started.
    pub started: Instant,
    /// What happened at start that an operator should know.
    pub notices: Vec<String>,
    reader: Arc<Reader>,
    background: Handle,
    tracker: TaskTracker,
    stop: CancellationToken,
    running: Arc<Mutex<Vec<&'static str>>>,
}

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Engine {
    /// Opens the catalog and its followers in the data directory; nothing runs yet. What indexes
    /// will run in the background. What is waited for is told to `opening`.
    pub async fn open(
        (config, paths): (Config, &Paths),
        background: Handle,
        (opening, stop): (&Opening, CancellationToken),
    ) -> Result<Self> {
        let catalog = open_catalog(&config, paths, (opening, &stop)).await?;
        opening.answered();
        let mut notices = Vec::new();
        let keyword = Arc::new(open_keyword(&catalog, &paths.data_dir, &mut notices).await?);
        let meaning = MeaningService::new(catalog.clone(), &config, keyword.subscribe()).await?;
        let tracker = TaskTracker::new();
        let reader = Arc::new(open_reader(&config)?);
        let indexer = Indexer::new(catalog.clone(), Arc::clone(&reader), tracker.clone());
        let mut settings = WatchSettings::new(&config.index, &paths.data_dir);
        settings.backups = config.backup.directory.clone();
        let sources =
            Sources::new(catalog.clone(), indexer, (settings, background.clone()), stop.clone());
        let retriever = Retriever::new(
            catalog.clone(),
            keyword.indexes(),
            meaning.side(),
            config.search.clone(),
        )
        .watching(keyword.subscribe(), keyword.faults())
        .reranking()?;
        let retriever = Arc::new(retriever);
        let answerer =
            Answerer::new(catalog.clone(), Arc::clone(&retriever), &config, stop.clone());
        let inner = Inner {
            catalog,
            config,
            paths: paths.clone(),
            keyword,
            meaning,
            retriever,
            answerer,
            backups: backups::Backups::default(),
            sources,
            started: Instant::now(),
            notices,
            reader,
            background,
            tracker,
            stop,
            running: Arc::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Starts the followers and the sources of the configuration and the catalog.
    pub async fn start(&self) -> Result<()> {
        let keyword = Arc::clone(&self.keyword);
        let stop = self.stop.clone();
        self.spawn_on(&self.background, "keyword follower", async move { keyword.run(stop).await });
        let (engine, stop) = (self.clone(), self.stop.clone());
        self.spawn_on(&self.background, "search by meaning", async move {
            engine.meaning.run(stop).await;
        });
        let (engine, stop) = (self.clone(), self.stop.clone());
        self.spawn("maintenance", async move { maintenance::run(&engine, stop).await });
        if self.config.daemon.role != Role::Query && self.config.index.ocr {
            // They were looked at while nothing could recognise their text.
            self.catalog.read_again_if("needs OCR").await?;
        }
        if self.config.daemon.role == Role::Query {
            let (engine, stop) = (self.clone(), self.stop.clone());
            self.spawn("catalog listener", async move { follow::run(&engine, stop).await });
            return self.sources.observe().await;
        }
        self.sources.start(&self.config.sources).await?;
        // After them: the first one waits until they have been read.
        let (engine, stop) = (self.clone(), self.stop.clone());
        self.spawn("backups", async move { backups::run(&engine, stop).await });
        Ok(())
    }

    /// Forgets a source and its documents, to the end even if nobody waits for it any more.
    pub async fn remove_source(&self, name: String) -> Result<u64> {
        let engine = self.clone();
        self.see_through(async move { engine.sources.remove(&name).await }).await
    }

    /// Runs something to its end, even if nobody waits for it any more.
    pub async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let ended = self.tracker.spawn(work.in_current_span()).await;
        ended.map_err(|error| Error::internal("what was begun failed").because(error))?
    }

    /// Compares one source, or all when `name` is empty, with the catalog.
    pub async fn rescan(&self, name: &str, reading: Reading) -> Result<Vec<Watched>> {
        if reading == Reading::Everything {
            self.catalog.read_all_again(name).await?;
        }
        self.sources.rescan(name).await
    }

    /// Cancelled when everything shall end.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks everything to end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends everything and closes the catalog; the caller bounds the time.
    pub async fn close(&self) {
        self.stop.cancel();
        self.sources.close().await;
        self.tracker.close();
        self.tracker.wait().await;
        self.reader.close().await;
        self.catalog.close().await;
    }

    /// The tasks that have not ended.
    pub fn late(&self) -> Vec<String> {
        let running = self.running.lock().unwrap_or_else(|poison| poison.into_inner());
        let mut late: Vec<String> = running.iter().map(ToString::to_string).collect();
        late.extend(self.sources.running().into_iter().map(|name| format!("source {name}")));
        late
    }

    /// Runs a task until its end, by which the engine's is delayed; `name` is for the log.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_on(&Handle::current(), name, task);
    }

    fn spawn_on(
        &self,
        runtime: &Handle,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let running = Arc::clone(&self.running);
        running.lock().unwrap_or_else(|poison| poison.into_inner()).push(name);
        let task = task.in_current_span();
        let task = async move {
            task.await;
            let mut running = running.lock().unwrap_or_else(|poison| poison.into_inner());
            running.retain(|other| *other != name);
        };
        self.tracker.spawn_on(task, runtime);
    }
}

/// Opens the catalog that the configuration names; a server that is down is waited for.
async fn open_catalog(
    config: &Config,
    paths: &Paths,
    (opening, stop): (&Opening, &CancellationToken),
) -> Result<Catalog> {
    let CatalogUrl::Postgres(secret) = &config.catalog.url else {
        return Catalog::open_sqlite(&paths.data_dir.join("catalog.db")).await;
    };
    let access = match config.daemon.role {
        Role::Query => Access::Follow,
        Role::All | Role::Index => Access::Write,
    };
    loop {
        let url = secret.read()?.unwrap_or_default();
        match Catalog::open_postgres(&url, access).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                warn!(%error, "waiting for the catalog");
                opening.failed(catalog::server_of(&url), &error);
            }
            Err(error) if error.kind() == ErrorKind::Usage => return Err(in_file(error, secret)),
            opened => return opened,
        }
        tokio::select! {
            () = stop.cancelled() => return Err(Error::unavailable("the catalog was waited for in vain")),
            () = tokio::time::sleep(CATALOG_RETRY) => {}
        }
    }
}

/// Says which file the refused URL is in.
fn in_file(error: Error, secret: &Secret) -> Error {
    let Secret::File { key, path } = secret else { return error };
    let message = format!("{error} (the URL is in `{key}` = {})", path.display());
    match error.next_step() {
        Some(step) => Error::usage(message).hint(step),
        None => Error::usage(message),
    }
}

/// The index lies in a directory named after the catalog: one made for another never matches.
async fn open_keyword(
    catalog: &Catalog,
    data_dir: &Path,
    notices: &mut Vec<String>,
) -> Result<KeywordFollower> {
    let (data_dir, identity) = (data_dir.to_owned(), catalog.identity().to_owned());
    let found = tokio::task::spawn_blocking(move || LexicalIndex::of_catalog(&data_dir, &identity))
        .await
        .map_err(|error| Error::internal("opening the keyword index failed").because(error))??;
    let (index, successor, rebuilt) = match found.previous {
        Some(previous) => (previous, Some(found.current.index), None),
        None => (found.current.index, None, found.current.rebuilt),
    };
    if let Some(reason) = rebuilt {
        // A catalog without changes has nothing to rebuild.
        if catalog.seq() > 0 {
            warn!(%reason, "keyword index is rebuilt from the catalog");
            notices.push(self::rebuilt(&reason));
        }
    }
    for index in successor.iter().chain([&index]) {
        if index.applied_seq() > catalog.seq() {
            let reason = "it was ahead of the catalog";
            warn!(%reason, "keyword index is rebuilt from the catalog");
            notices.push(self::rebuilt(reason));
            index.clear()?;
        }
    }
    Ok(KeywordFollower::new(catalog.clone(), index, successor))
}

fn rebuilt(reason: &str) -> String {
    format!("when the daemon started, the keyword index had to be rebuilt: {reason}")
}

fn open_reader(config: &Config) -> Result<Reader> {
    let program = std::env::current_exe()
        .map_err(|error| Error::internal("cannot find this program's file").because(error))?;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // One is left for what changes while a large file is read.
    let workers = config.index.workers.unwrap_or(cores.max(2));
    let limits = config.index.extraction_limits();
    let pool = ragterm_connectors::worker::Pool::new(program, workers, limits);
    let chunks = ChunkSettings { max_tokens: config.index.chunk_tokens as usize };
    Ok(Reader::new(pool, chunks))
}
