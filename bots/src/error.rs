//! Why a bot could not start or go on, for its operator.

use std::fmt;

/// What sort of trouble stopped a bot; it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A setting is missing or wrong.
    Settings,
    /// The platform could not be reached, or went away for good.
    Unreachable,
    /// The platform does not accept the bot's token, or lacks a permission.
    NotPermitted,
}

/// Why a bot ended: lower case, no full stop, the next step apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Error {
    /// An error of `kind` that says what failed, on what, and why.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The sort of trouble.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The next step, if one is known.
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
