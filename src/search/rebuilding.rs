//! While the keyword index is being rebuilt, finding nothing may only mean that it is not there yet.

use std::time::Duration;

use tokio::sync::watch;

/// How long an answer without hits waits: 100,000 passages take about that. Commands wait twice as
/// long for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the keyword index is.
#[derive(Debug)]
pub(super) struct Following {
    /// The last change that it has applied.
    pub applied: watch::Receiver<u64>,
    /// Why it does not get on.
    pub fault: watch::Receiver<Option<String>>,
    /// What it must have applied for a whole answer.
    pub needed: u64,
}

impl Following {
    /// Whether it lacks something.
    pub fn is_rebuilding(&self) -> bool {
        *self.applied.borrow() < self.needed
    }

    /// Waits a moment for what it lacks; whether something came that it lacked.
    pub async fn is_soon_rebuilt(&self) -> bool {
        if !self.is_rebuilding() {
            return false;
        }
        let (mut applied, mut fault) = (self.applied.clone(), self.fault.clone());
        tokio::select! {
            rebuilt = applied.wait_for(|applied| *applied >= self.needed) => rebuilt.is_ok(),
            // It will not come soon.
            _ = fault.wait_for(Option::is_some) => false,
            () = tokio::time::sleep(PATIENCE) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn following(applied: u64) -> (watch::Sender<u64>, watch::Sender<Option<String>>, Following) {
        let (applied, fault) = (watch::Sender::new(applied), watch::Sender::new(None));
        let following =
            Following { applied: applied.subscribe(), fault: fault.subscribe(), needed: 7 };
        (applied, fault, following)
    }

    #[tokio::test]
    async fn what_comes_in_time_is_waited_for() {
        let (applied, _fault, following) = following(3);
        let tell = async {
            for seq in 4..=7 {
                tokio::task::yield_now().await;
                applied.send_replace(seq);
            }
        };
        let (soon, ()) = tokio::join!(following.is_soon_rebuilt(), tell);
        assert!(soon && !following.is_rebuilding());
        assert!(!following.is_soon_rebuilt().await, "nothing is lacking: nothing new came");
    }

    #[tokio::test]
    async fn an_index_that_does_not_get_on_is_not_waited_for() {
        let (_applied, fault, following) = following(3);
        fault.send_replace(Some("the disk is full".into()));
        let patience = PATIENCE / 2;
        let soon = tokio::time::timeout(patience, following.is_soon_rebuilt()).await;
        assert!(!soon.expect("the fault is seen before patience ends"));
    }
}
