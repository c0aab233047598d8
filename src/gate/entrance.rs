//! The gate once there is one; before that, why there is none.

use std::sync::Arc;

use tokio::sync::SetOnce;

use super::Gate;
use crate::engine::{Listener, Opening};
use crate::error::Result;

/// What the services stand before; clones share it.
#[derive(Debug, Clone)]
pub struct Entrance {
    gate: Arc<SetOnce<Gate>>,
    opening: Opening,
}

impl Entrance {
    /// It is closed until `opening` is over.
    pub fn new(opening: Opening) -> Self {
        Self { gate: Arc::default(), opening }
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

    /// What is known before there is a gate.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }
}
