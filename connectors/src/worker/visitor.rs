//! What a worker does with the documents inside a file: reads each and tells the pool.

use std::io;

use super::serve::{Extractor, guarded};
use super::source::Socket;
use super::wire::{self, Answer, Resume};
use crate::container::{Member, Step, Visitor};
use crate::extract::{Extraction, Input, Reason};

/// Sends the documents of one file to the pool.
pub(super) struct Teller<'r> {
    socket: &'r Socket,
    extractor: Extractor,
    resume: &'r Resume,
    /// Of the next document.
    next: u64,
}

impl<'r> Teller<'r> {
    pub(super) fn new(socket: &'r Socket, extractor: Extractor, resume: &'r Resume) -> Self {
        Self { socket, extractor, resume, next: 0 }
    }

    fn tell(&self, answer: &Answer) -> io::Result<()> {
        wire::send(&mut *self.socket.borrow_mut(), answer)
    }

    /// The ordinal of the document that begun last.
    fn ordinal(&self) -> u64 {
        self.next.saturating_sub(1)
    }
}

impl Visitor for Teller<'_> {
    fn begin(&mut self, _path: &str) -> Step {
        let ordinal = self.next;
        self.next += 1;
        if self.resume.avoid.contains(&ordinal) {
            Step::Avoid
        } else if ordinal < self.resume.done {
            Step::Past
        } else {
            Step::Read
        }
    }

    fn extract(&mut self, input: &Input<'_>) -> Result<Extraction, Reason> {
        let begun = Answer::Begun { ordinal: self.ordinal(), path: input.path.to_owned() };
        self.tell(&begun).map_err(unheard)?;
        guarded(self.extractor, input)
    }

    fn take(&mut self, member: Member) -> Result<(), Reason> {
        let mut answer = Answer::Member { ordinal: self.ordinal(), member };
        let mut told = self.tell(&answer);
        // Nothing was written then: the length is checked before the first byte.
        if told.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::FileTooLarge) {
            if let Answer::Member { member, .. } = &mut answer {
                member.outcome = Err(wire::too_much_text());
            }
            told = self.tell(&answer);
        }
        told.map_err(unheard)
    }
}

/// The pool is gone, and nobody will see this reason.
fn unheard(error: io::Error) -> Reason {
    Reason::Failed(format!("nobody listens: {error}"))
}
