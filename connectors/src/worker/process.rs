//! One worker process: start, one exchange at a time, end.

use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use super::Limits;
use super::death::Death;
use super::serve::MEMORY_VARIABLE;
use super::wire::{self, Answer, Hello, Request};

/// A fresh worker says hello within this time, even on a machine that swaps.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a process may take to go once its socket is closed or it was killed.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The same where the reason is to be told: a busy machine lets a worker, which has a low priority,
/// take its time.
const DEATH_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of standard error is kept.
const LAST_WORDS_BYTES: usize = 4096;

/// A worker is replaced after so many jobs…
const MAX_JOBS: u32 = 10_000;

/// …or when it holds more than this between two jobs…
const MAX_RESTING_KIB: u64 = 128 * 1024;

/// …which is looked at each time it has read so much.
const MEMORY_CHECK_BYTES: u64 = 1024 * 1024;

/// The most that the reader of PDFs unpacks of one stream; four times as much is its own default.
const MAX_STREAM_MIB: &str = "64";

/// Set for the worker if the daemon has it; nothing else of its environment is passed on.
const INHERITED_VARIABLES: [&str; 1] = ["LD_LIBRARY_PATH"];

/// How worker processes are started.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
}

/// A running worker. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    socket: UnixStream,
    stderr: ChildStderr,
    last_words: Vec<u8>,
    jobs: u32,
    /// The bytes it read since its memory was last looked at.
    unchecked_bytes: u64,
}

impl Process {
    /// Starts a worker and waits until it is ready.
    pub(super) async fn start(launch: &Launch, limits: &Limits) -> io::Result<Self> {
        let mut process = Self::spawn(launch, limits)?;
        let hello = timeout(START_TIMEOUT, wire::receive::<Hello>(&mut process.socket)).await;
        match hello {
            Ok(Ok(hello)) if hello == Hello::ours() => Ok(process),
            Ok(Ok(hello)) => Err(io::Error::other(format!(
                "the program on disk is another version ({}): restart the daemon",
                hello.version
            ))),
            Ok(Err(error)) => Err(process.failed_start(error).await),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn spawn(launch: &Launch, limits: &Limits) -> io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .env_clear()
            .env(MEMORY_VARIABLE, limits.memory_bytes.to_string())
            .env("PDF_OXIDE_MAX_DECOMPRESS_MB", MAX_STREAM_MIB)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            // A worker must not keep a share mounted.
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // What a library prints can then not be taken for an answer.
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C on the daemon's terminal is the daemon's to handle.
            .process_group(0)
            .kill_on_drop(true);
        for name in INHERITED_VARIABLES {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().ok_or_else(|| io::Error::other("no standard error"))?;
        let socket = UnixStream::from_std(ours)?;
        Ok(Self { child, socket, stderr, last_words: Vec::new(), jobs: 0, unchecked_bytes: 0 })
    }

    async fn failed_start(&mut self, error: io::Error) -> io::Error {
        let status = self.ended().await;
        let words = String::from_utf8_lossy(&self.last_words);
        let line = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        match status {
            Some(status) => io::Error::other(format!("{status}: {line}")),
            None => error,
        }
    }

    /// Sends a request; its answers come one by one from [`Self::next`]. After an error the process
    /// is of no more use.
    pub(super) async fn ask(
        &mut self,
        request: &Request,
        content: Option<&[u8]>,
        limit: Duration,
    ) -> Result<(), Death> {
        // What it said during earlier jobs explains nothing about this one.
        self.last_words.clear();
        let talk = talk(&mut self.socket, request, content);
        let listen = listen(&mut self.stderr, &mut self.last_words);
        let sent = tokio::select! {
            sent = timeout(limit, talk) => sent,
            never = listen => match never {},
        };
        match sent {
            Err(_) => Err(Death::TimedOut),
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.death().await),
        }
    }

    /// The next answer to what was asked.
    pub(super) async fn next(&mut self, limit: Duration) -> Result<Answer, Death> {
        let answer = {
            let receive = wire::receive::<Answer>(&mut self.socket);
            let listen = listen(&mut self.stderr, &mut self.last_words);
            tokio::select! {
                answer = timeout(limit, receive) => answer,
                never = listen => match never {},
            }
        };
        match answer {
            Err(_) => Err(Death::TimedOut),
            Ok(Ok(answer)) => {
                self.count(&answer);
                Ok(answer)
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Err(Death::Nonsense),
            Ok(Err(_)) => Err(self.death().await),
        }
    }

    fn count(&mut self, answer: &Answer) {
        self.unchecked_bytes += match answer {
            Answer::Member { member, .. } => member.size,
            Answer::Done(reply) => {
                self.jobs += 1;
                reply.content.map_or(0, |content| content.size)
            }
            _ => 0,
        };
    }

    async fn death(&mut self) -> Death {
        let status = self.ended().await;
        Death::of(status, &self.last_words)
    }

    /// Whether the process still runs, as far as is known without asking it.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether it has worked enough: readers may leak, and freed memory is not always given back.
    pub(super) fn is_worn(&mut self) -> bool {
        if self.jobs >= MAX_JOBS {
            return true;
        }
        if self.unchecked_bytes < MEMORY_CHECK_BYTES {
            return false;
        }
        self.unchecked_bytes = 0;
        self.child.id().and_then(resident_kib).is_some_and(|kib| kib > MAX_RESTING_KIB)
    }

    /// Closes the socket, upon which a worker ends by itself; kills it if it does not.
    pub(super) async fn stop(mut self) {
        // An error means that the other end is closed already.
        let _ = self.socket.shutdown().await;
        if timeout(END_TIMEOUT, self.child.wait()).await.is_err() {
            // Dropping kills; a process that cannot die now (dead share) is left to the system.
            tracing::warn!("a worker did not end by itself");
        }
    }

    /// Ends it without asking, and what it started.
    pub(super) async fn kill(mut self) {
        self.end_group();
        // Bounded: a process that waits for a dead share cannot even be killed.
        let _ = timeout(END_TIMEOUT, self.child.kill()).await;
    }

    /// Ends what the process started; it leads a group of its own.
    fn end_group(&self) {
        if let Some(id) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // One that is empty is gone already.
            let _gone = rustix::process::kill_process_group(id, Signal::KILL);
        }
    }

    /// Waits for a process whose socket broke, collecting what it said last.
    async fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.end_group();
        // Until the end of the stream, which is when the process is gone.
        let _ = timeout(DEATH_TIMEOUT, collect(&mut self.stderr, &mut self.last_words)).await;
        timeout(DEATH_TIMEOUT, self.child.wait()).await.ok()?.ok()
    }
}

async fn talk(
    socket: &mut UnixStream,
    request: &Request,
    content: Option<&[u8]>,
) -> io::Result<()> {
    socket.write_all(&wire::frame(request)?).await?;
    if let Some(content) = content {
        wire::send_raw(socket, content).await?;
    }
    Ok(())
}

/// Keeps standard error from filling up, for as long as it is polled.
async fn listen(stderr: &mut ChildStderr, last_words: &mut Vec<u8>) -> Infallible {
    collect(stderr, last_words).await;
    std::future::pending().await
}

/// Keeps the last that is written, until the end of the stream.
async fn collect(stderr: &mut ChildStderr, last_words: &mut Vec<u8>) {
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        last_words.extend_from_slice(&buffer[..length]);
        let excess = last_words.len().saturating_sub(LAST_WORDS_BYTES);
        last_words.drain(..excess);
    }
}

/// The memory that a process holds; `None` where the system does not say.
fn resident_kib(id: u32) -> Option<u64> {
    let status = fs_err::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
