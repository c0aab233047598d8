//! Why the client cannot go on.

use std::fmt;
use std::io;

/// What failed, and what to do next.
#[derive(Debug)]
pub struct Error {
    message: String,
    hint: String,
    source: Option<io::Error>,
}

impl Error {
    /// A failure that needs another surrounding.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), source: None }
    }

    /// What to do next; may be empty.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        let message = String::from("the terminal cannot be read or written");
        Self { message, hint: String::new(), source: Some(source) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
