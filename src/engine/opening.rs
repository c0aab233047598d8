//! What is told while the engine is being opened: what it waits for, since when, and why.

use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::Health;
use crate::error::Error;

/// Whoever asks an engine that takes longer to open is told so: a little less than a command waits
/// for the daemon that it has started.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// An opening that goes on; clones share it.
#[derive(Debug, Clone)]
pub struct Opening {
    since: Timestamp,
    begun: Instant,
    state: Arc<watch::Sender<State>>,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The owner of the daemon: where the catalog is, and why it does not answer.
    Owner,
    /// Anybody else: that it does not.
    Other,
}

#[derive(Debug, Default)]
struct State {
    /// The server of the catalog, without user and password.
    server: Option<String>,
    fault: Option<String>,
    /// Whether it did not answer once: from then on, callers are told.
    has_failed: bool,
}

impl Opening {
    /// It begins now.
    pub fn begin() -> Self {
        // Nobody reads fractions of a second.
        let since = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        Self { since, begun: Instant::now(), state: Arc::default() }
    }

    /// The catalog on `server` does not answer, and is tried again.
    pub(super) fn failed(&self, server: Option<String>, error: &Error) {
        let fault = Some(reason(error));
        self.state.send_replace(State { server, fault, has_failed: true });
    }

    /// The catalog answers; what follows it is opened next.
    pub(super) fn answered(&self) {
        self.state.send_modify(|state| state.fault = None);
    }

    /// Ends when the opening, and the start that follows it, take long enough to be told of.
    pub async fn lasts(&self) {
        let mut state = self.state.subscribe();
        let failed = state.wait_for(|state| state.has_failed);
        // After that time it has lasted as well.
        let _late = tokio::time::timeout_at((self.begun + PATIENCE).into(), failed).await;
    }

    /// The state of the back-ends as far as it is known.
    pub fn health(&self, listener: Listener) -> Health {
        Health::opening(self.said(listener))
    }

    /// What is answered to whoever asks for more.
    pub fn refusal(&self, listener: Listener) -> Error {
        let error = Error::unavailable(format!("the daemon {}", self.said(listener)));
        match (listener, self.state.borrow().fault.is_some()) {
            (Listener::Owner, true) => error.hint(
                "it goes on by itself once the catalog answers: check that the server of \
                 `catalog.url` runs and can be reached",
            ),
            _ => error.hint("it goes on by itself; `ragterm health` says when it is ready"),
        }
    }

    /// `waits for the catalog at db:5432/ragterm, since 2026-11-26T05:00:00Z: Connection refused`.
    fn said(&self, listener: Listener) -> String {
        let (state, since) = (self.state.borrow(), self.since);
        let server = state.server.as_ref().filter(|_| listener == Listener::Owner);
        let at = server.map(|server| format!(" at {server}")).unwrap_or_default();
        match (&state.fault, listener) {
            (None, _) => format!("is still opening the catalog{at} and its indexes, since {since}"),
            (Some(_), Listener::Other) => format!("waits for the catalog, since {since}"),
            (Some(fault), _) => format!("waits for the catalog{at}, since {since}: {fault}"),
        }
    }
}

/// The last cause: the others say that the catalog cannot be opened.
fn reason(error: &Error) -> String {
    let mut last = error.source();
    while let Some(cause) = last.and_then(|error| error.source()) {
        last = Some(cause);
    }
    last.map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_owner_hears_where_and_why_and_others_only_that_it_waits() {
        let opening = Opening::begin();
        let told = |listener| opening.refusal(listener).to_string();
        assert!(told(Listener::Owner).contains("is still opening the catalog and its indexes"));
        let error = Error::unavailable("cannot be opened")
            .because(Error::unavailable("cannot open it").because("Connection refused"));
        opening.failed(Some("db:5432/ragterm".into()), &error);
        let owner = told(Listener::Owner);
        assert!(owner.starts_with("the daemon waits for the catalog at db:5432/ragterm, since 20"));
        assert!(owner.ends_with("Z: Connection refused"), "{owner}");
        let other = opening.refusal(Listener::Other);
        assert_eq!(other.kind(), ErrorKind::Unavailable);
        let other = other.with_next_step();
        assert!(other.starts_with("the daemon waits for the catalog, since 20"), "{other}");
        assert!(!other.contains("db:5432") && !other.contains("refused"), "{other}");
        let health = opening.health(Listener::Owner);
        assert!(!health.is_ready() && health.0[0].detail.contains("db:5432"), "{health:?}");
        opening.answered();
        assert!(told(Listener::Owner).contains("is still opening"));
    }

    #[tokio::test]
    async fn a_fault_is_told_at_once() {
        let opening = Opening::begin();
        opening.failed(None, &Error::unavailable("gone"));
        tokio::time::timeout(PATIENCE / 2, opening.lasts()).await.unwrap();
        // Who was told to wait is not left alone while the rest is started.
        opening.answered();
        tokio::time::timeout(PATIENCE / 2, opening.lasts()).await.unwrap();
    }
}
