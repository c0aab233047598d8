//! The stream of a backup: its bytes with how far it is.

use std::io::{self, Write};
use std::pin::Pin;
use std::time::Duration;

use ragterm_proto::v1::{BackupPart, BackupRequest};
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::backup::{Form, Progress};
use crate::engine::Engine;

/// Bytes of a backup in one message.
const PART: usize = 256 << 10;

/// Messages that wait to be sent.
const AHEAD: usize = 4;

/// The time between two messages without bytes.
const PERIOD: Duration = Duration::from_millis(250);

pub type BackupStream = Pin<Box<dyn Stream<Item = Result<BackupPart, Status>> + Send>>;

type Sender = mpsc::Sender<Result<BackupPart, Status>>;

/// Starts a backup; it is cancelled when nobody reads the stream any more.
pub fn start(engine: Engine, request: &BackupRequest, stop: &CancellationToken) -> BackupStream {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let stop = stop.child_token();
    let form = if request.portable { Form::Portable } else { Form::Native };
    tokio::spawn(async move {
        let progress = watch::Sender::new(Progress::default());
        let watched = progress.subscribe();
        let out = Parts {
            sender: sender.clone(),
            progress: watched.clone(),
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
        let _gone = sender.send(last).await;
    });
    Box::pin(ReceiverStream::new(receiver))
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
    stop: CancellationToken,
    bytes: Vec<u8>,
}

impl Parts {
    fn send(&mut self) -> io::Result<()> {
        let data = std::mem::take(&mut self.bytes);
        let progress = *self.progress.borrow();
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it any more");
        if data.is_empty() {
            return Ok(());
        }
        if self.stop.is_cancelled() {
            return Err(gone());
        }
        self.sender.blocking_send(Ok(part(progress.phase, progress, data))).map_err(|_| gone())
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
