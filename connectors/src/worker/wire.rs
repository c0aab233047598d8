//! The frames between the pool and a worker: a length, then that many bytes of postcard.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Content, Extracted, read};
use crate::container::Member;
use crate::document::Document;
use crate::extract::{Dialect, Reason};

/// No frame is larger, whatever its length field says.
pub(super) const MAX_FRAME_BYTES: usize = 256 * 1024 * 1024;

/// A length field that lies costs at most this much memory.
const FIRST_READ_BYTES: usize = 64 * 1024;

/// Sent once by a worker that is ready.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub version: String,
}

impl Hello {
    /// What this build says; pool and worker must say the same.
    pub(super) fn ours() -> Self {
        let package = env!("CARGO_PKG_VERSION");
        Self { version: format!("{package}/{}", crate::extract::EXTRACTION_VERSION) }
    }
}

/// What a worker is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub task: Task,
    pub path: String,
    pub dialect: Dialect,
    pub ocr: Option<String>,
    pub origin: Origin,
    pub known: Option<[u8; 32]>,
    pub max_file_bytes: u64,
    pub max_archive_bytes: u64,
    pub ignore: Vec<String>,
    pub resume: Resume,
}

/// How far a worker goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Task {
    /// Read, hash and extract.
    Extract,
    /// Read and hash only: the content of a document that cannot be extracted.
    Identify,
}

/// Where the bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// A root and a path below it, in raw bytes.
    File { root: Vec<u8>, raw: Vec<u8> },
    /// A second frame follows, the content itself.
    NextFrame,
}

/// How far an earlier walk through the same container came, by the ordinals of what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resume {
    /// Everything before this ordinal was handed over.
    pub done: u64,
    /// What ended a worker is not touched again.
    pub avoid: Vec<Avoided>,
    /// BLAKE3 of the file that was walked; another one has other documents.
    pub hash: Option<[u8; 32]>,
}

/// A document, or a container inside the file, that ended a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Avoided {
    pub ordinal: u64,
    /// The ordinal of what comes behind it: what a container handed over has ordinals, too.
    pub next: u64,
}

/// What a worker says while it works.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It gets on: it reads a large container.
    Alive,
    /// It walks through a container with this hash.
    Opened { hash: [u8; 32] },
    /// It begins to read a document inside the file.
    Begun { ordinal: u64, path: String },
    /// It begins to walk through a container inside the file…
    Entered { ordinal: u64, path: String },
    /// …and has come to its end.
    Left,
    /// It has read one.
    Member { ordinal: u64, member: Member },
    /// It is done.
    Done(Reply),
}

/// What became of the file as a whole.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Reply {
    pub content: Option<Content>,
    pub is_container: bool,
    pub modified_ns: Option<i64>,
    pub outcome: Result<Document, Reason>,
}

impl From<Reply> for Extracted {
    fn from(reply: Reply) -> Self {
        let Reply { content, is_container, modified_ns, outcome } = reply;
        Self { content, is_container, modified_ns, outcome }
    }
}

/// Makes a frame's bytes; fails when they exceed [`MAX_FRAME_BYTES`].
pub(super) fn frame<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    // Counted first: growing a buffer of 100 MB by doubling would need twice the memory.
    let size = postcard::serialize_with_flavor(message, postcard::ser_flavors::Size::default())
        .map_err(io::Error::other)?;
    let length = length(size)?;
    let mut bytes = Vec::with_capacity(4 + size);
    bytes.extend_from_slice(&length);
    postcard::to_io(message, &mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// Parses the content of a frame; left-over bytes are an error.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        Ok(_) => Err(nonsense("bytes are left over")),
        Err(error) => Err(nonsense(&error.to_string())),
    }
}

/// Reads one frame; `None` at the end of the stream.
pub(super) fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut header = [0; 4];
    match input.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let size = checked_size(header)?;
    let mut bytes = Vec::with_capacity(size.min(FIRST_READ_BYTES));
    input.take(size as u64).read_to_end(&mut bytes)?;
    if bytes.len() < size {
        return Ok(None);
    }
    Ok(Some(bytes))
}

/// Writes raw bytes as one frame.
pub(super) async fn send_raw(output: &mut (impl AsyncWrite + Unpin), raw: &[u8]) -> io::Result<()> {
    output.write_all(&length(raw.len())?).await?;
    output.write_all(raw).await
}

/// Reads and parses one frame.
pub(super) async fn receive<T: DeserializeOwned>(
    input: &mut (impl AsyncRead + Unpin),
) -> io::Result<T> {
    let mut header = [0; 4];
    input.read_exact(&mut header).await?;
    let size = checked_size(header)?;
    let mut bytes = Vec::with_capacity(size.min(FIRST_READ_BYTES));
    input.take(size as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    parse(&bytes)
}

/// Writes one message and flushes it.
pub(super) fn send<T: Serialize>(output: &mut impl Write, message: &T) -> io::Result<()> {
    output.write_all(&frame(message)?)?;
    output.flush()
}

/// The reason for a document that does not fit into a frame.
pub(super) fn too_much_text() -> Reason {
    Reason::Failed(format!("its text is larger than {}", read::size(MAX_FRAME_BYTES as u64)))
}

fn length(size: usize) -> io::Result<[u8; 4]> {
    match u32::try_from(size) {
        Ok(length) if size <= MAX_FRAME_BYTES => Ok(length.to_le_bytes()),
        _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, "a frame is too large")),
    }
}

fn checked_size(header: [u8; 4]) -> io::Result<usize> {
    match usize::try_from(u32::from_le_bytes(header)) {
        Ok(size) if size <= MAX_FRAME_BYTES => Ok(size),
        _ => Err(nonsense("a frame is too large")),
    }
}

fn nonsense(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
