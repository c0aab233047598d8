//! A backup that arrives in parts is checked by a thread beside, while it is written down.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{Checked, check};
use crate::error::{Error, Result};

/// Parts that wait to be checked.
const AHEAD: usize = 8;

/// Takes the parts of a backup.
#[derive(Debug)]
pub struct Feed {
    sender: SyncSender<Vec<u8>>,
    checking: JoinHandle<Result<Checked>>,
}

/// Begins to check a backup.
pub fn feed() -> Result<Feed> {
    let (sender, receiver) = sync_channel(AHEAD);
    let parts = Parts { receiver, part: Vec::new(), read: 0 };
    let checking = std::thread::Builder::new()
        .name("check".to_owned())
        .spawn(move || check(parts, None))
        .map_err(|error| Error::internal("cannot start a thread").because(error))?;
    Ok(Feed { sender, checking })
}

impl Feed {
    /// Takes one part; false once it is known that the backup is not good.
    pub fn take(&self, part: Vec<u8>) -> bool {
        self.sender.send(part).is_ok()
    }

    /// The verdict on all parts.
    pub fn verdict(self) -> Result<Checked> {
        drop(self.sender);
        let verdict = self.checking.join();
        verdict.map_err(|_| Error::internal("the check of the backup failed"))?
    }
}

struct Parts {
    receiver: Receiver<Vec<u8>>,
    part: Vec<u8>,
    read: usize,
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.part.len() {
            // No sender is left at the end.
            let Ok(part) = self.receiver.recv() else { return Ok(0) };
            (self.part, self.read) = (part, 0);
        }
        let rest = &self.part[self.read..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}
