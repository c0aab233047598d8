//! Whose turn it is with the vectors: that of the followers, or of somebody who exchanges them.

use std::sync::Mutex;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

/// Rounds of following, between which the parts can be exchanged.
#[derive(Debug)]
pub struct Turn {
    permit: Semaphore,
    round: Mutex<CancellationToken>,
    holders: watch::Sender<usize>,
}

/// One round: it goes on until its token is cancelled.
pub struct Round<'t> {
    /// Cancelled when somebody wants to exchange the parts, and at the end of the daemon.
    pub stop: CancellationToken,
    _permit: Option<SemaphorePermit<'t>>,
}

/// While it lives, no round goes on.
pub struct Held<'t> {
    _permit: Option<SemaphorePermit<'t>>,
    _holder: Holder<'t>,
}

struct Holder<'t>(&'t watch::Sender<usize>);

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|holders| *holders -= 1);
    }
}

impl Default for Turn {
    fn default() -> Self {
        let (round, holders) = (Mutex::default(), watch::Sender::new(0));
        Self { permit: Semaphore::new(1), round, holders }
    }
}

impl Turn {
    /// The next round, as soon as nobody holds it; `None` at the end of the daemon.
    pub async fn next(&self, stop: &CancellationToken) -> Option<Round<'_>> {
        stop.run_until_cancelled(async {
            loop {
                let mut holders = self.holders.subscribe();
                // The sender lives as long as self, so waiting cannot fail.
                drop(holders.wait_for(|holders| *holders == 0).await);
                // Never closed, so waiting cannot fail.
                let permit = self.permit.acquire().await.ok();
                let round = stop.child_token();
                *self.round.lock().unwrap_or_else(|poison| poison.into_inner()) = round.clone();
                // Whoever holds it later cancels this round.
                if *self.holders.borrow() == 0 {
                    return Round { stop: round, _permit: permit };
                }
            }
        })
        .await
    }

    /// Ends the round and keeps the next from beginning.
    pub async fn hold(&self) -> Held<'_> {
        self.holders.send_modify(|holders| *holders += 1);
        let holder = Holder(&self.holders);
        self.round.lock().unwrap_or_else(|poison| poison.into_inner()).cancel();
        // Never closed, so waiting cannot fail.
        Held { _permit: self.permit.acquire().await.ok(), _holder: holder }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_round_ends_for_who_holds_it_and_the_next_waits() {
        let (turn, stop) = (Turn::default(), CancellationToken::new());
        let round = turn.next(&stop).await.unwrap();
        let following = async {
            round.stop.cancelled().await;
            drop(round);
        };
        let (held, ()) = tokio::join!(turn.hold(), following);
        let mut next = std::pin::pin!(turn.next(&stop));
        assert!(next.as_mut().now_or_never().is_none());
        drop(held);
        assert!(!next.await.unwrap().stop.is_cancelled());
        stop.cancel();
        assert!(turn.next(&stop).await.is_none());
    }
}
