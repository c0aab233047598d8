//! The connection to the daemon, which is started in the background when none answers.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use ragterm_proto::ConnectError;
use ragterm_proto::v1::StatusReply;
use ragterm_proto::v1::ragterm_client::RagtermClient;
use tonic::transport::Channel;
use tonic::{Response, Status};

use super::background;
use super::context::Context;
use super::failure::{from_status, is_broken};
use crate::error::{Error, Result};

/// A client of the daemon.
pub type Client = RagtermClient<Channel>;

/// How long an answer may take that needs no work.
const QUICK: Duration = Duration::from_secs(10);

/// How long an answer may take that goes through the whole index.
const SLOW: Duration = Duration::from_secs(6 * 60 * 60);

/// Connects to the daemon, and starts one unless `daemon.autostart` is off; a wrong configuration
/// is an error with or without a daemon.
pub async fn connect(context: &Context) -> Result<Client> {
    let config = context.load()?.config;
    if let Some(client) = connect_running(context).await? {
        return Ok(client);
    }
    if !config.daemon.autostart {
        return Err(not_running(context).hint("start it with `ragterm daemon`"));
    }
    background::start(context).await
}

/// Connects as [`connect`] does, and says nothing: the terminal is not ours.
pub async fn reach(context: &Context) -> Result<Client> {
    match connect_running(context).await? {
        Some(client) => Ok(client),
        None if context.load()?.config.daemon.autostart => {
            background::Starting::spawn(context)?.answer(context).await
        }
        None => Err(not_running(context).hint("start it with `ragterm daemon`")),
    }
}

/// Says so when the daemon runs with another configuration than this command sees.
pub fn outdated(context: &Context, status: &StatusReply) -> Option<&'static str> {
    let daemon = status.daemon.as_ref()?;
    // A wrong configuration is told by itself, and versions tell configurations apart.
    let ours = context.load().ok()?.config.fingerprint();
    let differs = daemon.version == env!("CARGO_PKG_VERSION") && daemon.configuration != ours;
    differs.then_some(
        "the configuration (file or RAGTERM_* variables) is not the one that the daemon started \
         with",
    )
}

/// What makes a daemon take up another configuration.
pub const RESTART: &str = "run `ragterm stop`; the next command starts the daemon with it";

/// Connects and makes a first call, which must be one that may be made twice: when the connection
/// breaks before the answer, because the daemon has just ended, the next daemon is asked.
pub async fn first<T, F>(context: &Context, call: impl Fn(Client) -> F) -> Result<(Client, T)>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let client = connect(context).await?;
    match tokio::time::timeout(QUICK, call(client.clone())).await {
        Ok(Ok(answer)) => return Ok((client, answer.into_inner())),
        Ok(Err(status)) if is_broken(&status) => {}
        Ok(Err(status)) => return Err(from_status(&status)),
        Err(_) => return Err(no_answer(QUICK)),
    }
    let client = connect(context).await?;
    let answer = quick(call(client.clone())).await?;
    Ok((client, answer))
}

/// Connects to the daemon; `None` when none runs.
pub async fn connect_running(context: &Context) -> Result<Option<Client>> {
    let socket = &context.paths.socket;
    // The daemon of another user would hang up, and one that does not is not to be trusted.
    let own = rustix::process::geteuid().as_raw();
    if std::fs::metadata(socket).is_ok_and(|file| is_foreign(file.uid(), own)) {
        return Err(Error::denied(format!("another user owns the socket {}", socket.display()))
            .hint("set RAGTERM_DATA_DIR or RAGTERM_SOCKET to a place of your own"));
    }
    let mut attempt = ragterm_proto::connect(socket).await;
    if attempt.as_ref().is_err_and(|error| has_ended(error.source.kind())) {
        attempt = ragterm_proto::connect(socket).await;
    }
    match attempt {
        Ok(client) => Ok(Some(client)),
        Err(error) => match error.source.kind() {
            // Where a directory should be is a file: whoever starts a daemon says so.
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::ConnectionRefused => Ok(None),
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
        Err(_) => Err(no_answer(limit)),
    }
}

/// Whether a socket of `owner` is none for the user `own`; root may use any.
fn is_foreign(owner: u32, own: u32) -> bool {
    owner != own && own != 0
}

fn no_answer(limit: Duration) -> Error {
    Error::unavailable(format!("the daemon did not answer within {limit:?}"))
        .hint("`ragterm stop` ends it; the next command starts it again")
}

/// Whether a daemon took the connection and ended before the two had greeted each other.
fn has_ended(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::Other
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_may_use_the_socket_of_another_user() {
        assert!(is_foreign(0, 1000) && is_foreign(1001, 1000));
        assert!(!is_foreign(1000, 1000) && !is_foreign(1000, 0));
    }
}
