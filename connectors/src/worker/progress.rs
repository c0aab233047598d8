//! How far the walk through one file came, so that a worker that dies can be followed by another.

use super::wire::{Answer, Reply, Resume};
use crate::container::Member;

/// A container is given up when its documents ended so many workers.
const MAX_DEATHS: usize = 16;

/// What is known of a walk from the answers of its workers.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Where the next worker goes on.
    pub resume: Resume,
    /// The document that is being read.
    begun: Option<(u64, String)>,
}

/// What an answer brings.
pub(super) enum Step {
    Nothing,
    Member(Box<Member>),
    Done(Reply),
}

impl Progress {
    /// Takes note of an answer.
    pub(super) fn note(&mut self, answer: Answer) -> Step {
        match answer {
            Answer::Alive => Step::Nothing,
            Answer::Opened { hash } => {
                self.resume.hash = Some(hash);
                Step::Nothing
            }
            Answer::Begun { ordinal, path } => {
                self.begun = Some((ordinal, path));
                Step::Nothing
            }
            Answer::Member { ordinal, member } => {
                self.resume.done = ordinal + 1;
                self.begun = None;
                Step::Member(Box::new(member))
            }
            Answer::Done(reply) => Step::Done(reply),
        }
    }

    /// Forgets what a worker began that died of something else than that.
    pub(super) fn restart(&mut self) {
        self.begun = None;
    }

    /// The path of the document that ended a worker and is passed over from now on; `None` when
    /// the file itself ended it, or too many of its documents did.
    pub(super) fn avoid(&mut self) -> Option<String> {
        let (ordinal, path) = self.begun.take()?;
        if self.resume.avoid.len() >= MAX_DEATHS {
            return None;
        }
        self.resume.avoid.push(ordinal);
        self.resume.done = self.resume.done.max(ordinal + 1);
        Some(path)
    }
}
