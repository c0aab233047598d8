//! The difference between what a source lists and what the catalog knows; pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ragterm_connectors::folder::{Entry, Listing, Problem};

use crate::catalog::{DocumentState, Known};
use crate::id::DocumentId;

/// What has to be done so that the catalog equals the listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Entries to be read: unknown to the catalog, or other than when they were read.
    pub read: Vec<(Option<DocumentId>, Entry)>,
    /// Entries that cannot be read and are not yet recorded as such.
    pub problems: Vec<(Option<DocumentId>, Problem)>,
    /// Documents whose entry is no longer listed.
    pub gone: Vec<Known>,
    /// How many entries are as they were.
    pub unchanged: u64,
    /// Those of them whose time of change the catalog does not know yet.
    pub undated: Vec<(DocumentId, i64)>,
    /// How many entries changed so recently that their writer may not be done.
    pub settling: u64,
}

/// Which known entries are read again although they look unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Only those read by another version of extraction or chunking.
    Outdated,
    /// Those that failed as well.
    Failed,
}

/// Compares a listing with what is known of the same subtrees; `known` is ordered by path bytes.
///
/// An entry that is still being written is left as it is: the watch tells when it is complete.
pub fn diff(listing: Listing, known: Vec<Known>, version: u64, retry: Retry) -> Diff {
    let mut diff = Diff::default();
    let mut left = Vec::new();
    let mut known = known.into_iter().peekable();
    let Listing { entries, problems, .. } = &listing;
    for entry in entries {
        while let Some(gone) = known.next_if(|known| known.path < entry.path) {
            left.push(gone);
        }
        let same = known.next_if(|known| known.path.cmp(&entry.path) == Ordering::Equal);
        match same {
            Some(known) if is_current(&known, entry, version, retry) => {
                diff.unchanged += 1;
                if known.changed_ns == 0 && entry.changed_ns != 0 {
                    diff.undated.push((known.id, entry.changed_ns));
                }
            }
            same if entry.settled => {
                diff.read.push((same.map(|known| known.id), entry.clone()));
            }
            _ => diff.settling += 1,
        }
    }
    left.extend(known);
    let mut problems: BTreeMap<_, _> =
        problems.iter().map(|problem| (problem.path.as_str(), problem)).collect();
    // Two raw names can look alike; the one that can be read has the path.
    for entry in entries {
        problems.remove(entry.path.as_str());
    }
    for known in left {
        match problems.remove(known.path.as_str()) {
            Some(_) if is_recorded_problem(&known) => diff.unchanged += 1,
            Some(problem) => diff.problems.push((Some(known.id), problem.clone())),
            None if listing.decides(&known.raw) => diff.gone.push(known),
            None => diff.unchanged += 1,
        }
    }
    diff.problems.extend(problems.into_values().map(|problem| (None, problem.clone())));
    diff
}

fn is_current(known: &Known, entry: &Entry, version: u64, retry: Retry) -> bool {
    let retried = retry == Retry::Failed && known.state == DocumentState::Failed;
    // A name can change its spelling alone, and the old one then opens nothing.
    known.raw == entry.raw
        && known.size == entry.size
        && known.modified_ns == entry.modified_ns
        && is_same_change(known.changed_ns, entry.changed_ns)
        && known.version == version
        && !retried
}

/// Size and time of writing can be set back to what they were; the time of change cannot.
fn is_same_change(known_ns: i64, entry_ns: i64) -> bool {
    known_ns == entry_ns || known_ns == 0 || entry_ns == 0
}

/// Entries that could not be listed are recorded without size and time.
fn is_recorded_problem(known: &Known) -> bool {
    known.state == DocumentState::Skipped && known.size == 0 && known.modified_ns == 0
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn entry(path: &str, size: u64) -> Entry {
        Entry {
            path: path.into(),
            raw: path.into(),
            size,
            modified_ns: 7,
            changed_ns: 8,
            inode: 1,
            settled: true,
        }
    }

    fn listing(entries: Vec<Entry>) -> Listing {
        Listing { covered: [PathBuf::new()].into(), entries, ..Listing::default() }
    }

    fn known(id: u64, path: &str, size: u64) -> Known {
        Known {
            id: DocumentId(id),
            path: path.into(),
            raw: path.into(),
            size,
            modified_ns: 7,
            changed_ns: 8,
            state: DocumentState::Indexed,
            version: 1,
        }
    }

    fn paths(known: &[Known]) -> Vec<&str> {
        known.iter().map(|known| known.path.as_str()).collect()
    }

    #[test]
    fn every_entry_falls_into_exactly_one_class() {
        let listing = listing(vec![entry("a", 1), entry("b", 2), entry("c", 3), entry("나", 4)]);
        let known = vec![known(1, "a", 1), known(2, "aa", 1), known(3, "c", 9), known(4, "z", 1)];
        let diff = diff(listing, known, 1, Retry::Outdated);
        assert_eq!(diff.unchanged, 1);
        let read: Vec<_> = diff.read.iter().map(|(id, entry)| (*id, &*entry.path)).collect();
        assert_eq!(read, [(None, "b"), (Some(DocumentId(3)), "c"), (None, "나")]);
        assert_eq!(paths(&diff.gone), ["aa", "z"]);
    }

    #[test]
    fn a_file_whose_size_and_time_were_set_back_is_read() {
        let rewritten = Known { changed_ns: 6, ..known(1, "a", 1) };
        let diff = diff(listing(vec![entry("a", 1)]), vec![rewritten], 1, Retry::Outdated);
        assert_eq!((diff.read.len(), diff.unchanged), (1, 0));
    }

    #[test]
    fn a_time_of_change_that_was_never_recorded_is_learnt_without_reading() {
        let old = Known { changed_ns: 0, ..known(1, "a", 1) };
        let learnt = diff(listing(vec![entry("a", 1)]), vec![old], 1, Retry::Outdated);
        assert_eq!((learnt.read.len(), learnt.unchanged), (0, 1));
        assert_eq!(learnt.undated, [(DocumentId(1), 8)]);
        let unsure = Entry { changed_ns: 0, ..entry("a", 1) };
        let ignored = diff(listing(vec![unsure]), vec![known(1, "a", 1)], 1, Retry::Outdated);
        assert_eq!((ignored.unchanged, ignored.undated), (1, vec![]));
    }

    #[test]
    fn what_could_not_be_looked_at_is_not_gone() {
        let mut listing = listing(vec![entry("a", 1)]);
        listing.unreadable.insert("locked".into());
        let known = vec![known(1, "a", 1), known(2, "b", 1), known(3, "locked/c", 1)];
        let diff = diff(listing, known, 1, Retry::Outdated);
        assert_eq!(paths(&diff.gone), ["b"]);
    }

    #[test]
    fn a_file_being_written_is_neither_read_nor_gone() {
        let writing = |path| Entry { settled: false, ..entry(path, 5) };
        let listing = listing(vec![writing("known"), writing("new")]);
        let diff = diff(listing, vec![known(1, "known", 1)], 1, Retry::Outdated);
        assert_eq!((diff.read.len(), diff.gone.len()), (0, 0));
    }

    #[test]
    fn a_problem_is_recorded_once() {
        let mut listing = listing(vec![]);
        let problem = |path: &str| Problem { path: path.into(), reason: "a pipe".into() };
        listing.problems = vec![problem("new"), problem("recorded"), problem("was-a-file")];
        let recorded =
            Known { state: DocumentState::Skipped, modified_ns: 0, ..known(1, "recorded", 0) };
        let diff = diff(listing, vec![recorded, known(2, "was-a-file", 3)], 1, Retry::Outdated);
        let ids: Vec<_> = diff.problems.iter().map(|(id, problem)| (*id, &*problem.path)).collect();
        assert_eq!(ids, [(Some(DocumentId(2)), "was-a-file"), (None, "new")]);
        assert_eq!((diff.unchanged, diff.gone.len()), (1, 0));
    }

    #[test]
    fn a_new_reader_reads_everything_again() {
        let diff = diff(listing(vec![entry("a", 1)]), vec![known(1, "a", 1)], 2, Retry::Outdated);
        assert_eq!(diff.read.len(), 1);
    }

    #[test]
    fn failed_entries_are_retried_only_when_asked() {
        let failed = Known { state: DocumentState::Failed, ..known(1, "a", 1) };
        let listing = listing(vec![entry("a", 1)]);
        let outdated = diff(listing.clone(), vec![failed.clone()], 1, Retry::Outdated);
        assert_eq!(outdated.unchanged, 1);
        let retried = diff(listing, vec![failed], 1, Retry::Failed);
        assert_eq!(retried.read.len(), 1);
    }
}
