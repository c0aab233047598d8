//! Reaching a daemon over its unix socket.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::MAX_MESSAGE_BYTES;
use crate::v1::ragterm_client::RagtermClient;

/// How long a connection may take before the daemon counts as not answering.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// No daemon answers on the socket.
#[derive(Debug)]
pub struct ConnectError {
    /// The socket that was tried.
    pub socket: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no daemon answers on {}: {}", self.socket.display(), self.source)
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Connects to the daemon that listens on the unix socket at `socket`.
pub async fn connect(socket: &Path) -> Result<RagtermClient<Channel>, ConnectError> {
    // One plain attempt first: tonic would hide the reason of the operating system.
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|source| ConnectError { socket: socket.to_path_buf(), source })?;
    let mut first = Some(stream);
    let path = socket.to_path_buf();
    let connector = tower::service_fn(move |_: Uri| {
        let ready = first.take();
        let path = path.clone();
        async move {
            let stream = match ready {
                Some(stream) => stream,
                None => UnixStream::connect(path).await?,
            };
            Ok::<_, io::Error>(TokioIo::new(stream))
        }
    });
    let channel = Endpoint::from_static("http://localhost")
        .connect_timeout(CONNECT_TIMEOUT)
        .connect_with_connector(connector)
        .await
        .map_err(|error| ConnectError {
            socket: socket.to_path_buf(),
            source: io::Error::other(error),
        })?;
    Ok(RagtermClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES))
}
