//! Stands in for change events on systems other than Linux: there are none, the folder is polled.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Change;
use crate::folder::rules::{Level, Rules};

/// Watches no directory.
#[derive(Debug)]
pub(in crate::folder) struct Watches;

impl Watches {
    pub fn new(_root: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn begin(&self) -> u64 {
        0
    }

    pub fn add(&self, _raw: &Path, _level: Option<&Arc<Level>>) {}

    pub fn obey(&self, _raw: &Path, _level: Option<&Arc<Level>>) {}

    pub fn sweep(&self, _covered: &BTreeSet<PathBuf>, _generation: u64) {}

    pub fn retry(&self) {}

    pub fn count(&self) -> usize {
        0
    }

    pub fn is_full(&self) -> bool {
        false
    }
}

/// A stream of changes without any.
#[derive(Debug)]
pub(super) struct Changes;

impl Changes {
    pub fn new(_watches: Arc<Watches>) -> io::Result<Self> {
        Ok(Self)
    }

    pub async fn next(&self, _rules: &Rules) -> io::Result<Vec<Change>> {
        std::future::pending().await
    }
}
