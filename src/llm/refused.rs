//! Parts of a request that a server, or its model, turned out not to take.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::connection::Connection;
use super::lines::Lines;
use crate::http::{Fault, FaultKind, is_too_long};

/// What was refused since the start, of the parts that can be left out.
#[derive(Debug)]
pub(super) struct Refused {
    optional: &'static [&'static str],
    parts: Mutex<BTreeSet<&'static str>>,
}

impl Refused {
    /// Nothing yet; `optional` are the parts that a request can do without.
    pub(super) fn nothing_of(optional: &'static [&'static str]) -> Self {
        Self { optional, parts: Mutex::default() }
    }

    /// Whether this part is to be left out.
    pub(super) fn has(&self, part: &str) -> bool {
        self.lock().contains(part)
    }

    /// Sends a body, and once more without each part that turns out to be refused.
    pub(super) async fn begin(
        &self,
        (connection, path): (&Connection, &str),
        body: impl Fn() -> Value,
    ) -> Result<Lines, Fault> {
        loop {
            match connection.begin(path, &body()).await {
                Err(fault) if self.notes(&fault) => {}
                begun => return begun,
            }
        }
    }

    /// Notes the part that was refused; whether one was that had not been left out already.
    fn notes(&self, fault: &Fault) -> bool {
        let part = self.optional.iter().find(|part| refuses(fault, part));
        part.is_some_and(|part| self.lock().insert(part))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a server, or its model, does not take this part of a request.
fn refuses(fault: &Fault, part: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "unsupported",
        "not support",
        "unrecognized",
        "unknown",
        "unexpected",
        "not permitted",
        "not allowed",
        "deprecated",
    ];
    let words = fault.message.to_lowercase();
    matches!(fault.kind, FaultKind::Refused(400 | 422))
        && words.contains(part)
        && !is_too_long(&words)
        && SIGNS.iter().any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &str) -> Fault {
        Fault { kind: FaultKind::Refused(400), message: message.into() }
    }

    #[test]
    fn what_is_refused_is_told_from_what_is_too_large() {
        let refuses = |message: &str, part| refuses(&fault(message), part);
        let openai = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                      'max_completion_tokens' instead.";
        assert!(refuses(openai, "max_tokens") && !refuses(openai, "temperature"));
        assert!(refuses("`temperature` is deprecated for this model.", "temperature"));
        assert!(refuses("System role not supported", "system"));
        let vllm = "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's \
                    maximum context length is 4096 tokens; a longer request is not supported";
        assert!(!refuses(vllm, "max_tokens"));
    }

    #[test]
    fn a_part_is_left_out_once_so_that_asking_ends() {
        let refused = Refused::nothing_of(&["temperature"]);
        assert!(!refused.has("temperature"));
        assert!(refused.notes(&fault("unsupported parameter: temperature")));
        assert!(refused.has("temperature"));
        assert!(!refused.notes(&fault("unsupported parameter: temperature")));
        assert!(!refused.notes(&fault("unsupported parameter: messages")), "it is needed");
    }
}
