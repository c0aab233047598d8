//! What went wrong with a request, in a sentence for people.

use std::error::Error as _;

use ragterm_proto::{HINT_KEY, operators_step};
use tonic::{Code, Status};

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What failed and why.
    pub sentence: String,
    /// What to do next; may be empty.
    pub hint: String,
    /// Which kind it is of.
    pub kind: FaultKind,
}

/// What a fault means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The daemon cannot be reached: connecting again may help.
    Lost,
    /// The daemon answered that it cannot.
    Refused,
    /// What was named is not there any more.
    Gone,
    /// The daemon is too old to know the request.
    Unsupported,
}

impl Fault {
    /// The daemon cannot be reached.
    pub fn lost(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), hint: String::new(), kind: FaultKind::Lost }
    }

    /// The sentence and the hint, as far as there is one.
    pub fn told(&self) -> String {
        match self.hint.is_empty() {
            true => self.sentence.clone(),
            false => format!("{}: {}", self.sentence, self.hint),
        }
    }
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        // Only what this side's transport made has a source; the daemon's own words have none.
        if status.source().is_some() || is_broken_stream(&status) {
            return Self::lost("the connection to the daemon broke");
        }
        if status.code() == Code::Unimplemented {
            return Self {
                sentence: "the daemon that runs is too old for this".into(),
                hint: "end it with `ragterm stop`".into(),
                kind: FaultKind::Unsupported,
            };
        }
        let hint = status
            .metadata()
            .get_bin(HINT_KEY)
            .and_then(|value| value.to_bytes().ok())
            .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok())
            .or_else(|| operators_step(&status))
            .unwrap_or_default();
        let sentence = match status.message() {
            "" => format!("the daemon refused: {}", status.code().description()),
            message => message.to_owned(),
        };
        let kind = match status.code() {
            Code::NotFound => FaultKind::Gone,
            _ => FaultKind::Refused,
        };
        Self { sentence, hint, kind }
    }
}

/// A stream that ends without its trailer; tonic makes a status of it that has no source.
fn is_broken_stream(status: &Status) -> bool {
    status.metadata().is_empty()
        && matches!(status.code(), Code::Internal | Code::Unknown | Code::Unavailable)
        && [
            "h2 protocol error",
            "transport error",
            "error reading a body",
            "operation was canceled",
        ]
        .iter()
        .any(|sign| status.message().contains(sign))
}
