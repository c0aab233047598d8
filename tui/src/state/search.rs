//! The hits, and which search they belong to.

use ragterm_proto::v1::Hit;

/// At least so many hits are asked for.
pub const LEAST_LIMIT: usize = 8;

/// The first time, no more hits are asked for: each costs time at each key.
pub const FIRST_LIMIT: usize = 30;

/// More hits are never asked for.
pub const MAX_LIMIT: u32 = 400;

/// The state of searching.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The newest search that was asked for.
    pub asked: u64,
    /// The search whose hits are shown.
    pub shown: u64,
    /// The query whose hits are shown.
    pub query: String,
    /// The query and limit asked last.
    pub asked_for: (String, u32),
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// Which one is selected, from 0.
    pub selected: usize,
    /// The first one on the screen.
    pub top: usize,
    /// How long the daemon took.
    pub took_ms: f64,
    /// Why the hits are not all that they could be.
    pub degraded: Option<String>,
    /// Why there are none.
    pub trouble: Option<String>,
}

impl Search {
    /// Whether the newest search is still without an answer.
    pub fn is_pending(&self) -> bool {
        self.asked > self.shown
    }

    /// The hit that is selected.
    pub fn current(&self) -> Option<&Hit> {
        self.hits.get(self.selected)
    }

    /// Forgets the hits, and that any are waited for.
    pub fn clear(&mut self, generation: u64) {
        *self = Self { asked: generation, shown: generation, ..Self::default() };
    }

    /// Moves the window of so many hits to where the selected one is in it.
    pub fn follow(&mut self, visible: usize) {
        self.selected = self.selected.min(self.hits.len().saturating_sub(1));
        self.top = self.top.min(self.selected);
        if self.selected >= self.top + visible.max(1) {
            self.top = self.selected + 1 - visible.max(1);
        }
    }
}
