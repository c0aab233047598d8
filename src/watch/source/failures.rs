//! What a drop folder keeps in `failed/`, until somebody takes it out of there.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::report::Failures;
use super::super::settings::FAILED;

/// The ending of the text that says why a file failed.
pub(super) const REASON: &str = ".reason.txt";

/// Files are counted up to this number.
const MAX_FILES: usize = 10_000;

/// Directories inside each other that are looked into.
const MAX_DEPTH: usize = 32;

/// So many of the latest are named…
const NAMED: usize = 20;

/// …each with so much of its reason, in bytes.
const MAX_REASON_BYTES: u64 = 1000;

/// Counts what lies below `root/failed` and reads the latest reasons; links are not followed.
pub(super) fn look(root: &Path) -> Failures {
    let mut files = Vec::new();
    list(&root.join(FAILED), MAX_DEPTH, &mut files);
    let count = files.len() as u64;
    files.sort_by(|(one, one_path), (other, other_path)| {
        other.cmp(one).then_with(|| one_path.cmp(other_path))
    });
    let named = files.into_iter().take(NAMED).map(|(_, path)| {
        let below = path.strip_prefix(root).unwrap_or(&path);
        (below.to_string_lossy().into_owned(), reason(&path))
    });
    Failures { count, latest: named.collect() }
}

/// The files of a directory and those below it, with the times of their reasons.
fn list(directory: &Path, depth: usize, files: &mut Vec<(SystemTime, PathBuf)>) {
    // What is not there, or may not be listed, holds nothing that can be told.
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.take(MAX_FILES * 2).flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() && depth > 0 {
            list(&path, depth - 1, files);
        } else if kind.is_file() && !is_reason(&path) && files.len() < MAX_FILES {
            let noted = fs::symlink_metadata(beside(&path)).and_then(|about| about.modified());
            files.push((noted.unwrap_or(SystemTime::UNIX_EPOCH), path));
        }
    }
}

fn is_reason(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.len() > REASON.len() && name.ends_with(REASON.as_bytes())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(REASON);
    name.into()
}

fn reason(path: &Path) -> String {
    let path = beside(path);
    let mut bytes = Vec::new();
    // Opening a pipe would wait for its writer.
    if path.symlink_metadata().is_ok_and(|about| about.is_file())
        && let Ok(file) = File::open(&path)
    {
        // What can be read of it says more than nothing.
        let _cut = file.take(MAX_REASON_BYTES).read_to_end(&mut bytes);
    }
    match String::from_utf8_lossy(&bytes).trim() {
        "" => "it could not be read".to_owned(),
        reason => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str, seconds: u64) {
        let path = root.join(FAILED).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn what_failed_is_counted_and_the_latest_comes_first_with_its_reason() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        assert_eq!(look(root), Failures::default());
        write(root, "a.pdf", "%PDF", 9);
        write(root, "a.pdf.reason.txt", "is locked\n", 1);
        write(root, "in/b.docx", "PK", 8);
        write(root, "in/b.docx.reason.txt", "is damaged\n", 2);
        write(root, "c.txt", "put there by hand", 7);
        write(root, "gone.txt.reason.txt", "its file was taken out\n", 3);
        let failures = look(root);
        let named = failures.latest.iter().map(|(path, reason)| (path.as_str(), reason.as_str()));
        let expected = [
            ("failed/in/b.docx", "is damaged"),
            ("failed/a.pdf", "is locked"),
            ("failed/c.txt", "it could not be read"),
        ];
        assert_eq!(named.collect::<Vec<_>>(), expected);
        assert_eq!(failures.count, 3);
    }

    #[test]
    fn links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "a.pdf", "%PDF", 9);
        let (root, outside) = (directory.path().join("root"), directory.path().join(FAILED));
        fs::create_dir_all(root.join(FAILED)).unwrap();
        std::os::unix::fs::symlink(&outside, root.join(FAILED).join("link")).unwrap();
        assert_eq!(look(&root).count, 0);
    }
}
