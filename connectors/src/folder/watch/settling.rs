//! Holds back files that are still being written until they stand still.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file that was written to is complete when it is closed, or after this long without a write.
const UNCLOSED_QUIET: Duration = Duration::from_millis(500);

/// A file that never stands still is looked at this often.
const LONGEST: Duration = Duration::from_secs(10);

/// More files than this are not held back.
const MAX_HELD: usize = 10_000;

/// Size in bytes and time of change in nanoseconds: what stands still when a file is complete.
pub(super) type State = (u64, i64);

/// The files that are held back.
#[derive(Debug)]
pub(super) struct Settling {
    files: HashMap<PathBuf, Held>,
    /// How long a file that no events tell about must look the same.
    quiet: Duration,
    /// How long a file may stay open without a write before it counts as complete.
    unclosed_quiet: Duration,
    /// How long a file that never stands still is held back.
    longest: Duration,
    check_at: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    /// As it last looked; `None` when events tell about its writes.
    state: Option<State>,
    since: Instant,
    first: Instant,
}

impl Settling {
    pub fn new(quiet: Duration) -> Self {
        let (unclosed_quiet, longest) = (UNCLOSED_QUIET, LONGEST);
        Self { files: HashMap::new(), quiet, unclosed_quiet, longest, check_at: None }
    }

    /// Changes how long a file that no events tell about must look the same.
    pub fn set_quiet(&mut self, quiet: Duration) {
        self.quiet = quiet;
    }

    /// Waits for a close as long as it takes.
    #[cfg(test)]
    pub fn be_patient(&mut self) {
        let long = Duration::from_secs(3600);
        (self.unclosed_quiet, self.longest) = (long, long);
    }

    /// A file is being written to; its end will be told. Gives the path back when full.
    pub fn written(&mut self, path: PathBuf, now: Instant) -> Result<(), PathBuf> {
        self.hold(path, None, now)
    }

    /// A listing found a file that changed just now; nobody tells when it is complete.
    pub fn found(&mut self, path: PathBuf, state: State, now: Instant) -> Result<(), PathBuf> {
        if self.files.get(&path).is_some_and(|held| held.state.is_none()) {
            return Ok(());
        }
        self.hold(path, Some(state), now)
    }

    /// Stops holding a file back; tells whether it was held.
    pub fn release(&mut self, path: &Path) -> bool {
        self.files.remove(path).is_some()
    }

    /// Whether this file is held back.
    pub fn holds(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// How many files are held back.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// When to look at the held files again.
    pub fn due(&self) -> Option<Instant> {
        self.check_at.filter(|_| !self.files.is_empty())
    }

    /// The files that stood still long enough by their events, and those to look at on the disk.
    pub fn check(&mut self, now: Instant) -> (Vec<PathBuf>, Vec<PathBuf>) {
        self.check_at = Some(now + self.quiet / 2);
        let (mut complete, mut look) = (Vec::new(), Vec::new());
        for (path, held) in &self.files {
            let still = now.saturating_duration_since(held.since);
            match held.state {
                None if still >= self.unclosed_quiet => complete.push(path.clone()),
                Some(_) if still >= self.quiet => look.push(path.clone()),
                _ if now.saturating_duration_since(held.first) >= self.longest => {
                    complete.push(path.clone());
                }
                _ => {}
            }
        }
        for path in &complete {
            self.files.remove(path);
        }
        (complete, look)
    }

    /// How a file looks now (`None`: gone); gives it back when it is complete.
    pub fn seen(&mut self, path: PathBuf, state: Option<State>, now: Instant) -> Option<PathBuf> {
        let held = self.files.get_mut(&path)?;
        held.state?;
        let overdue = now.saturating_duration_since(held.first) >= self.longest;
        if state.is_some() && held.state != state && !overdue {
            (held.state, held.since) = (state, now);
            return None;
        }
        self.files.remove(&path);
        Some(path)
    }

    fn hold(&mut self, path: PathBuf, state: Option<State>, now: Instant) -> Result<(), PathBuf> {
        if let Some(held) = self.files.get_mut(&path) {
            (held.state, held.since) = (state, now);
            return Ok(());
        }
        if self.files.len() >= MAX_HELD {
            return Err(path);
        }
        if self.files.is_empty() {
            self.check_at = Some(now + self.quiet);
        }
        self.files.insert(path, Held { state, since: now, first: now });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_millis(100);

    #[test]
    fn a_file_that_still_grows_is_held_until_it_looks_the_same() {
        let (mut settling, start) = (Settling::new(QUIET), Instant::now());
        settling.found("a".into(), (1, 1), start).unwrap();
        let at = |n: u32| start + QUIET * n;
        assert_eq!(settling.check(at(1)), (vec![], vec!["a".into()]));
        assert_eq!(settling.seen("a".into(), Some((2, 2)), at(1)), None);
        assert_eq!(settling.check(at(2)), (vec![], vec!["a".into()]));
        assert_eq!(settling.seen("a".into(), Some((2, 2)), at(2)), Some("a".into()));
        assert_eq!(settling.due(), None);
    }

    #[test]
    fn a_log_that_is_never_closed_is_delivered_now_and_then() {
        let (mut settling, start) = (Settling::new(QUIET), Instant::now());
        for step in 0..40 {
            let now = start + LONGEST / 40 * step;
            settling.written("log".into(), now).unwrap();
            assert_eq!(settling.check(now).0, Vec::<PathBuf>::new());
        }
        settling.written("log".into(), start + LONGEST).unwrap();
        assert_eq!(settling.check(start + LONGEST).0, [PathBuf::from("log")]);
    }

    #[test]
    fn files_beyond_the_bound_are_not_held() {
        let (mut settling, now) = (Settling::new(QUIET), Instant::now());
        for file in 0..MAX_HELD {
            settling.written(file.to_string().into(), now).unwrap();
        }
        assert!(settling.written("one more".into(), now).is_err());
    }
}
