//! Why a tool could not do what it was asked to, in words for the agent.

use std::error::Error as _;
use std::fmt;

use ragterm_proto::{HINT_KEY, operators_step};
use rmcp::model::{CallToolResult, ContentBlock};
use tonic::{Code, Status};

use crate::text::{clean_block, fit};

/// Longer words are cut, in bytes.
const MAX_BYTES: usize = 2000;

/// What failed, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a next step; `message` is lower case, without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what the reader can do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What the daemon answered, or what happened to the connection.
    pub(crate) fn from_status(status: &Status) -> Self {
        if is_broken(status) {
            return Self::new("the connection to ragterm's daemon broke")
                .hint("try again; if it stays so, `ragterm doctor` looks for the reason");
        }
        let message = match status.message() {
            "" => format!("the daemon answered `{}`", status.code().description()),
            message => message.to_owned(),
        };
        let hint = match status.metadata().get_bin(HINT_KEY).map(|value| value.to_bytes()) {
            Some(Ok(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ if status.code() == Code::Unimplemented => {
                Some("the daemon is of another version: `ragterm stop`, then try again".to_owned())
            }
            _ => operators_step(status),
        };
        Self { message, hint }
    }

    /// The result that tells the agent.
    pub(crate) fn into_result(self) -> CallToolResult {
        let words = clean_block(&self.to_string());
        let words = fit(&words, MAX_BYTES).to_owned();
        CallToolResult::error(vec![ContentBlock::text(words)])
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Whether the connection broke before the daemon had answered.
pub(crate) fn is_broken(status: &Status) -> bool {
    // Only a status that was made on this side has a source.
    status.source().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_hostile_message_is_bounded_and_clean() {
        let status = Status::new(Code::Internal, format!("\u{1b}[2J{}", "x".repeat(100_000)));
        let result = Failure::from_status(&status).into_result();
        let json = serde_json::to_string(&result).unwrap();
        assert!(json.len() < 2 * MAX_BYTES && !json.contains("001b"), "{json}");
        assert_eq!(result.is_error, Some(true));
    }

    #[test]
    fn a_broken_connection_is_told_without_its_inner_words() {
        let broken = std::io::Error::other("tcp connect error, os error 111");
        let failure = Failure::from_status(&Status::from_error(Box::new(broken)));
        assert!(failure.to_string().starts_with("the connection to ragterm's daemon broke\nhint:"));
    }
}
