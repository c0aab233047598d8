//! Worker processes that read and extract files, so that no document can take the daemon down.
//!
//! The daemon owns a [`Pool`]; each of its processes is the same program started with the argument
//! `worker`, which calls [`serve`]. They talk over one socket, the worker's standard input.

mod death;
mod pool;
mod process;
mod read;
mod serve;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::extract::Reason;

pub use pool::{Pool, PoolError};
pub use serve::serve;

/// What one document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time for reading and extracting one document.
    pub timeout: Duration,
    /// Memory of one worker process.
    pub memory_bytes: u64,
    /// Larger files are skipped unread.
    pub max_file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            memory_bytes: 512 * 1024 * 1024,
            max_file_bytes: 100 * 1024 * 1024,
        }
    }
}

/// One document to extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// The worker opens the file itself and never leaves the root, whatever links it meets there.
    File {
        /// The folder that holds the file; absolute.
        root: PathBuf,
        /// The path below the root, as the file system spells it.
        raw: PathBuf,
        /// The file name, for its extension.
        name: String,
    },
    /// Content that the caller already holds.
    Bytes {
        /// The file name, for its extension.
        name: String,
        /// The content.
        bytes: Vec<u8>,
    },
}

/// What became of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The content that was read; `None` when it could not be: vanished, not permitted, too large.
    pub content: Option<Content>,
    /// The document, or why there is none.
    pub outcome: Result<Document, Reason>,
}

/// The identity of the bytes that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// BLAKE3 of the bytes.
    pub hash: [u8; 32],
    /// How many bytes were read.
    pub size: u64,
    /// The file they came from; `None` for [`Job::Bytes`].
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
