//! The worker's side: take a request, read, hash, extract, answer; end when the daemon is gone.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rustix::process::{Resource, Rlimit};

use super::wire::{self, Hello, Origin, Reply, Request, Task};
use super::{Content, read};
use crate::document::Document;
use crate::extract::{self, Extraction, Input, Reason};

/// How a worker turns bytes into a document; tests put in one that misbehaves.
pub(super) type Extractor = fn(&Input<'_>) -> Result<Extraction, Reason>;

/// The variable that carries [`super::Limits::memory_bytes`] to the worker.
pub(super) const MEMORY_VARIABLE: &str = "RAGTERM_WORKER_MEMORY_BYTES";

/// The same on every machine, whatever `ulimit -s` says: depth limits are tested against it.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// What the program itself needs beside the document.
const OWN_MEMORY_BYTES: u64 = 32 * 1024 * 1024;

/// Searches come first, but indexing must not starve.
const NICENESS: i32 = 10;

thread_local! {
    /// Where the last panic of this thread happened; never its message, which may quote the document.
    static PANIC_PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs the hidden command `worker`: serves the pool on standard input until that is closed.
/// Fails when standard input is not the pool's socket.
pub fn serve() -> io::Result<()> {
    serve_with(extract::extract)
}

pub(super) fn serve_with(extractor: Extractor) -> io::Result<()> {
    restrict();
    let mut socket = pool_socket()?;
    wire::send(&mut socket, &Hello::ours())?;
    let mut input = socket.try_clone()?;
    let (jobs, queue) = sync_channel(1);
    thread::Builder::new()
        .name("extract".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || work(&queue, socket, extractor))?;
    // This thread waits on the socket even while a document is extracted. A daemon that dies is
    // noticed at once, and the return from here ends the process in the middle of its work.
    while let Some(job) = read_job(&mut input)? {
        if jobs.send(job).is_err() {
            break;
        }
    }
    Ok(())
}

/// Standard input, which the pool made a socket. Standard output is not used: libraries print to it.
pub(super) fn pool_socket() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Without these limits a hostile document could harm the machine; what fails is not fatal.
fn restrict() {
    let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    if let Some(bytes) = std::env::var(MEMORY_VARIABLE).ok().and_then(|text| text.parse().ok()) {
        let bytes = u64::saturating_add(bytes, OWN_MEMORY_BYTES + STACK_BYTES as u64);
        report("memory limit", rustix::process::setrlimit(Resource::Data, limit(bytes)));
    }
    report("core dumps", rustix::process::setrlimit(Resource::Core, limit(0)));
    report("file writes", rustix::process::setrlimit(Resource::Fsize, limit(0)));
    report("niceness", rustix::process::nice(NICENESS).map(drop));
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        PANIC_PLACE.set(place.unwrap_or_default());
    }));
}

fn report(what: &str, result: rustix::io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(what, %error, "a worker could not restrict itself");
    }
}

/// A request and, when it announces one, the content that follows it.
fn read_job(input: &mut impl Read) -> io::Result<Option<(Request, Vec<u8>)>> {
    let Some(frame) = wire::read_frame(input)? else { return Ok(None) };
    let request: Request = wire::parse(&frame)?;
    match request.origin {
        Origin::File { .. } => Ok(Some((request, Vec::new()))),
        Origin::NextFrame => Ok(wire::read_frame(input)?.map(|content| (request, content))),
    }
}

fn work(queue: &Receiver<(Request, Vec<u8>)>, mut socket: UnixStream, extractor: Extractor) {
    while let Ok((request, content)) = queue.recv() {
        let reply = answer(&request, content, extractor);
        let sent = wire::send(&mut socket, &reply).or_else(|error| {
            // Nothing was written yet: the length is checked before the first byte.
            if error.kind() != io::ErrorKind::FileTooLarge {
                return Err(error);
            }
            let limit = read::size(wire::MAX_FRAME_BYTES as u64);
            let reason = Reason::Failed(format!("its text is larger than {limit}"));
            wire::send(&mut socket, &Reply { outcome: Err(reason), ..reply })
        });
        if sent.is_err() {
            return;
        }
    }
}

fn answer(request: &Request, content: Vec<u8>, extractor: Extractor) -> Reply {
    let (content, outcome) = match obtain(request, content) {
        Ok((content, bytes)) => (Some(content), outcome(request, &bytes, extractor)),
        Err(reason) => (None, Err(reason)),
    };
    Reply { content, outcome }
}

fn obtain(request: &Request, content: Vec<u8>) -> Result<(Content, Vec<u8>), Reason> {
    let (file, bytes) = match &request.origin {
        Origin::NextFrame => (None, content),
        Origin::File { root, raw } => {
            let [root, raw] = [root, raw].map(|path| Path::new(OsStr::from_bytes(path)));
            let (file, bytes) = read::read_file(root, raw, request.max_file_bytes)?;
            (Some(file), bytes)
        }
    };
    let hash = *blake3::hash(&bytes).as_bytes();
    Ok((Content { hash, size: bytes.len() as u64, file }, bytes))
}

fn outcome(request: &Request, bytes: &[u8], extractor: Extractor) -> Result<Document, Reason> {
    if request.task == Task::Identify {
        return Ok(Document::default());
    }
    let input = Input::new(&request.name, bytes);
    let extraction =
        panic::catch_unwind(AssertUnwindSafe(|| extractor(&input))).unwrap_or_else(|_| {
            let place = PANIC_PLACE.take();
            Err(Reason::Failed(format!("the reader crashed (a fault in ragterm, at {place})")))
        });
    extraction.map(|extraction| extraction.document)
}
