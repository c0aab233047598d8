//! Whether the clock can be believed, before something is deleted for its age.
//!
//! The latest believed time is kept in the catalog. A clock that is suddenly far ahead of it may be
//! wrong (a dead battery, a mistake): it is believed once the daemon has run with it for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::catalog::{Catalog, now_ms};
use crate::error::Result;

/// Where the latest believed time is kept.
const LATEST: &str = "clock.latest_ms";

/// A clock that is further ahead than this has jumped, or nobody was here.
const LEAP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A clock that jumped is believed after this time.
const PROOF: Duration = Duration::from_secs(24 * 60 * 60);

/// While the daemon runs, a clock that goes so much otherwise than time has jumped.
const DRIFT: Duration = Duration::from_secs(60 * 60);

/// What a look at the clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// It can be believed.
    Believed,
    /// It is so far ahead of what was believed last.
    Doubted(Duration),
}

/// Looks at the clock now and then.
#[derive(Debug)]
pub struct Clock(Mutex<Run>);

/// How long the clock has gone as time does.
#[derive(Debug)]
struct Run {
    began: Instant,
    last: (Instant, i64),
}

impl Default for Clock {
    fn default() -> Self {
        let now = Instant::now();
        Self(Mutex::new(Run { began: now, last: (now, now_ms()) }))
    }
}

impl Run {
    /// How long the clock has gone without a jump, at a moment and its time.
    fn steady(&mut self, (now, now_ms): (Instant, i64)) -> Duration {
        let (then, then_ms) = self.last;
        let passed = now.duration_since(then).as_millis() as i64;
        if (now_ms - then_ms - passed).unsigned_abs() > DRIFT.as_millis() as u64 {
            self.began = now;
        }
        self.last = (now, now_ms);
        now.duration_since(self.began)
    }
}

impl Clock {
    /// Looks at the clock.
    pub async fn look(&self, catalog: &Catalog) -> Result<Belief> {
        let latest = catalog.setting(LATEST).await?.and_then(|text| text.parse().ok());
        let now_ms = now_ms();
        let mut run = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let steady = run.steady((Instant::now(), now_ms));
        Ok(judge(latest, now_ms, steady))
    }

    /// Keeps the time, which was found believable.
    pub async fn keep(&self, catalog: &Catalog) -> Result<()> {
        catalog.keep_setting(LATEST, &now_ms().to_string()).await
    }
}

fn judge(latest_ms: Option<i64>, now_ms: i64, steady: Duration) -> Belief {
    let ahead = now_ms.saturating_sub(latest_ms.unwrap_or(now_ms));
    // One that went back makes everything younger: nothing is deleted too early.
    let ahead = Duration::from_millis(u64::try_from(ahead).unwrap_or_default());
    if ahead > LEAP && steady < PROOF { Belief::Doubted(ahead) } else { Belief::Believed }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    fn days(days: i64) -> i64 {
        days * 24 * 60 * 60 * 1000
    }

    #[test]
    fn a_clock_that_leaps_ahead_is_doubted_until_it_has_gone_on_for_a_day() {
        let leap = Some(NOW - days(3_650));
        let doubted = Belief::Doubted(Duration::from_millis(days(3_650) as u64));
        assert_eq!(judge(leap, NOW, Duration::ZERO), doubted);
        assert_eq!(judge(leap, NOW, PROOF - Duration::from_secs(1)), doubted);
        assert_eq!(judge(leap, NOW, PROOF), Belief::Believed);
    }

    #[test]
    fn a_weekend_off_a_clock_that_went_back_and_a_first_start_are_believed() {
        for latest in [None, Some(NOW - days(3)), Some(NOW + days(3_650))] {
            assert_eq!(judge(latest, NOW, Duration::ZERO), Belief::Believed, "{latest:?}");
        }
    }

    #[test]
    fn a_jump_while_the_daemon_runs_begins_the_proof_anew() {
        let begin = Instant::now();
        let mut run = Run { began: begin, last: (begin, NOW) };
        let hour = Duration::from_secs(60 * 60);
        let at = |hours: u32| begin + hour * hours;
        assert_eq!(run.steady((at(30), NOW + hour.as_millis() as i64 * 30)), hour * 30);
        assert_eq!(run.steady((at(31), NOW + days(400))), Duration::ZERO);
        let later = NOW + days(400) + hour.as_millis() as i64;
        assert_eq!(run.steady((at(32), later)), hour);
    }
}
