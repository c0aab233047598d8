//! The gRPC services: convert, call, convert.

mod access;
mod asking;
mod backup;
mod called;
mod caller;
mod convert;
mod counted;
mod garbage;
mod health;
mod migration;
mod progress;
mod reading;
mod service;
mod sessions;
mod status;

use std::io;
use std::time::Duration;

use ragterm_proto::v1::ragterm_server::RagtermServer;
use ragterm_proto::{DESCRIPTORS, HINT_KEY, MAX_MESSAGE_BYTES};
use tokio::net::{TcpListener, UnixStream};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Status};
use tonic_health::pb::health_server::{Health, HealthServer};

use crate::error::{Error, ErrorKind, Result};
use crate::gate::Entrance;
use called::Called;

/// Requests served at the same time on one connection.
const CONCURRENCY: usize = 64;

/// The longest that a call over the network may take.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// How often a silent connection over the network is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// The longest that the other end may take to begin.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Requests may be this large; answers are larger.
const MAX_REQUEST_BYTES: usize = 2 << 20;

/// Serves connections of the local socket until `stop`; calls that run by then are ended by their
/// own tokens.
pub async fn serve_local(
    entrance: Entrance,
    connections: impl Stream<Item = io::Result<UnixStream>> + Unpin,
    stop: CancellationToken,
) -> Result<()> {
    let describe = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let reflection = describe().build_v1().map_err(failed)?;
    // Most tools still ask in the older dialect.
    let older = describe().build_v1alpha().map_err(failed)?;
    Server::builder()
        .concurrency_limit_per_connection(CONCURRENCY)
        .add_service(serving(&entrance, &stop).await)
        .add_service(reflection)
        .add_service(older)
        .add_service(service(entrance, &stop))
        .serve_with_incoming_shutdown(connections, stop.cancelled_owned())
        .await
        .map_err(failed)
}

/// Serves a TCP port until `stop`, with TLS if there is an identity to show; who calls must show a
/// token.
pub async fn serve_remote(
    entrance: Entrance,
    listener: TcpListener,
    identity: Option<Identity>,
    stop: CancellationToken,
) -> Result<()> {
    let mut server = Server::builder()
        .concurrency_limit_per_connection(CONCURRENCY)
        .timeout(LONGEST)
        .http2_keepalive_interval(Some(KEEPALIVE));
    if let Some(identity) = identity {
        server = with_tls(server, identity)?;
    }
    server
        .add_service(serving(&entrance, &stop).await)
        .add_service(service(entrance, &stop))
        .serve_with_incoming_shutdown(counted::incoming(listener), stop.cancelled_owned())
        .await
        .map_err(failed)
}

/// Fails when a certificate and its key cannot be shown.
pub fn check_identity(identity: Option<&Identity>) -> Result<()> {
    match identity {
        Some(identity) => with_tls(Server::builder(), identity.clone()).map(drop),
        None => Ok(()),
    }
}

fn with_tls(server: Server, identity: Identity) -> Result<Server> {
    let tls = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE);
    server.tls_config(tls).map_err(|error| {
        Error::usage("the certificate of `daemon.tls_cert` and its key cannot be used")
            .because(error)
            .hint("both files must be PEM, and the key must be the certificate's")
    })
}

fn service(
    entrance: Entrance,
    stop: &CancellationToken,
) -> Called<RagtermServer<service::Service>> {
    let service = RagtermServer::new(service::Service::new(entrance.clone(), stop.clone()))
        .max_decoding_message_size(MAX_REQUEST_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Called { service, entrance }
}

/// The health that gRPC itself defines: serving as soon as the entrance is open.
async fn serving(entrance: &Entrance, stop: &CancellationToken) -> HealthServer<impl Health> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_not_serving::<RagtermServer<service::Service>>().await;
    let (entrance, stop) = (entrance.clone(), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = entrance.opened() => health.set_serving::<RagtermServer<service::Service>>().await,
        }
    });
    health_service
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("the gRPC server failed").because(error)
}

/// The one table from error kinds to gRPC codes.
fn status(error: &Error) -> Status {
    let code = match error.kind() {
        ErrorKind::Usage => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Denied => Code::PermissionDenied,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Corrupt => Code::DataLoss,
        ErrorKind::Exhausted => Code::ResourceExhausted,
        ErrorKind::Internal => Code::Internal,
    };
    let mut status = Status::new(code, error.to_string());
    if let Some(hint) = error.next_step() {
        let value = tonic::metadata::MetadataValue::from_bytes(hint.as_bytes());
        status.metadata_mut().insert_bin(HINT_KEY, value);
    }
    status
}
