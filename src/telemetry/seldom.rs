//! A bound for lines that strangers can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many at once…
const BURST: u32 = 10;

/// …in this time.
const WINDOW: Duration = Duration::from_secs(10);

/// Lets some through in each stretch of time, and counts the others.
#[derive(Debug)]
pub struct Seldom {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    began: Option<Instant>,
    passed: u32,
    withheld: u64,
}

impl Seldom {
    /// Nothing has passed yet.
    pub const fn new() -> Self {
        Self { state: Mutex::new(State { began: None, passed: 0, withheld: 0 }) }
    }

    /// How many were withheld since one passed, if this one may pass.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |began: Instant| now.saturating_duration_since(began) >= WINDOW;
        if state.began.is_none_or(is_over) {
            state.began = Some(now);
            state.passed = 0;
        }
        if state.passed == BURST {
            state.withheld += 1;
            return None;
        }
        state.passed += 1;
        Some(std::mem::take(&mut state.withheld))
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_few_lines_and_a_number() {
        let seldom = Seldom::new();
        let begin = Instant::now();
        let passed = (0..1_000).filter(|_| seldom.pass_at(begin).is_some()).count();
        assert_eq!(passed, BURST as usize);
        let later = begin + WINDOW;
        assert_eq!(seldom.pass_at(later), Some(1_000 - u64::from(BURST)));
        assert_eq!(seldom.pass_at(later), Some(0));
    }
}
