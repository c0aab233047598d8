//! What a worker does with the documents inside a file: reads each and tells the pool.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use super::serve::{Extractor, guarded};
use super::source::Socket;
use super::wire::{self, Answer, Resume};
use crate::container::{Member, Step, Visitor};
use crate::extract::{Extraction, Input, Reason};

/// A worker that only passes over what is known says so this often.
const PULSE: Duration = Duration::from_secs(1);

/// Sends the documents of one file to the pool.
pub(super) struct Teller<'r> {
    socket: &'r Socket,
    extractor: Extractor,
    resume: &'r Resume,
    /// Of the next document.
    next: u64,
    /// When the pool last heard of this worker.
    told: Cell<Instant>,
}

impl<'r> Teller<'r> {
    pub(super) fn new(socket: &'r Socket, extractor: Extractor, resume: &'r Resume) -> Self {
        Self { socket, extractor, resume, next: 0, told: Cell::new(Instant::now()) }
    }

    fn tell(&self, answer: &Answer) -> io::Result<()> {
        self.told.set(Instant::now());
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
        if self.told.get().elapsed() > PULSE {
            // What cannot be told now cannot be told a moment later either.
            let _unheard = self.tell(&Answer::Alive);
        }
        let avoided = self.resume.avoid.iter().find(|avoided| avoided.ordinal == ordinal);
        if let Some(avoided) = avoided {
            self.next = avoided.next;
            Step::Avoid
        } else if ordinal < self.resume.done {
            Step::Past
        } else {
            Step::Read
        }
    }

    fn enter(&mut self, path: &str) {
        let entered = Answer::Entered { ordinal: self.ordinal(), path: path.to_owned() };
        let _unheard = self.tell(&entered);
    }

    fn leave(&mut self) {
        let _unheard = self.tell(&Answer::Left);
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
