//! Signals that end the program, or bring it back from the shell.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To end.
    End,
    /// To paint anew, after the program was stopped.
    Continue,
}

/// The signals that are listened to.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    resume: Signal,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            // There is no name of its own for SIGCONT.
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The signals to end that nobody types.
    pub fn deadly() -> io::Result<(Signal, Signal)> {
        Ok((signal(SignalKind::terminate())?, signal(SignalKind::hangup())?))
    }

    /// The next one.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::End,
            _ = self.terminate.recv() => Asked::End,
            _ = self.hang_up.recv() => Asked::End,
            _ = self.resume.recv() => Asked::Continue,
        }
    }
}
