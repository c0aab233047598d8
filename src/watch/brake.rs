//! The brake: removals that are suspiciously many wait until they are confirmed; pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// When removals are so many that they are held back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brake {
    /// The share of a source's documents, 0 to 1.
    pub share: f64,
    /// Fewer removals than this are never held.
    pub minimum: u64,
    /// The pause before a second look confirms removals.
    pub pause: Duration,
}

impl Brake {
    fn is_too_much(&self, gone: u64, total: u64) -> bool {
        gone >= self.minimum.max(1) && gone as f64 > self.share * total as f64
    }
}

/// How much of a source was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// All of it: what is missing now is all that is missing.
    Whole,
    /// A part: what is missing there adds to what was missing elsewhere.
    Part,
    /// All of it, a pause after removals were held: what is still missing may go.
    Second,
    /// All of it, and somebody said that it is right.
    Confirmed,
}

/// Removals of one source that wait, and those that happened lately.
#[derive(Debug)]
pub struct Removals {
    brake: Brake,
    held: u64,
    confirm_at: Option<Instant>,
    recent: VecDeque<(Instant, u64)>,
}

impl Removals {
    /// Nothing is held.
    pub fn new(brake: Brake) -> Self {
        Self { brake, held: 0, confirm_at: None, recent: VecDeque::new() }
    }

    /// Whether `gone` of `known` documents may be removed now; else they are held.
    ///
    /// Removals within the last pause count as well, so that a share that goes away bit by bit is
    /// noticed too.
    pub fn allow(&mut self, gone: u64, known: u64, view: View, now: Instant) -> bool {
        while self.recent.front().is_some_and(|(at, _)| *at + self.brake.pause < now) {
            self.recent.pop_front();
        }
        let recent: u64 = self.recent.iter().map(|(_, count)| count).sum();
        let waits = view == View::Part && self.held > 0 && gone > 0;
        let confirmed = match view {
            View::Confirmed => true,
            // More than the first look missed has not been missed twice.
            View::Second => gone <= self.held,
            View::Whole | View::Part => false,
        };
        let is_too_much = self.brake.is_too_much(gone + recent, known + recent);
        if !confirmed && gone > 0 && (waits || is_too_much) {
            self.held = if view == View::Part { self.held + gone } else { gone };
            if view == View::Second {
                self.confirm_at = None;
            }
            self.confirm_at.get_or_insert(now + self.brake.pause);
            return false;
        }
        match confirmed {
            true => self.recent.clear(),
            false if gone > 0 => self.recent.push_back((now, gone)),
            false => {}
        }
        if view != View::Part {
            (self.held, self.confirm_at) = (0, None);
        }
        true
    }

    /// Begins the pause anew, because the source could not be looked at.
    pub fn postpone(&mut self, now: Instant) {
        self.confirm_at = self.confirm_at.map(|_| now + self.brake.pause);
    }

    /// How many removals wait.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// When a second look confirms what waits.
    pub fn confirm_at(&self) -> Option<Instant> {
        self.confirm_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(60);

    fn removals() -> Removals {
        Removals::new(Brake { share: 0.2, minimum: 50, pause: PAUSE })
    }

    #[test]
    fn the_brake_needs_both_share_and_number() {
        let now = Instant::now();
        assert!(removals().allow(49, 49, View::Whole, now));
        assert!(!removals().allow(50, 50, View::Whole, now));
        assert!(removals().allow(100, 1000, View::Whole, now));
        assert!(!removals().allow(201, 1000, View::Whole, now));
    }

    #[test]
    fn what_is_held_goes_when_a_second_look_still_misses_it() {
        let (mut removals, now) = (removals(), Instant::now());
        assert!(!removals.allow(500, 1000, View::Whole, now));
        assert_eq!(removals.held(), 500);
        assert_eq!(removals.confirm_at(), Some(now + PAUSE));
        assert!(removals.allow(500, 1000, View::Second, now + PAUSE));
        assert_eq!((removals.held(), removals.confirm_at()), (0, None));
        assert!(
            removals.allow(1, 500, View::Part, now + PAUSE),
            "the confirmed ones count no more"
        );
    }

    #[test]
    fn what_vanished_just_before_the_second_look_waits_for_a_third() {
        let (mut removals, now) = (removals(), Instant::now());
        assert!(!removals.allow(500, 1000, View::Whole, now));
        assert!(!removals.allow(900, 1000, View::Second, now + PAUSE));
        assert_eq!(removals.confirm_at(), Some(now + PAUSE * 2));
        assert!(removals.allow(900, 1000, View::Second, now + PAUSE * 2));
    }

    #[test]
    fn a_source_that_cannot_be_looked_at_confirms_nothing() {
        let (mut removals, now) = (removals(), Instant::now());
        removals.postpone(now);
        assert_eq!(removals.confirm_at(), None);
        assert!(!removals.allow(500, 1000, View::Whole, now));
        removals.postpone(now + PAUSE);
        assert_eq!(removals.confirm_at(), Some(now + PAUSE * 2));
    }

    #[test]
    fn what_returns_is_no_longer_held() {
        let (mut removals, now) = (removals(), Instant::now());
        assert!(!removals.allow(500, 1000, View::Whole, now));
        assert!(removals.allow(0, 1000, View::Whole, now));
        assert_eq!((removals.held(), removals.confirm_at()), (0, None));
    }

    #[test]
    fn a_folder_that_vanishes_bit_by_bit_is_held_too() {
        let (mut removals, now) = (removals(), Instant::now());
        let mut known = 1000;
        let mut removed = 0;
        for _ in 0..20 {
            if removals.allow(40, known, View::Part, now) {
                known -= 40;
                removed += 40;
            }
        }
        assert!(removed <= 200, "{removed} of 1000 were removed");
        assert_eq!(removals.held(), 800 - removed);
    }

    #[test]
    fn removals_of_long_ago_do_not_count() {
        let (mut removals, now) = (removals(), Instant::now());
        assert!(removals.allow(150, 1000, View::Part, now));
        assert!(removals.allow(150, 850, View::Part, now + PAUSE * 2));
    }
}
