//! The local socket and its server: made when there is something to say, kept where callers look for
//! it, and closed after the last answer.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::lock::DataLock;
use super::socket::{Audience, Socket};
use crate::error::{Error, Result};
use crate::gate::Entrance;
use crate::rpc;

/// How often it is looked whether socket and data directory are still there.
const LOOK: Duration = Duration::from_secs(1);

/// Connections that wait to be served.
const WAITING: usize = 16;

/// How long open calls may take to end.
pub const GOODBYE: Duration = Duration::from_secs(1);

/// Where callers of this machine are received.
#[derive(Debug)]
pub struct Front {
    path: PathBuf,
    audience: Audience,
    socket: Option<Socket>,
    connections: mpsc::Sender<io::Result<UnixStream>>,
    server: Option<JoinHandle<Result<()>>>,
}

impl Front {
    /// One that serves what `entrance` lets through until `stop`; nobody can connect yet.
    pub fn new(
        (path, audience): (&Path, Audience),
        entrance: Entrance,
        stop: CancellationToken,
    ) -> Self {
        let (connections, received) = mpsc::channel(WAITING);
        let served = rpc::serve_local(entrance, ReceiverStream::new(received), stop);
        let (path, server) = (path.to_owned(), Some(tokio::spawn(served)));
        Self { path, audience, socket: None, connections, server }
    }

    /// Listens, unless it does already; from now on a command finds this daemon.
    pub fn open(&mut self) -> Result<()> {
        if self.socket.is_none() {
            self.socket = Some(Socket::bind(&self.path, self.audience)?);
            tell_supervisor(NotifyState::Ready);
        }
        Ok(())
    }

    /// Lets callers in until the server ends, and keeps the socket where they look for it; fails when
    /// the data directory is gone. Dropped anywhere, it loses nobody who has connected.
    pub async fn admit(&mut self, lock: &DataLock) -> Result<()> {
        let mut look = tokio::time::interval(LOOK);
        let Some(socket) = &mut self.socket else { return Ok(()) };
        loop {
            let arrival = async {
                let place = self.connections.reserve().await.ok()?;
                place.send(Ok(socket.accept().await));
                Some(())
            };
            tokio::select! {
                () = self.connections.closed() => return Ok(()),
                arrived = arrival => match arrived {
                    Some(()) => {}
                    None => return Ok(()),
                },
                _ = look.tick() => {
                    if !lock.is_in_place() {
                        let error = data_gone(lock.directory());
                        error!(event = "stop", %error, "ending");
                        return Err(error);
                    }
                    socket.restore();
                }
            }
        }
    }

    /// Waits until the answers that are on their way, that of `ragterm stop` among them, have
    /// arrived; to be called after `stop`.
    pub async fn finish(&mut self) -> Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        let served = tokio::time::timeout(GOODBYE, server).await.unwrap_or(Ok(Ok(())));
        served.map_err(|error| Error::internal("the gRPC server failed").because(error))?
    }

    /// Removes the socket: another daemon may take over.
    pub fn remove(self) {
        if let Some(socket) = self.socket {
            socket.remove();
        }
    }
}

/// Tells systemd, where it asked to be told (`Type=notify`).
pub fn tell_supervisor(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "what started the daemon cannot be told how it is");
    }
}

fn data_gone(directory: &Path) -> Error {
    Error::unavailable(format!(
        "the data directory {} was removed or replaced while the daemon used it",
        directory.display()
    ))
    .hint("put it back if it was moved; the next command starts a daemon on what is there")
}
