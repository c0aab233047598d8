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
