//! The worker's side: take a request, read, hash, extract, answer; end when the daemon is gone.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rustix::process::{Resource, Rlimit};

use super::source::{Pulse, Socket, Source, beside};
use super::visitor::Teller;
use super::wire::{self, Answer, Hello, Origin, Reply, Request, Task};
use crate::container::{self, Opened, Shape, Walk};
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

/// All that comes out of a file together is no more than so many times its size…
const MAX_GROWTH: u64 = 200;

/// …beyond this.
const FREE_GROWTH_BYTES: u64 = 128 * 1024 * 1024;

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

fn work(queue: &Receiver<(Request, Vec<u8>)>, socket: UnixStream, extractor: Extractor) {
    let socket = Rc::new(RefCell::new(socket));
    while let Ok((request, content)) = queue.recv() {
        let mut answer = Answer::Done(reply(&request, content, (extractor, &socket)));
        let mut sent = wire::send(&mut *socket.borrow_mut(), &answer);
        // Nothing was written then: the length is checked before the first byte.
        if sent.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::FileTooLarge) {
            if let Answer::Done(reply) = &mut answer {
                reply.outcome = Err(wire::too_much_text());
            }
            sent = wire::send(&mut *socket.borrow_mut(), &answer);
        }
        if sent.is_err() {
            return;
        }
    }
}

fn reply(request: &Request, held: Vec<u8>, (extractor, socket): (Extractor, &Socket)) -> Reply {
    let source = match Source::open(request, held, socket) {
        Ok(source) => source,
        Err(reason) => {
            return Reply {
                content: None,
                is_container: false,
                modified_ns: None,
                outcome: Err(reason),
            };
        }
    };
    let mut teller = Teller::new(socket, extractor, &request.resume);
    let limits = limits(request, source.size());
    let walk = Walk::new(&mut teller, limits)
        .reading(request.dialect, request.ocr.as_deref())
        .ignoring(&request.ignore);
    match source {
        Source::Whole { content, bytes } => {
            let read = whole(request, &bytes, (extractor, walk));
            let modified_ns = read.as_ref().ok().and_then(|(_, modified_ns)| *modified_ns);
            let mut outcome = read.map(|(document, _)| document);
            // What stands in the place of an archive is one that cannot be read: what was known of
            // the archive stays until it is there again.
            let is_container = outcome.is_err() && container::is_named_archive(&request.path);
            if let (true, Err(reason)) = (is_container, &outcome) {
                outcome = Err(Reason::Failed(reason.to_string()));
            }
            Reply { content: Some(content), is_container, modified_ns, outcome }
        }
        Source::Container { content, shape, file } => {
            let is_known = request.known == Some(content.hash) || request.task == Task::Identify;
            let is_other = request.resume.hash.is_some_and(|hash| hash != content.hash);
            let outcome = if is_known {
                Ok(())
            } else if is_other {
                let reason = "it changed while it was read".to_owned();
                return Reply {
                    content: None,
                    is_container: true,
                    modified_ns: None,
                    outcome: Err(Reason::Failed(reason)),
                };
            } else {
                // A pool that is gone will not hear the rest either.
                let _unheard =
                    wire::send(&mut *socket.borrow_mut(), &Answer::Opened { hash: content.hash });
                walked(request, (shape, file), walk)
            };
            let outcome = outcome.map(|()| Document::default());
            Reply { content: Some(content), is_container: true, modified_ns: None, outcome }
        }
    }
}

/// What may come out of a file of so many bytes: archives inside archives multiply.
fn limits(request: &Request, size: u64) -> container::Limits {
    let grown = size.saturating_mul(MAX_GROWTH).saturating_add(FREE_GROWTH_BYTES);
    container::Limits {
        file_bytes: request.max_file_bytes,
        total_bytes: request.max_archive_bytes.min(grown),
        ..container::Limits::default()
    }
}

/// Reads a file, then the files that it carries; says when it was changed by its own word, too.
fn whole(
    request: &Request,
    bytes: &[u8],
    (extractor, mut walk): (Extractor, Walk<'_>),
) -> Result<(Document, Option<i64>), Reason> {
    if request.task == Task::Identify {
        return Ok((Document::default(), None));
    }
    let (dialect, ocr) = (request.dialect, request.ocr.as_deref());
    let input = Input { path: &request.path, bytes, dialect, ocr };
    let extraction = guarded(extractor, &input)?;
    // What is wrong with what it carries does not take its own text away.
    let _left_out = walk.attachments(extraction.attachments, extraction.modified_ns);
    Ok((extraction.document, extraction.modified_ns))
}

/// A reader of containers that crashes ends its own walk only; what was handed over stays.
fn walked(
    request: &Request,
    (shape, file): (Shape, Pulse<File>),
    mut walk: Walk<'_>,
) -> Result<(), Reason> {
    let beside = beside(request);
    let opened = Opened {
        path: &request.path,
        dialect: request.dialect,
        content: Box::new(file),
        beside: Some(&beside),
    };
    unwound(|| opened.walk(shape, &mut walk))
}

/// Extracts; a crash is a reason, too.
pub(super) fn guarded(extractor: Extractor, input: &Input<'_>) -> Result<Extraction, Reason> {
    unwound(|| extractor(input))
}

fn unwound<T>(work: impl FnOnce() -> Result<T, Reason>) -> Result<T, Reason> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = PANIC_PLACE.take();
        Err(Reason::Failed(format!("the reader crashed (a fault in ragterm, at {place})")))
    })
}
