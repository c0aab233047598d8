//! Keeps calls away from a server that is down, and lets one through now and then.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// So many failures in a row mean that the server is down.
const FAILURES: u32 = 5;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Counts failures in a row; from the fifth on it admits one call per pause.
#[derive(Debug)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    failures: u32,
    /// When the first of the failures in a row was.
    since: Timestamp,
    last: String,
    closed_until: Option<Instant>,
    pause: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: Mutex::new(State::well()) }
    }
}

impl Breaker {
    /// Lets a call through, or says since when the server does not answer, why, and when a call
    /// is let through again.
    pub(super) fn admit(&self, now: Instant) -> Result<(), String> {
        let mut state = self.lock();
        let Some(until) = state.closed_until else { return Ok(()) };
        if now < until {
            return Err(state.words(until - now));
        }
        // This one is the probe; until it is back, or the pause over, there is no other.
        state.pause = (state.pause * 2).min(LONGEST_PAUSE);
        state.closed_until = Some(now + state.pause);
        Ok(())
    }

    /// The server answered.
    pub(super) fn succeeded(&self) {
        let mut state = self.lock();
        if state.failures > 0 {
            *state = State::well();
        }
    }

    /// The server did not answer, or something before it says that it is not there.
    pub(super) fn failed(&self, reason: &str, now: Instant) {
        let mut state = self.lock();
        if state.failures == 0 {
            state.since = Timestamp::now();
        }
        state.failures += 1;
        state.last = reason.to_owned();
        if state.failures >= FAILURES && state.closed_until.is_none() {
            state.closed_until = Some(now + state.pause);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn well() -> Self {
        let (since, last) = (Timestamp::UNIX_EPOCH, String::new());
        Self { failures: 0, since, last, closed_until: None, pause: FIRST_PAUSE }
    }

    fn words(&self, left: Duration) -> String {
        let clock = |time: Timestamp| time.strftime("%H:%M:%S").to_string();
        let again = Timestamp::now() + left;
        let (since, again) = (clock(self.since), clock(again));
        format!("does not answer since {since} UTC ({}); tried again at {again} UTC", self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.failed("connection refused", now);
        }
        breaker
    }

    #[test]
    fn after_failures_in_a_row_calls_fail_at_once_with_times_and_reason() {
        let now = Instant::now();
        let words = broken(now).admit(now).unwrap_err();
        assert!(words.starts_with("does not answer since "), "{words}");
        assert!(words.contains("(connection refused); tried again at "), "{words}");
    }

    #[test]
    fn one_probe_is_let_through_per_pause_and_the_pause_grows_to_its_limit() {
        let mut now = Instant::now();
        let breaker = broken(now);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let begin = now;
            while breaker.admit(now).is_err() {
                now += Duration::from_millis(500);
            }
            pauses.push((now - begin).as_secs());
            assert!(breaker.admit(now).is_err(), "a second probe");
            breaker.failed("connection refused", now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn an_answer_opens_the_way_for_all() {
        let now = Instant::now();
        let breaker = broken(now);
        assert_eq!(breaker.admit(now + FIRST_PAUSE), Ok(()));
        breaker.succeeded();
        for _ in 0..FAILURES - 1 {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.failed("reset", now);
        }
        assert_eq!(breaker.admit(now), Ok(()), "the count began anew");
    }
}
