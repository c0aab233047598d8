//! The lines of a response as they arrive, bounded in length, size and time.

use std::time::Duration;

use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use crate::http::{Fault, FaultKind};

/// A longer line is no piece of an answer.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;

/// All of a response: a long answer, a few hundred bytes of JSON around each token.
const MAX_BYTES: usize = 64 << 20;

/// The lines of one response.
#[derive(Debug)]
pub(super) struct Lines {
    response: Response,
    buffer: Vec<u8>,
    /// So much of the buffer is known to hold no end of a line.
    scanned: usize,
    received: usize,
    has_ended: bool,
    patience: Patience,
}

/// How long a response may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Between two pieces.
    pub idle: Duration,
    /// When all of it must be here.
    pub end: Instant,
}

impl Lines {
    pub(super) fn of(response: Response, patience: Patience) -> Self {
        let buffer = Vec::new();
        Self { response, buffer, scanned: 0, received: 0, has_ended: false, patience }
    }

    /// From now on waits at most so long for each piece.
    pub(super) fn hurry(&mut self, idle: Duration) {
        self.patience.idle = self.patience.idle.min(idle);
    }

    /// The next line without its end; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<String>, Fault> {
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                let line = self.buffer.drain(..=self.scanned + found).collect();
                self.scanned = 0;
                return text(line).map(Some);
            }
            self.scanned = self.buffer.len();
            if self.scanned > MAX_LINE_BYTES {
                let message = format!("streams a line of over {MAX_LINE_BYTES} bytes");
                return Err(Fault::garbled(message));
            }
            match (self.has_ended, self.buffer.is_empty()) {
                (true, true) => return Ok(None),
                (true, false) => {
                    self.scanned = 0;
                    return text(std::mem::take(&mut self.buffer)).map(Some);
                }
                (false, _) => self.receive().await?,
            }
        }
    }

    async fn receive(&mut self) -> Result<(), Fault> {
        let Patience { idle, end } = self.patience;
        let until = end.min(Instant::now() + idle);
        let Ok(piece) = timeout_at(until, self.response.chunk()).await else {
            let message = match until == end {
                true => "is too slow: the answer is not complete in time".to_owned(),
                false => format!("fell silent for {} s", idle.as_secs_f32()),
            };
            return Err(Fault { kind: FaultKind::Slow, message });
        };
        match piece.map_err(|error| Fault::of_transport(&error, idle))? {
            Some(piece) => self.buffer.extend_from_slice(&piece),
            None => self.has_ended = true,
        }
        self.received += self.buffer.len() - self.scanned;
        if self.received > MAX_BYTES {
            return Err(Fault::garbled(format!("streams over {MAX_BYTES} bytes")));
        }
        Ok(())
    }
}

/// A line without its end.
fn text(mut line: Vec<u8>) -> Result<String, Fault> {
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    String::from_utf8(line).map_err(|_| Fault::garbled("streams bytes that are no UTF-8 text"))
}
