//! Whether the clock can be believed, before something is deleted for its age.
//!
//! The latest believed time is kept in the catalog. A clock that is suddenly far ahead of it may be
//! wrong (a dead battery, a mistake): it is believed once it has gone on for a day without a leap,
//! whether the daemon ran all the time or not.

use std::time::Duration;

use crate::catalog::{Catalog, now_ms};
use crate::error::Result;

/// Where the latest believed time is kept…
const LATEST: &str = "clock.latest_ms";

/// …and when it was doubted first and last.
const DOUBTED: &str = "clock.doubted_ms";

/// A clock that is further ahead than this has jumped, or nobody was here.
const LEAP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A clock that jumped is believed after this time.
const PROOF: Duration = Duration::from_secs(24 * 60 * 60);

/// What a look at the clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// It can be believed.
    Believed,
    /// It is so far ahead of what was believed last.
    Doubted(Duration),
}

/// Since when, and until when, a clock was doubted, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Doubt {
    first_ms: i64,
    last_ms: i64,
}

/// Looks at the clock; `keeping` has what was seen be kept.
pub async fn look(catalog: &Catalog, keeping: Keeping) -> Result<Belief> {
    let latest = catalog.setting(LATEST).await?.and_then(|text| text.parse().ok());
    let doubt = catalog.setting(DOUBTED).await?.and_then(|text| Doubt::read(&text));
    let now_ms = now_ms();
    let (belief, doubt) = judge(latest, doubt, now_ms);
    if keeping == Keeping::Yes {
        match doubt {
            Some(doubt) => catalog.keep_setting(DOUBTED, &doubt.text()).await?,
            None => catalog.keep_setting(LATEST, &now_ms.to_string()).await?,
        }
    }
    Ok(belief)
}

/// Whether what was seen is kept; a daemon that only answers keeps nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is.
    Yes,
    /// It is only looked.
    No,
}

impl Doubt {
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once(' ')?;
        Some(Self { first_ms: first.parse().ok()?, last_ms: last.parse().ok()? })
    }

    fn text(self) -> String {
        format!("{} {}", self.first_ms, self.last_ms)
    }
}

/// What is to be thought of a time, and the doubt that is left.
fn judge(latest_ms: Option<i64>, doubt: Option<Doubt>, now_ms: i64) -> (Belief, Option<Doubt>) {
    let leap = LEAP.as_millis() as i64;
    // One that went back makes everything younger: nothing is deleted too early.
    let ahead = now_ms.saturating_sub(latest_ms.unwrap_or(now_ms)).max(0);
    if ahead <= leap {
        return (Belief::Believed, None);
    }
    // Another leap, or a clock that was set right again, begins anew.
    let goes_on = |doubt: &Doubt| (0..=leap).contains(&(now_ms - doubt.last_ms));
    let first_ms = doubt.filter(goes_on).map_or(now_ms, |doubt| doubt.first_ms);
    if now_ms - first_ms >= PROOF.as_millis() as i64 {
        return (Belief::Believed, None);
    }
    let ahead = Duration::from_millis(u64::try_from(ahead).unwrap_or_default());
    (Belief::Doubted(ahead), Some(Doubt { first_ms, last_ms: now_ms }))
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
        let latest = Some(NOW - days(3_650));
        let ahead = |now: i64| Duration::from_millis((now - NOW + days(3_650)) as u64);
        let (belief, doubt) = judge(latest, None, NOW);
        assert_eq!(belief, Belief::Doubted(ahead(NOW)));
        // Switched off over night.
        let later = NOW + days(1) - 1;
        let (belief, doubt) = judge(latest, doubt, later);
        assert_eq!(belief, Belief::Doubted(ahead(later)));
        assert_eq!(judge(latest, doubt, NOW + days(1)), (Belief::Believed, None));
    }

    #[test]
    fn another_leap_begins_the_proof_anew() {
        let latest = Some(NOW - days(400));
        let doubt = Some(Doubt { first_ms: NOW - days(30), last_ms: NOW - days(29) });
        let (belief, doubt) = judge(latest, doubt, NOW);
        assert!(matches!(belief, Belief::Doubted(_)));
        assert_eq!(doubt, Some(Doubt { first_ms: NOW, last_ms: NOW }));
        let (belief, doubt) = judge(latest, doubt, NOW - days(300));
        assert!(matches!(belief, Belief::Doubted(_)), "it went back, and is still far ahead");
        assert_eq!(doubt.unwrap().first_ms, NOW - days(300));
    }

    #[test]
    fn a_weekend_off_a_clock_that_went_back_and_a_first_start_are_believed() {
        for latest in [None, Some(NOW - days(3)), Some(NOW + days(3_650))] {
            assert_eq!(judge(latest, None, NOW), (Belief::Believed, None), "{latest:?}");
        }
    }

    #[test]
    fn a_doubt_is_read_as_it_was_kept() {
        let doubt = Doubt { first_ms: 7, last_ms: 9 };
        assert_eq!(Doubt::read(&doubt.text()), Some(doubt));
        assert_eq!(Doubt::read("7"), None);
    }
}
