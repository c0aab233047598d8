//! How long an answer is waited for, and how often a call is tried again.

use std::time::Duration;

use backon::ExponentialBuilder;

use super::{Fault, FaultKind};

/// How long an answer is waited for, and what happens without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// One attempt of at most this time.
    Once(Duration),
    /// Attempts of the configured time, a few of them.
    Retrying,
    /// Attempts of at most this time for somebody who waits: another one only soon.
    Soon(Duration),
}

/// What is left of the patience of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Persistence {
    retries: usize,
    /// Retries after a connection that was refused or broke.
    after_loss: usize,
    /// A longer wait that the server asks for is not waited.
    longest_wait: Duration,
}

impl Persistence {
    pub(super) fn of_background() -> Self {
        Self { retries: 3, after_loss: 3, longest_wait: Duration::MAX }
    }

    pub(super) fn of_somebody_who_waits() -> Self {
        Self { retries: 2, after_loss: 1, longest_wait: Duration::from_secs(10) }
    }

    pub(super) fn backoff(self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(self.retries)
            .with_jitter()
    }

    /// The pause before the next attempt, usually `delay`; `None` to give up.
    pub(super) fn wait(&mut self, fault: &Fault, delay: Duration) -> Option<Duration> {
        match fault.kind {
            FaultKind::Network => {
                self.after_loss = self.after_loss.checked_sub(1)?;
                Some(delay)
            }
            FaultKind::Busy(Some(wait)) => (wait <= self.longest_wait).then(|| wait.max(delay)),
            _ => Some(delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(300);

    fn fault(kind: FaultKind) -> Fault {
        Fault { kind, message: String::new() }
    }

    #[test]
    fn somebody_who_waits_is_told_soon_of_a_server_that_is_gone_or_wants_long_pauses() {
        let mut persistence = Persistence::of_somebody_who_waits();
        let lost = fault(FaultKind::Network);
        let mut waits = |kind| persistence.wait(&fault(kind), DELAY);
        let seconds = |seconds| FaultKind::Busy(Some(Duration::from_secs(seconds)));
        assert_eq!(waits(seconds(10)), Some(Duration::from_secs(10)));
        assert_eq!(waits(seconds(0)), Some(DELAY));
        assert_eq!(waits(seconds(11)), None);
        assert_eq!(waits(FaultKind::Busy(None)), Some(DELAY));
        assert_eq!((waits(lost.kind), waits(lost.kind)), (Some(DELAY), None));
    }

    #[test]
    fn work_in_the_background_waits_as_long_as_the_server_asks() {
        let mut persistence = Persistence::of_background();
        let minute = Duration::from_secs(60);
        assert_eq!(persistence.wait(&fault(FaultKind::Busy(Some(minute))), DELAY), Some(minute));
        let lost = fault(FaultKind::Network);
        assert!((0..3).all(|_| persistence.wait(&lost, DELAY).is_some()));
    }
}
