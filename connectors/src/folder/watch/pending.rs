//! Collects hints until a burst is over: few, bounded, none under another.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Event;
use crate::folder::locate::outermost;

/// A burst is over when nothing came for this long.
const QUIET: Duration = Duration::from_millis(40);

/// A burst that does not end is delivered in pieces of this length.
const LONGEST: Duration = Duration::from_millis(250);

/// More paths than this become their directories.
const MAX_HINTS: usize = 4_000;

/// From this many paths on, a directory stands for what changed in it when there are too many.
const CROWD: usize = 16;

/// Two scans of everything are at least this far apart.
const RESCAN_PAUSE: Duration = Duration::from_secs(2);

/// What waits to be delivered.
#[derive(Debug, Default)]
pub(super) struct Pending {
    paths: BTreeSet<PathBuf>,
    rescan: Option<String>,
    lost: Option<String>,
    first: Option<Instant>,
    last: Option<Instant>,
    rescanned: Option<Instant>,
}

impl Pending {
    /// Something may have changed at or under a path.
    pub fn hint(&mut self, path: PathBuf, now: Instant) {
        if path.as_os_str().is_empty() {
            return self.rescan("the whole folder changed", now);
        }
        self.touch(now);
        if self.rescan.is_some() || path.ancestors().any(|above| self.paths.contains(above)) {
            return;
        }
        self.paths.insert(path);
        if self.paths.len() > MAX_HINTS {
            self.collapse(now);
        }
    }

    /// Nothing is certain any more.
    pub fn rescan(&mut self, reason: impl Into<String>, now: Instant) {
        self.touch(now);
        self.paths.clear();
        self.rescan.get_or_insert_with(|| reason.into());
    }

    /// The root is not there any more.
    pub fn lost(&mut self, reason: impl Into<String>, now: Instant) {
        self.touch(now);
        self.lost.get_or_insert_with(|| reason.into());
    }

    /// How many hints wait; a look at everything is one.
    pub fn len(&self) -> usize {
        self.paths.len() + usize::from(self.rescan.is_some()) + usize::from(self.lost.is_some())
    }

    /// When the next event is to be delivered.
    pub fn due(&self) -> Option<Instant> {
        let due = (self.last? + QUIET).min(self.first? + LONGEST);
        let paused = self.rescanned.filter(|_| self.rescan.is_some() && self.lost.is_none());
        Some(paused.map_or(due, |rescanned| due.max(rescanned + RESCAN_PAUSE)))
    }

    /// The next event, if one is due.
    pub fn take(&mut self, now: Instant) -> Option<Event> {
        if self.due()? > now {
            return None;
        }
        if let Some(reason) = self.lost.take() {
            return Some(Event::Lost(reason));
        }
        (self.first, self.last) = (None, None);
        if let Some(reason) = self.rescan.take() {
            self.rescanned = Some(now);
            return Some(Event::Rescan(reason));
        }
        let paths: Vec<_> = std::mem::take(&mut self.paths).into_iter().collect();
        let outer: Vec<_> = outermost(&paths).into_iter().collect();
        (!outer.is_empty()).then_some(Event::Changed(outer))
    }

    fn touch(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// Directories with many hints in them become hints themselves.
    fn collapse(&mut self, now: Instant) {
        let mut crowds: HashMap<&Path, usize> = HashMap::new();
        for parent in self.paths.iter().filter_map(|path| path.parent()) {
            *crowds.entry(parent).or_default() += 1;
        }
        let crowded = |path: &Path| crowds.get(path).is_some_and(|count| *count >= CROWD);
        let place = |path: &PathBuf| match path.parent() {
            Some(parent) if crowded(parent) && !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => path.clone(),
        };
        let places: Vec<_> = self.paths.iter().map(place).collect();
        self.paths = outermost(&places);
        if self.paths.len() > MAX_HINTS / 2 {
            self.rescan("many changes at once", now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(paths: &[&str]) -> Option<Event> {
        Some(Event::Changed(paths.iter().map(PathBuf::from).collect()))
    }

    #[test]
    fn a_burst_is_one_event_once_it_is_quiet() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        pending.hint("a/b".into(), start);
        pending.hint("a".into(), start + QUIET / 2);
        pending.hint("c".into(), start + QUIET / 2);
        assert_eq!(pending.take(start + QUIET), None);
        assert_eq!(pending.take(start + QUIET * 2), changed(&["a", "c"]));
        assert_eq!(pending.due(), None);
    }

    #[test]
    fn a_burst_without_end_is_delivered_all_the_same() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        for step in 0..=10 {
            assert_eq!(pending.take(start + QUIET / 2 * step), None);
            pending.hint("log".into(), start + QUIET / 2 * step);
        }
        assert_eq!(pending.take(start + LONGEST), changed(&["log"]));
    }

    #[test]
    fn too_many_paths_become_their_directory_or_a_rescan() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        pending.hint("a.md".into(), start);
        (0..MAX_HINTS * 3).for_each(|file| pending.hint(format!("a/b/{file}").into(), start));
        assert_eq!(pending.take(start + LONGEST), changed(&["a/b", "a.md"]));
        (0..=MAX_HINTS).for_each(|file| pending.hint(format!("{file}/a").into(), start));
        assert!(matches!(pending.take(start + LONGEST), Some(Event::Rescan(_))));
    }

    #[test]
    fn scans_of_everything_keep_their_distance() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        pending.rescan("overflow", start);
        assert!(pending.take(start + QUIET).is_some());
        pending.rescan("overflow", start + QUIET);
        assert_eq!(pending.due(), Some(start + QUIET + RESCAN_PAUSE));
    }
}
