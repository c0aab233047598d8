//! What was searched and asked before: one line each in a file that only its owner reads.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::state::Mode;
use crate::text::clean_line;

/// So many entries are kept.
pub const MAX_ENTRIES: usize = 1000;

/// A larger file is not read to its end, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// One query or question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whether it was searched or asked.
    pub mode: Mode,
    /// Its text, on one line.
    pub text: String,
}

impl Entry {
    fn line(&self) -> String {
        let sign = match self.mode {
            Mode::Search => '/',
            Mode::Ask => '?',
        };
        format!("{sign}{}\n", clean_line(&self.text))
    }

    fn parse(line: &str) -> Option<Self> {
        let (mode, text) = match (line.strip_prefix('/'), line.strip_prefix('?')) {
            (Some(text), _) => (Mode::Search, text),
            (_, Some(text)) => (Mode::Ask, text),
            _ => return None,
        };
        let text = clean_line(text);
        (!text.trim().is_empty()).then_some(Self { mode, text })
    }
}

/// The entries of a file, the oldest first; none when there is no file.
pub fn load(path: &Path) -> io::Result<Vec<Entry>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut entries = Vec::new();
    text.lines().filter_map(Entry::parse).for_each(|entry| add(&mut entries, entry));
    Ok(entries)
}

/// Adds an entry as the newest; one that is there already moves.
pub fn add(entries: &mut Vec<Entry>, entry: Entry) {
    entries.retain(|other| *other != entry);
    entries.push(entry);
    let surplus = entries.len().saturating_sub(MAX_ENTRIES);
    entries.drain(..surplus);
}

/// Adds an entry to the file; the file is written anew when it has grown to twice its size.
pub fn append(path: &Path, entry: &Entry) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.write_all(entry.line().as_bytes())?;
    if file.metadata()?.len() > MAX_BYTES / 2 {
        compact(path)?;
    }
    Ok(())
}

fn compact(path: &Path) -> io::Result<()> {
    let lines: String = load(path)?.iter().map(Entry::line).collect();
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(lines.as_bytes())?;
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn entry(text: &str) -> Entry {
        Entry { mode: Mode::Search, text: text.into() }
    }

    #[test]
    fn what_is_appended_is_read_back_once_and_privately() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/history");
        let asked = Entry { mode: Mode::Ask, text: "연차는 며칠?".into() };
        for entry in [entry("one"), asked.clone(), entry("one"), entry("a\nb\u{1b}[2J")] {
            append(&path, &entry).unwrap();
        }
        assert_eq!(load(&path).unwrap(), [asked, entry("one"), entry("a b�[2J")]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_costs_only_its_damaged_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        assert_eq!(load(&path).unwrap(), []);
        fs::write(&path, b"/one\n\xff\xfe\n\n?\n/two").unwrap();
        assert_eq!(load(&path).unwrap(), [entry("one"), entry("two")]);
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history");
        fs::write(&path, "/the same\n".repeat(300_000)).unwrap();
        append(&path, &entry("the last")).unwrap();
        assert_eq!(load(&path).unwrap(), [entry("the same"), entry("the last")]);
        assert!(fs::metadata(&path).unwrap().len() < 100);
    }
}
