//! Why a worker process ended without an answer, in words for people.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::{Limits, read};
use crate::extract::Reason;

/// How a worker failed a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// The time limit passed; the pool killed it.
    TimedOut,
    /// An allocation failed at the memory limit.
    OutOfMemory,
    /// The stack was used up.
    StackOverflow,
    /// A signal ended it.
    Signal(i32),
    /// It left by itself.
    Exit(i32),
    /// What it sent was not an answer.
    Nonsense,
}

impl Death {
    /// Reads the cause from how the process ended and the last that it wrote to standard error.
    pub(super) fn of(status: Option<ExitStatus>, last_words: &[u8]) -> Self {
        let said = |phrase: &str| {
            last_words.windows(phrase.len()).any(|window| window == phrase.as_bytes())
        };
        // Rust ends by SIGABRT in both cases; only its message tells them apart.
        if said("memory allocation of") {
            return Self::OutOfMemory;
        }
        if said("has overflowed its stack") {
            return Self::StackOverflow;
        }
        match status.map(|status| (status.signal(), status.code())) {
            Some((Some(signal), _)) => Self::Signal(signal),
            Some((_, Some(code))) => Self::Exit(code),
            _ => Self::Nonsense,
        }
    }

    /// The reason that is recorded for the document.
    pub(super) fn reason(self, limits: &Limits) -> Reason {
        Reason::Failed(match self {
            Self::TimedOut => format!("took longer than {:?} to read", limits.patience()),
            Self::OutOfMemory => {
                format!("needed more than {} of memory to read", read::size(limits.memory_bytes))
            }
            Self::StackOverflow => "is nested too deeply: the reader ran out of stack".to_owned(),
            Self::Signal(9) => {
                "the reader was killed (signal 9), perhaps for lack of memory".to_owned()
            }
            Self::Signal(signal) => format!("the reader crashed (signal {signal})"),
            Self::Exit(code) => format!("the reader ended without an answer (exit code {code})"),
            Self::Nonsense => "the reader answered nonsense".to_owned(),
        })
    }
}
