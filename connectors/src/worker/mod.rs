//! Worker processes that read and extract files, so that no document can take the daemon down.
//!
//! The daemon owns a [`Pool`]; each of its processes is the same program started with the argument
//! `worker`, which calls [`serve`]. They talk over one socket, the worker's standard input.

mod death;
mod pool;
mod process;
mod progress;
mod read;
mod serve;
mod source;
#[cfg(test)]
mod tests;
mod visitor;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::extract::{Dialect, Reason};

pub use pool::{Pool, PoolError, may_be_long};
pub use serve::serve;

/// What one document may cost, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time for reading and extracting one document.
    pub timeout: Duration,
    /// Memory of one worker process.
    pub memory_bytes: u64,
    /// Larger files are skipped unread, unless they are containers.
    pub max_file_bytes: u64,
    /// Larger containers are skipped unread; no more than this comes out of one.
    pub max_archive_bytes: u64,
    /// The languages in which text is recognised in pictures, as `tesseract` names them; `None`:
    /// it is not.
    pub ocr: Option<String>,
    /// Globs of names that are left out of archives of any files, as in ignore files; those that
    /// cannot be used do not count.
    pub ignore: Vec<String>,
}

/// Recognising the text of a page takes seconds, and a document has up to two hundred pages.
const OCR_TIMEOUT: Duration = Duration::from_secs(600);

impl Limits {
    /// How long a worker may be silent.
    pub(crate) fn patience(&self) -> Duration {
        if self.ocr.is_some() { self.timeout.max(OCR_TIMEOUT) } else { self.timeout }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            memory_bytes: 512 * 1024 * 1024,
            max_file_bytes: 100 * 1024 * 1024,
            max_archive_bytes: 10_000_000_000,
            ocr: None,
            ignore: Vec::new(),
        }
    }
}

/// One file to extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The path below its source, `/` between names, for people and for the extension.
    pub path: String,
    /// What wrote the file.
    pub dialect: Dialect,
    /// In bytes, as it was listed; 0 when that is not known.
    pub size: u64,
    /// The hash of the content that is known already: a container that still has it is not walked.
    pub known: Option<[u8; 32]>,
    /// Where the bytes are.
    pub origin: Origin,
}

/// Where the bytes of a job are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The worker opens the file itself and never leaves the root, whatever links it meets there.
    File {
        /// The folder that holds the file; absolute.
        root: PathBuf,
        /// The path below the root, as the file system spells it.
        raw: PathBuf,
    },
    /// Content that the caller already holds; it is not taken for a container.
    Bytes(Vec<u8>),
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The content that was read; `None` when it could not be: vanished, not permitted, too large.
    pub content: Option<Content>,
    /// Whether the file is a container, which says nothing itself: all it holds are members.
    pub is_container: bool,
    /// When it was written or last changed by what it says itself, in nanoseconds since the epoch;
    /// only of messages and pages of wikis.
    pub modified_ns: Option<i64>,
    /// The document, or why there is none; of a container, whether it was walked to its end.
    pub outcome: Result<Document, Reason>,
}

impl Extracted {
    /// A file of which no document was made.
    fn failed(content: Option<Content>, reason: Reason) -> Self {
        Self { content, is_container: false, modified_ns: None, outcome: Err(reason) }
    }
}

/// The identity of the bytes that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// BLAKE3 of the bytes.
    pub hash: [u8; 32],
    /// How many bytes were read.
    pub size: u64,
    /// The file they came from; `None` for [`Origin::Bytes`].
    pub file: Option<OpenedFile>,
}

/// What `fstat` said of the opened file before its first byte was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedFile {
    /// The device that holds the file.
    pub device: u64,
    /// The inode on that device.
    pub inode: u64,
    /// Size in bytes.
    pub size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Last change of content or attributes, in nanoseconds since 1970.
    pub changed_ns: i64,
}
