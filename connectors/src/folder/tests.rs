//! Tests of the folder on real directories; here is what they share.

mod ignoring;
mod scanning;
mod watching;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::*;

/// Settings that list everything under a root.
pub(super) fn settings(root: &Path) -> FolderSettings {
    FolderSettings {
        root: root.to_owned(),
        include: Vec::new(),
        exclude: Vec::new(),
        ignore: Vec::new(),
        max_file_bytes: 1_000_000,
        max_archive_bytes: 2_000_000,
        dialect: crate::extract::Dialect::Any,
        watch: WatchMode::Auto,
        poll_interval: Duration::from_secs(30),
    }
}

/// A folder with these files in it; each holds its own path.
fn folder(files: &[&str]) -> (tempfile::TempDir, Arc<Folder>) {
    let directory = tempfile::tempdir().unwrap();
    files.iter().for_each(|file| write(directory.path(), file));
    let folder = Folder::open(settings(directory.path())).unwrap();
    (directory, Arc::new(folder))
}

/// Writes a file and the directories above it.
fn write(root: &Path, file: &str) {
    let path = root.join(file);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, file).unwrap();
}

fn paths(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(|entry| entry.path.as_str()).collect()
}

fn problems(listing: &Listing) -> BTreeMap<&str, &str> {
    listing.problems.iter().map(|p| (p.path.as_str(), p.reason.as_str())).collect()
}
