//! The connection to the daemon, which is started in the background when none answers.

use std::io;
use std::time::Duration;

use ragterm_proto::ConnectError;
use ragterm_proto::v1::ragterm_client::RagtermClient;
use tonic::transport::Channel;
use tonic::{Response, Status};

use super::background;
use super::context::Context;
use super::failure::from_status;
use crate::error::{Error, Result};

/// A client of the daemon.
pub type Client = RagtermClient<Channel>;

/// How long an answer may take that needs no work.
const QUICK: Duration = Duration::from_secs(10);

/// How long an answer may take that goes through the whole index.
const SLOW: Duration = Duration::from_secs(6 * 60 * 60);

/// Connects to the daemon, and starts one unless `daemon.autostart` is off.
pub async fn connect(context: &Context) -> Result<Client> {
    if let Some(client) = connect_running(context).await? {
        return Ok(client);
    }
    let config = context.load()?.config;
    if !config.daemon.autostart {
        return Err(not_running(context).hint("start it with `ragterm daemon`"));
    }
    background::start(context).await
}

/// Connects to the daemon; `None` when none runs.
pub async fn connect_running(context: &Context) -> Result<Option<Client>> {
    match ragterm_proto::connect(&context.paths.socket).await {
        Ok(client) => Ok(Some(client)),
        Err(error) => match error.source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(unreachable(error)),
        },
    }
}

/// The result of a call whose answer needs no work.
pub async fn quick<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T> {
    bounded(call, QUICK).await
}

/// The result of a call that may go through the whole index.
pub async fn slow<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T> {
    bounded(call, SLOW).await
}

async fn bounded<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
    limit: Duration,
) -> Result<T> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => Ok(answer.map_err(|status| from_status(&status))?.into_inner()),
        Err(_) => Err(Error::unavailable(format!("the daemon did not answer within {limit:?}"))
            .hint("`ragterm stop` ends it; the next command starts it again")),
    }
}

fn not_running(context: &Context) -> Error {
    let socket = context.paths.socket.display();
    Error::unavailable(format!("no daemon answers on {socket}, and `daemon.autostart` is off"))
}

fn unreachable(error: ConnectError) -> Error {
    let denied = error.source.kind() == io::ErrorKind::PermissionDenied;
    let message = format!("cannot reach the daemon on {}", error.socket.display());
    if denied {
        return Error::denied(message)
            .because(error.source)
            .hint("the daemon serves only the user that started it");
    }
    Error::unavailable(message).because(error.source).hint("`ragterm doctor` looks for the reason")
}
