//! The daemon's side: a bounded number of workers, started when needed, replaced when they die.

use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use tracing::{debug, warn};

use super::death::Death;
use super::process::{Launch, Process};
use super::progress::{Progress, Step};
use super::wire::{Origin, Reply, Request, Resume, Task};
use super::{Extracted, Job, Limits, read};
use crate::container::{self, Member};
use crate::extract::{Dialect, Reason};

/// A worker without work ends after this time, so that an idle daemon holds no worker memory.
const REST: Duration = Duration::from_secs(10);

/// A walk through a larger container may take long: it may hold a thousand documents.
const LONG_BYTES: u64 = 64 * 1024;

/// Whether a file of this path may be a container that takes long to be read, by how it is read
/// and its size in bytes. Those never hold all workers.
pub fn may_be_long(path: &str, (dialect, size): (Dialect, u64)) -> bool {
    size > LONG_BYTES && container::may_be_large(path, dialect)
}

/// Why a job was not tried; says nothing about its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolError {
    /// The pool was closed.
    Closed,
    /// No worker process can be started; says why.
    CannotStart(String),
}

impl fmt::Display for PoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the extraction workers were stopped"),
            Self::CannotStart(why) => write!(f, "cannot start an extraction worker: {why}"),
        }
    }
}

impl std::error::Error for PoolError {}

/// Extracts documents in worker processes, several at a time, first come first served.
#[derive(Debug, Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    launch: Launch,
    limits: Limits,
    rest: Duration,
    permits: Semaphore,
    /// Containers take their time; they never hold all workers.
    walks: Semaphore,
    resting: Mutex<Resting>,
}

/// The workers that wait for a job, the most recently used last.
#[derive(Debug, Default)]
struct Resting {
    processes: Vec<(Process, Instant)>,
    /// Whether a task looks after them.
    watched: bool,
}

/// A request with the content that goes with it.
struct Call {
    request: Request,
    content: Option<Vec<u8>>,
}

impl Pool {
    /// A pool of at most `workers` processes of `program`; none is started yet.
    pub fn new(program: PathBuf, workers: usize, limits: Limits) -> Self {
        let arguments = vec!["worker".to_owned()];
        let launch = Launch { program, arguments, environment: Vec::new() };
        Self::with_launch(launch, workers, limits, REST)
    }

    pub(super) fn with_launch(
        launch: Launch,
        workers: usize,
        limits: Limits,
        rest: Duration,
    ) -> Self {
        let permits = Semaphore::new(workers.clamp(1, Semaphore::MAX_PERMITS));
        let walks = Semaphore::new(workers.saturating_sub(1).clamp(1, Semaphore::MAX_PERMITS));
        let resting = Mutex::default();
        Self { inner: Arc::new(Inner { launch, limits, rest, permits, walks, resting }) }
    }

    /// Extracts one file. A document that kills or outlasts its worker gives a reason, not an error.
    ///
    /// The documents inside the file are sent to `members` as they are read; a receiver that goes
    /// away ends the job. Must run within a tokio runtime. Dropping the future ends the work.
    pub async fn extract(
        &self,
        job: Job,
        members: &mpsc::Sender<Member>,
    ) -> Result<Extracted, PoolError> {
        let _walk = match may_be_long(&job.path, (job.dialect, job.size)) {
            true => Some(self.inner.walks.acquire().await.map_err(|_| PoolError::Closed)?),
            false => None,
        };
        let _permit = self.inner.permits.acquire().await.map_err(|_| PoolError::Closed)?;
        let mut call = match Call::new(job, &self.inner.limits) {
            Ok(call) => call,
            Err(reason) => {
                return Ok(Extracted::failed(None, reason));
            }
        };
        let mut progress = Progress::default();
        let death = loop {
            match self.inner.attempt(&call, (&mut progress, members)).await? {
                Ok(reply) => return Ok(reply.into()),
                Err(death) => {
                    let Some(path) = progress.avoid() else { break death };
                    let outcome = Err(death.reason(&self.inner.limits));
                    let member = Member { path, outcome, ..Member::default() };
                    members.send(member).await.map_err(|_| PoolError::Closed)?;
                }
            }
        };
        // The file is then known by its content, and not tried again when it moves.
        call.request.task = Task::Identify;
        let reply = self.inner.attempt_fresh(&call, (&mut progress, members)).await?.ok();
        let is_container = reply.as_ref().is_some_and(|reply| reply.is_container);
        let content = reply.and_then(|reply| reply.content);
        let failed = Extracted::failed(content, death.reason(&self.inner.limits));
        Ok(Extracted { is_container, ..failed })
    }

    /// Refuses further jobs and ends the workers that rest; a busy one ends after its job.
    pub async fn close(&self) {
        self.inner.walks.close();
        self.inner.permits.close();
        let resting = std::mem::take(&mut self.inner.resting().processes);
        for (process, _) in resting {
            process.stop().await;
        }
    }
}

impl Inner {
    /// A worker that was used before may have died of what it did then, so that the failure of
    /// such a one counts only when a fresh one fails too.
    async fn attempt(
        self: &Arc<Self>,
        call: &Call,
        (progress, members): (&mut Progress, &mpsc::Sender<Member>),
    ) -> Result<Result<Reply, Death>, PoolError> {
        if let Some(process) = self.take_resting() {
            match self.run(process, call, (progress, members)).await? {
                Ok(reply) => return Ok(Ok(reply)),
                Err(Death::TimedOut) => return Ok(Err(Death::TimedOut)),
                Err(death) => debug!(?death, "trying again in a fresh worker"),
            }
            progress.restart();
        }
        self.attempt_fresh(call, (progress, members)).await
    }

    async fn attempt_fresh(
        self: &Arc<Self>,
        call: &Call,
        heard: (&mut Progress, &mpsc::Sender<Member>),
    ) -> Result<Result<Reply, Death>, PoolError> {
        let process = Process::start(&self.launch, &self.limits)
            .await
            .map_err(|error| PoolError::CannotStart(error.to_string()))?;
        self.run(process, call, heard).await
    }

    async fn run(
        self: &Arc<Self>,
        mut process: Process,
        call: &Call,
        heard: (&mut Progress, &mpsc::Sender<Member>),
    ) -> Result<Result<Reply, Death>, PoolError> {
        let result = self.exchange(&mut process, call, heard).await?;
        match &result {
            Ok(_) if self.permits.is_closed() || process.is_worn() => process.stop().await,
            Ok(_) => self.rest(process),
            Err(death) => {
                warn!(?death, "a worker failed");
                process.kill().await;
            }
        }
        Ok(result)
    }

    /// Asks and listens to the end; the time limit holds for each answer, and does not run while
    /// `members` is full.
    async fn exchange(
        &self,
        process: &mut Process,
        call: &Call,
        (progress, members): (&mut Progress, &mpsc::Sender<Member>),
    ) -> Result<Result<Reply, Death>, PoolError> {
        let limit = self.limits.patience();
        let request = Request { resume: progress.resume.clone(), ..call.request.clone() };
        if let Err(death) = process.ask(&request, call.content.as_deref(), limit).await {
            return Ok(Err(death));
        }
        loop {
            match process.next(limit).await.map(|answer| progress.note(answer)) {
                Ok(Step::Nothing) => {}
                Ok(Step::Member(member)) => {
                    members.send(*member).await.map_err(|_| PoolError::Closed)?;
                }
                Ok(Step::Done(reply)) => return Ok(Ok(reply)),
                Err(death) => return Ok(Err(death)),
            }
        }
    }

    fn take_resting(&self) -> Option<Process> {
        let mut resting = self.resting();
        while let Some((mut process, _)) = resting.processes.pop() {
            if process.is_alive() {
                return Some(process);
            }
        }
        None
    }

    fn rest(self: &Arc<Self>, process: Process) {
        let mut resting = self.resting();
        resting.processes.push((process, Instant::now()));
        if !resting.watched {
            resting.watched = true;
            // Ends with the last resting worker, with the pool, and with the runtime.
            tokio::spawn(end_the_idle(Arc::downgrade(self), self.rest));
        }
    }

    /// The workers that rested long enough; `None` when nobody rests any more.
    fn take_idle(&self) -> Option<Vec<Process>> {
        let mut resting = self.resting();
        if resting.processes.is_empty() {
            resting.watched = false;
            return None;
        }
        let idle = |since: &Instant| since.elapsed() >= self.rest;
        let count = resting.processes.iter().take_while(|(_, since)| idle(since)).count();
        Some(resting.processes.drain(..count).map(|(process, _)| process).collect())
    }

    fn resting(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn end_the_idle(pool: Weak<Inner>, rest: Duration) {
    loop {
        tokio::time::sleep(rest / 2).await;
        let Some(idle) = pool.upgrade().and_then(|pool| pool.take_idle()) else { return };
        for process in idle {
            process.stop().await;
        }
    }
}

impl Call {
    fn new(job: Job, limits: &Limits) -> Result<Self, Reason> {
        let max_file_bytes = limits.max_file_bytes;
        let (origin, content) = match job.origin {
            super::Origin::File { root, raw } => {
                let [root, raw] = [root, raw].map(|path| path.into_os_string().into_vec());
                (Origin::File { root, raw }, None)
            }
            super::Origin::Bytes(bytes) if bytes.len() as u64 > max_file_bytes => {
                let size = bytes.len() as u64;
                return Err(read::too_large(size, max_file_bytes, read::FILE_LIMIT));
            }
            super::Origin::Bytes(bytes) => (Origin::NextFrame, Some(bytes)),
        };
        let request = Request {
            task: Task::Extract,
            path: job.path,
            dialect: job.dialect,
            ocr: limits.ocr.clone(),
            origin,
            known: job.known,
            max_file_bytes,
            max_archive_bytes: limits.max_archive_bytes,
            ignore: limits.ignore.clone(),
            resume: Resume::default(),
        };
        Ok(Self { request, content })
    }
}
