//! The gate once there is one; before that, why there is none.

use std::sync::Arc;

use tokio::sync::SetOnce;
use tokio_util::sync::CancellationToken;

use super::Gate;
use crate::access::{Credentials, Grants};
use crate::engine::{Health, Listener, Opening};
use crate::error::Result;

/// What the services stand before; clones share it.
#[derive(Debug, Clone)]
pub struct Entrance {
    gate: Arc<SetOnce<Gate>>,
    opening: Opening,
    stop: CancellationToken,
}

impl Entrance {
    /// It is closed until `opening` is over; until then the owner ends the daemon by `stop`.
    pub fn new(opening: Opening, stop: CancellationToken) -> Self {
        Self { gate: Arc::default(), opening, stop }
    }

    /// Everything is served from now on.
    pub fn open(&self, gate: Gate) {
        // It is opened once.
        let _opened = self.gate.set(gate);
    }

    /// The gate; `Unavailable` while there is none.
    pub fn gate(&self, listener: Listener) -> Result<&Gate> {
        self.gate.get().ok_or_else(|| self.opening.refusal(listener))
    }

    /// The gate, as soon as there is one.
    pub async fn opened(&self) -> &Gate {
        self.gate.wait().await
    }

    /// The state of the back-ends, whoever asks; before there is a gate, as far as `listener` may
    /// hear of it.
    pub async fn health(&self, listener: Listener) -> Health {
        match self.gate.get() {
            Some(gate) => gate.health().await,
            None => self.opening.health(listener),
        }
    }

    /// The same with the grants by which it is told; fails for who may not call.
    pub async fn health_for(
        &self,
        listener: Listener,
        shown: Credentials,
    ) -> Result<(Health, Arc<Grants>)> {
        match self.gate.get() {
            Some(gate) => {
                let caller = gate.caller(shown).await?;
                Ok((gate.health().await, caller.grants))
            }
            // It holds no more than the listener may hear.
            None => Ok((self.opening.health(listener), Arc::new(Grants::everything()))),
        }
    }

    /// Asks the daemon to end; before there is a gate, for the owner alone.
    pub async fn stop(&self, listener: Listener, shown: Credentials) -> Result<()> {
        match self.gate.get() {
            Some(gate) => {
                let caller = gate.caller(shown).await?;
                caller.require_asking()?;
                gate.whole(&caller, "stop").await?.stop();
            }
            None if listener == Listener::Owner => self.stop.cancel(),
            None => return Err(self.opening.refusal(listener)),
        }
        Ok(())
    }
}
