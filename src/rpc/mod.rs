//! The gRPC services: convert, call, convert.

mod asking;
mod convert;
mod migration;
mod progress;
mod reading;
mod service;
mod sessions;
mod status;

use std::io;

use ragterm_proto::v1::ragterm_server::RagtermServer;
use ragterm_proto::{DESCRIPTORS, HINT_KEY, MAX_MESSAGE_BYTES};
use tokio::net::UnixStream;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::{Code, Status};

use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};

/// Requests served at the same time on one connection.
const CONCURRENCY: usize = 64;

/// Requests may be this large; answers are larger.
const MAX_REQUEST_BYTES: usize = 2 << 20;

/// Serves `connections` until `stop`; calls that run by then are ended by their own tokens.
pub async fn serve(
    engine: Engine,
    connections: impl Stream<Item = io::Result<UnixStream>> + Unpin,
    stop: CancellationToken,
) -> Result<()> {
    let failed = |error: String| Error::internal("the gRPC server failed").because(error);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<RagtermServer<service::Service>>().await;
    let describe = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let reflection = describe().build_v1().map_err(|error| failed(error.to_string()))?;
    // Most tools still ask in the older dialect.
    let older = describe().build_v1alpha().map_err(|error| failed(error.to_string()))?;
    let service = RagtermServer::new(service::Service::new(engine, stop.clone()))
        .max_decoding_message_size(MAX_REQUEST_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Server::builder()
        .concurrency_limit_per_connection(CONCURRENCY)
        .add_service(health_service)
        .add_service(reflection)
        .add_service(older)
        .add_service(service)
        .serve_with_incoming_shutdown(connections, stop.cancelled_owned())
        .await
        .map_err(|error| failed(error.to_string()))
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
