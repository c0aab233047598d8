//! Trying a daemon that does not answer again, for a while and with growing pauses.

use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

use super::limits::Limits;
use super::trouble::Trouble;

/// How long is still tried, and how often.
pub(super) struct Patience {
    until: Instant,
    pause: Duration,
    pause_most: Duration,
    has_told: bool,
}

impl Patience {
    /// Begins now.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            until: Instant::now() + limits.patience,
            pause: limits.pause_first,
            pause_most: limits.pause_most,
            has_told: false,
        }
    }

    /// Calls until something but the absence of the daemon comes of it; `told` is called once, when
    /// it has to be tried again.
    pub(super) async fn tried<T, F, G>(
        &mut self,
        told: &impl Fn() -> G,
        call: impl Fn() -> F,
    ) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Status>>,
        G: Future<Output = ()>,
    {
        loop {
            match call().await {
                Ok(reply) => return Ok(reply),
                Err(status) => self.after(&status, told).await?,
            }
        }
    }

    /// Pauses before the next try; an error if there is to be none after `status`.
    pub(super) async fn after<G>(
        &mut self,
        status: &Status,
        told: &impl Fn() -> G,
    ) -> Result<(), Trouble>
    where
        G: Future<Output = ()>,
    {
        if !Trouble::passes(status) || Instant::now() + self.pause > self.until {
            return Err(Trouble::from(status));
        }
        if !self.has_told {
            self.has_told = true;
            told().await;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(self.pause_most);
        Ok(())
    }
}
