//! What a look at a folder yields: entries, problems, and how far its word counts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The most problems that one listing names; the rest is counted in one last problem.
const MAX_PROBLEMS: usize = 10_000;

/// What one file looked like when it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path for people and for identity: relative to the root, `/` between names, Unicode NFC.
    /// A name whose NFC form is also another name of its directory keeps its own spelling.
    pub path: String,
    /// The path as it lies on the disk, relative to the root.
    pub raw: PathBuf,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last change in nanoseconds since the epoch.
    pub modified_ns: i64,
    /// The time of the last change of content or attributes, which no program can set back, in
    /// nanoseconds since the epoch; 0 where the file system's word on it means nothing.
    pub changed_ns: i64,
    /// The file's number on its device.
    pub inode: u64,
    /// False when the file changed so recently that its writer may not be done. A running
    /// [`super::Watch`] sends a hint for it once it stands still.
    pub settled: bool,
}

/// Something in the folder that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path relative to the root, for people; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// Why it is left out, lower case.
    pub reason: String,
}

/// The truth about one or more subtrees of a folder at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The raw paths that were looked at, with all that lies under them; the root is empty.
    pub covered: BTreeSet<PathBuf>,
    /// The files, sorted by [`Entry::path`] (byte order), each path once.
    pub entries: Vec<Entry>,
    /// What was left out although nobody asked for that, sorted by path.
    pub problems: Vec<Problem>,
    /// The raw paths about which nothing is known: nothing at or under them may be called gone.
    pub unreadable: BTreeSet<PathBuf>,
    /// How many directories were read.
    pub directories: usize,
}

impl Listing {
    /// Whether the absence of this raw path from the entries means that the file is gone.
    pub fn decides(&self, raw: &Path) -> bool {
        let at_or_above = |set: &BTreeSet<PathBuf>| raw.ancestors().any(|path| set.contains(path));
        at_or_above(&self.covered) && !at_or_above(&self.unreadable)
    }

    /// Appends what another worker found.
    pub(super) fn absorb(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.problems.extend(other.problems);
        self.unreadable.extend(other.unreadable);
        self.directories += other.directories;
    }

    /// Records what is left out and why.
    pub(super) fn problem(&mut self, path: &str, reason: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), reason: reason.into() });
    }

    /// Sorts everything. Runs that are sorted already are merged in linear time.
    pub(super) fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.path.cmp(&b.path));
        self.problems.sort_by(|a, b| (&a.path, &a.reason).cmp(&(&b.path, &b.reason)));
        if self.problems.len() > MAX_PROBLEMS {
            let more = self.problems.len() - MAX_PROBLEMS;
            self.problems.truncate(MAX_PROBLEMS);
            self.problem("", format!("{more} more problems are not listed"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_looked_at_and_could_be_read_is_decided() {
        let listing = Listing {
            covered: BTreeSet::from(["team".into()]),
            unreadable: BTreeSet::from(["team/locked".into()]),
            ..Listing::default()
        };
        assert!(listing.decides(Path::new("team/plan.md")));
        assert!(listing.decides(Path::new("team")));
        assert!(!listing.decides(Path::new("team/locked/plan.md")));
        assert!(!listing.decides(Path::new("teams/plan.md")));
    }
}
