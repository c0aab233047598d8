//! The stream of a backup: its bytes with how far it is.

use std::io::{self, Write};
use std::pin::Pin;
use std::time::Duration;

use ragterm_proto::v1::{BackupPart, BackupRequest};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::backup::{Form, Progress};
use crate::engine::Engine;

/// Bytes of a backup in one message.
const PART: usize = 256 << 10;

/// Messages that wait to be sent; HTTP/2 holds some megabytes more.
const AHEAD: usize = 1;

/// The time between two messages without bytes.
const PERIOD: Duration = Duration::from_millis(250);

/// How long a message may wait until it is taken: who takes nothing keeps others from their backups.
const PATIENCE: Duration = Duration::from_secs(60);

pub type BackupStream = Pin<Box<dyn Stream<Item = Result<BackupPart, Status>> + Send>>;

type Sender = mpsc::Sender<Result<BackupPart, Status>>;

/// Starts a backup; it is cancelled when nobody reads the stream any more.
pub fn start(engine: Engine, request: &BackupRequest, stop: &CancellationToken) -> BackupStream {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let stop = stop.child_token();
    let form = if request.portable { Form::Portable } else { Form::Native };
    engine.clone().spawn("backup", async move {
        let progress = watch::Sender::new(Progress::default());
        let watched = progress.subscribe();
        let out = Parts {
            sender: sender.clone(),
            progress: watched.clone(),
            runtime: Handle::current(),
            patience: PATIENCE,
            stop: stop.clone(),
            bytes: Vec::new(),
        };
        let mut taking = std::pin::pin!(engine.back_up(form, out, progress, &stop));
        let outcome = tokio::select! {
            outcome = &mut taking => outcome,
            // The caller went away: what was begun is cleared away.
            () = tell(watched.clone(), &sender) => {
                stop.cancel();
                taking.await
            }
        };
        let last = match outcome {
            Ok(_) => Ok(part("done", *watched.borrow(), Vec::new())),
            Err(error) => Err(super::status(&error)),
        };
        let _gone = send(&sender, last, (PATIENCE, &stop)).await;
    });
    Box::pin(ReceiverStream::new(receiver))
}

/// Sends a message, if it is taken in time; until `stop`, as far as there is room then.
async fn send(
    sender: &Sender,
    message: Result<BackupPart, Status>,
    (patience, stop): (Duration, &CancellationToken),
) -> io::Result<()> {
    let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it any more");
    let room = tokio::select! {
        biased;
        room = sender.reserve() => room.map_err(|_| gone())?,
        () = stop.cancelled() => return Err(io::Error::other("the daemon ends")),
        () = tokio::time::sleep(patience) => {
            let message = format!("nothing of it was taken for {} s", patience.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
    };
    room.send(message);
    Ok(())
}

/// Tells how far it is while no bytes do, until the caller goes away.
async fn tell(progress: watch::Receiver<Progress>, sender: &Sender) {
    loop {
        let now = *progress.borrow();
        // Bytes tell it themselves.
        if now.phase != "pack" && sender.send(Ok(part(now.phase, now, Vec::new()))).await.is_err() {
            return;
        }
        tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

fn part(phase: &str, progress: Progress, data: Vec<u8>) -> BackupPart {
    let Progress { done, total, .. } = progress;
    BackupPart { data, phase: phase.to_owned(), done, total }
}

/// Cuts what is written into messages.
struct Parts {
    sender: Sender,
    progress: watch::Receiver<Progress>,
    runtime: Handle,
    patience: Duration,
    stop: CancellationToken,
    bytes: Vec<u8>,
}

impl Parts {
    fn send(&mut self) -> io::Result<()> {
        let data = std::mem::take(&mut self.bytes);
        let progress = *self.progress.borrow();
        if data.is_empty() {
            return Ok(());
        }
        if self.stop.is_cancelled() {
            return Err(io::Error::other("it was ended"));
        }
        let message = Ok(part(progress.phase, progress, data));
        self.runtime.block_on(send(&self.sender, message, (self.patience, &self.stop)))
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= PART {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of parts that nobody takes.
    async fn unread(patience: Duration, stop: CancellationToken) -> io::Error {
        let (sender, _unread) = mpsc::channel(1);
        let (_, progress) = watch::channel(Progress::default());
        let runtime = Handle::current();
        let mut parts = Parts { sender, progress, runtime, patience, stop, bytes: Vec::new() };
        let writing = tokio::task::spawn_blocking(move || {
            (0..3).try_for_each(|_| parts.write_all(&[0; PART])).unwrap_err()
        });
        tokio::time::timeout(PATIENCE / 2, writing).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_the_backup() {
        let error = unread(Duration::from_millis(20), CancellationToken::new()).await;
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("nothing of it was taken"), "{error}");
    }

    #[tokio::test]
    async fn a_daemon_that_ends_waits_for_no_reader() {
        let stop = CancellationToken::new();
        let (unread, ()) = tokio::join!(unread(PATIENCE, stop.clone()), async { stop.cancel() });
        assert!(!unread.to_string().contains("was taken"), "{unread}");
    }
}
