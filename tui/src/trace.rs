//! How long it takes from a key to its hits on the screen: measured inside, for an honest figure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::state::State;

/// The keys whose hits are not on the screen yet, and the times of those that were.
pub struct Trace {
    path: Option<PathBuf>,
    waiting: BTreeMap<u64, Instant>,
    times: Vec<(u64, Duration)>,
}

impl Trace {
    /// Measures if there is a file to write to.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, waiting: BTreeMap::new(), times: Vec::new() }
    }

    /// A search of a generation begins, for a key that was read at an instant.
    pub fn asked(&mut self, generation: u64, read_at: Instant) {
        if self.path.is_some() {
            self.waiting.insert(generation, read_at);
        }
    }

    /// The state is on the screen; hits of a later key stand for those of an earlier one, too late.
    pub fn painted(&mut self, state: &State) {
        while let Some(first) = self.waiting.first_entry() {
            if *first.key() > state.search.shown {
                break;
            }
            let (generation, read_at) = first.remove_entry();
            self.times.push((generation, read_at.elapsed()));
        }
    }

    /// Writes one line a key: its number and milliseconds.
    pub fn write(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut text = String::new();
        for (generation, time) in &self.times {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{generation} {:.3}", time.as_secs_f64() * 1000.0);
        }
        std::fs::write(path, text)
    }
}
