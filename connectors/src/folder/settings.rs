//! What a person can set about one folder, and what can be wrong with it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::extract::Dialect;

/// How changes are noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchMode {
    /// Events where the file system sends them, polling elsewhere.
    #[default]
    Auto,
    /// Events, whatever the file system.
    Events,
    /// A look at everything every `poll_interval`.
    Poll,
}

/// Which files of which folder are documents, and how changes are noticed.
#[derive(Debug, Clone)]
pub struct FolderSettings {
    /// The absolute path of the folder; it may be a symbolic link.
    pub root: PathBuf,
    /// Globs in the syntax of `.gitignore`; when there are any, only files that match are listed.
    pub include: Vec<String>,
    /// Globs in the syntax of `.gitignore`; what matches is never listed.
    pub exclude: Vec<String>,
    /// Like `exclude`, but an ignore file in the folder can take it back with `!glob`.
    pub ignore: Vec<String>,
    /// Larger files are problems, not entries…
    pub max_file_bytes: u64,
    /// …unless they may be containers, which are read piece by piece: those may be so large.
    pub max_archive_bytes: u64,
    /// What wrote the files.
    pub dialect: Dialect,
    /// How changes are noticed.
    pub watch: WatchMode,
    /// The time between two looks where there are no events.
    pub poll_interval: Duration,
}

/// The settings of a folder cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderError {
    /// A glob does not parse.
    Glob {
        /// The key that holds it: `include`, `exclude` or `ignore`.
        key: &'static str,
        /// The glob as it was written.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The root is a relative path.
    RelativeRoot(PathBuf),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob { key, glob, reason } => {
                write!(f, "the glob `{glob}` in `{key}` cannot be used: {reason}")
            }
            Self::RelativeRoot(root) => {
                write!(f, "the folder `{}` must be an absolute path", root.display())
            }
        }
    }
}

impl std::error::Error for FolderError {}
