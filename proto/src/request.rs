//! The name of a request: everyone who takes part in it writes it into their log.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

use tonic::{Code, Status};

/// The metadata key under which the name of a request travels, there and back.
pub const REQUEST_KEY: &str = "x-request-id";

/// The metadata key under which the place of a call in a trace travels, as W3C has it.
pub const TRACE_KEY: &str = "traceparent";

/// A name is no longer than this, in bytes.
const LONGEST: usize = 64;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// What tells the place of the current span in a trace, where traces are kept.
static TRACING: OnceLock<fn() -> Option<String>> = OnceLock::new();

/// 1 to 64 letters, digits, `-` and `_`; clones share the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new one, of 16 hexadecimal digits that no other request will have; no secret.
    pub fn make() -> Self {
        // Its keys are random, and others for each one.
        let random = RandomState::new().build_hasher().finish();
        Self(format!("{random:016x}").into())
    }

    /// The one that somebody else made; `None` when it is none.
    pub fn read(text: &str) -> Option<Self> {
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_name = (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_fine);
        is_name.then(|| Self(text.into()))
    }

    /// That of the work that is going on; `None` outside of any.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Does some work, all of whose calls carry this name.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The next step after a fault of the daemon itself, whose log says more under the name of the
/// request; `None` for what is no such fault.
pub fn operators_step(status: &Status) -> Option<String> {
    fault(status).map(|request| format!("tell your operator: request {request}"))
}

/// The name of the request that met a fault of the daemon itself.
pub fn fault(status: &Status) -> Option<&str> {
    // Only a status that was made on this side has a source.
    let is_daemons = std::error::Error::source(status).is_none();
    let is_fault = matches!(status.code(), Code::Internal | Code::Unknown) && is_daemons;
    let name = status.metadata().get(REQUEST_KEY).filter(|_| is_fault)?;
    name.to_str().ok().filter(|name| RequestId::read(name).is_some())
}

/// Has each call say its place in a trace; `place` tells it for the current span. Once for all.
pub fn trace_with(place: fn() -> Option<String>) {
    // The first one stays.
    let _set = TRACING.set(place);
}

pub(crate) fn place_in_trace() -> Option<String> {
    TRACING.get().and_then(|place| place())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_has_a_name_of_its_own() {
        let names: std::collections::HashSet<String> =
            (0..10_000).map(|_| RequestId::make().to_string()).collect();
        assert_eq!(names.len(), 10_000);
        assert!(names.iter().all(|name| name.len() == 16 && RequestId::read(name).is_some()));
    }

    #[test]
    fn only_a_fault_of_the_daemon_itself_is_told_with_the_name_of_the_request() {
        let with = |code, name: &str| {
            let mut status = Status::new(code, "the keyword search failed");
            status.metadata_mut().insert(REQUEST_KEY, name.parse().unwrap());
            operators_step(&status)
        };
        let told = Some("tell your operator: request 1a2b".to_owned());
        assert_eq!(with(Code::Internal, "1a2b"), told);
        assert_eq!(with(Code::Unavailable, "1a2b"), None);
        assert_eq!(with(Code::Internal, "call 555-1234 now"), None);
        assert_eq!(operators_step(&Status::internal("x")), None);
        let broken = Status::from_error(Box::new(std::io::Error::other("gone")));
        assert_eq!(operators_step(&broken), None);
    }

    #[test]
    fn what_could_harm_a_log_is_no_name() {
        for wrong in ["", "a b", "a\nb", "a\u{1b}[31m", "é", "a\"b", "a=b", &"a".repeat(65)] {
            assert_eq!(RequestId::read(wrong), None, "{wrong:?}");
        }
        assert!(RequestId::read(&"a".repeat(64)).is_some());
        assert_eq!(RequestId::read("Az09-_").unwrap().as_str(), "Az09-_");
    }
}
