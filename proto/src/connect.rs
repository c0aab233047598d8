//! Reaching a daemon: over its unix socket, or over TCP with a token.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::GrpcMethod;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Uri};
use tonic::{Request, Status};

use crate::request::place_in_trace;
use crate::v1::ragterm_client::RagtermClient;
use crate::{MAX_MESSAGE_BYTES, REQUEST_KEY, RequestId, TRACE_KEY};

/// How long a connection may take before the daemon counts as not answering.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a silent connection is asked whether the daemon is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A client of the daemon that shows its token with each call, if it has one, and names the request.
pub type Client = RagtermClient<InterceptedService<Channel, Badge>>;

/// Where a daemon is, and what it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where it is.
    pub place: Place,
    /// The secret of a token; the socket's own user needs none.
    pub token: Option<Token>,
}

/// Where a daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A unix socket of this machine.
    Socket(PathBuf),
    /// A TCP port.
    Address {
        /// `https://host:port`, or `http://…` on this machine.
        url: String,
        /// The certificate that the daemon's is signed by, in PEM; `None` means those of the
        /// system.
        authority: Option<Vec<u8>>,
    },
}

/// The secret of a token; not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

/// Shows a token with each call, and the name of the request: that of the work which it is part of,
/// or one of its own.
#[derive(Debug, Clone, Default)]
pub struct Badge {
    authorization: Option<MetadataValue<Ascii>>,
}

/// No daemon answers.
#[derive(Debug)]
pub struct ConnectError {
    /// Where it was looked for.
    pub place: String,
    /// What the operating system said.
    pub source: io::Error,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Address { url, .. } => f.write_str(url),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no daemon answers on {}: {}", self.place, self.source)
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Interceptor for Badge {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        let id = RequestId::current().unwrap_or_else(RequestId::make);
        if let Some(method) = request.extensions().get::<GrpcMethod<'static>>() {
            tracing::debug!(rpc = method.method(), request = %id, "the daemon is called");
        }
        insert(&mut request, REQUEST_KEY, id.as_str());
        if let Some(place) = place_in_trace() {
            insert(&mut request, TRACE_KEY, &place);
        }
        Ok(request)
    }
}

impl Badge {
    fn of(token: Option<&Token>) -> io::Result<Self> {
        let Some(Token(secret)) = token else { return Ok(Self::default()) };
        let unsendable = |_| io::Error::other("the token is none: it has characters of no token");
        let mut value = MetadataValue::try_from(format!("Bearer {secret}")).map_err(unsendable)?;
        value.set_sensitive(true);
        Ok(Self { authorization: Some(value) })
    }
}

fn insert(request: &mut Request<()>, key: &'static str, value: &str) {
    // Both are made of ASCII.
    if let Ok(value) = MetadataValue::try_from(value) {
        request.metadata_mut().insert(key, value);
    }
}

/// Connects to the daemon that listens on the unix socket at `socket`.
pub async fn connect(socket: &Path) -> Result<Client, ConnectError> {
    connect_to(&Target { place: Place::Socket(socket.to_path_buf()), token: None }).await
}

/// Connects to a daemon.
pub async fn connect_to(target: &Target) -> Result<Client, ConnectError> {
    let connected = async {
        let badge = Badge::of(target.token.as_ref())?;
        let channel = match &target.place {
            Place::Socket(path) => over_socket(path).await?,
            Place::Address { url, authority } => over_tcp(url, authority.as_deref()).await?,
        };
        Ok((channel, badge))
    };
    let (channel, badge) = connected
        .await
        .map_err(|source| ConnectError { place: target.place.to_string(), source })?;
    let client = RagtermClient::with_interceptor(channel, badge);
    Ok(client.max_decoding_message_size(MAX_MESSAGE_BYTES))
}

/// A client that connects when it is first used, and again whenever it must; for who runs for long
/// and may run before the daemon. An error means that the target cannot be meant. Needs a runtime.
pub fn connect_when_used(target: &Target) -> Result<Client, ConnectError> {
    let made = || {
        let badge = Badge::of(target.token.as_ref())?;
        let channel = match &target.place {
            Place::Socket(path) => over_socket_when_used(path),
            Place::Address { url, authority } => {
                endpoint(url, authority.as_deref())?.connect_lazy()
            }
        };
        Ok((channel, badge))
    };
    let (channel, badge) =
        made().map_err(|source| ConnectError { place: target.place.to_string(), source })?;
    let client = RagtermClient::with_interceptor(channel, badge);
    Ok(client.max_decoding_message_size(MAX_MESSAGE_BYTES))
}

fn over_socket_when_used(path: &Path) -> Channel {
    let path = path.to_path_buf();
    let connector = tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { Ok::<_, io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
    });
    Endpoint::from_static("http://localhost")
        .connect_timeout(CONNECT_TIMEOUT)
        .connect_with_connector_lazy(connector)
}

async fn over_socket(path: &Path) -> io::Result<Channel> {
    // One plain attempt first: tonic would hide the reason of the operating system.
    let stream = UnixStream::connect(path).await?;
    let mut first = Some(stream);
    let path = path.to_path_buf();
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
    Endpoint::from_static("http://localhost")
        .connect_timeout(CONNECT_TIMEOUT)
        .connect_with_connector(connector)
        .await
        .map_err(io::Error::other)
}

async fn over_tcp(url: &str, authority: Option<&[u8]>) -> io::Result<Channel> {
    let endpoint = endpoint(url, authority)?;
    endpoint.connect().await.map_err(|error| io::Error::other(causes(&error)))
}

fn endpoint(url: &str, authority: Option<&[u8]>) -> io::Result<Endpoint> {
    let mut endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(io::Error::other)?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE)
        .tcp_nodelay(true);
    if url.starts_with("https://") {
        let tls = match authority {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        endpoint = endpoint.tls_config(tls).map_err(io::Error::other)?;
    }
    Ok(endpoint)
}

/// The whole chain of causes: the last one says what was wrong.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let token = Token("ragterm_secret".into());
        assert_eq!(format!("{token:?}"), "Token(…)");
        let badge = Badge::of(Some(&token)).unwrap();
        assert!(!format!("{badge:?}").contains("secret"));
        assert!(Badge::of(Some(&Token("a\nb".into()))).is_err());
    }

    #[tokio::test]
    async fn calls_of_one_piece_of_work_carry_its_name_and_others_their_own() {
        let name = || {
            let request = Badge::default().call(Request::new(())).unwrap();
            request.metadata().get(REQUEST_KEY).unwrap().to_str().unwrap().to_owned()
        };
        assert_ne!(name(), name());
        let id = RequestId::read("chat-1").unwrap();
        let names = id.scope(async { [name(), name()] }).await;
        assert_eq!(names, ["chat-1", "chat-1"]);
        assert_ne!(name(), "chat-1");
    }
}
