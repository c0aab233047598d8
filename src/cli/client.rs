//! The connection to the daemon, which is started in the background when none answers.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use ragterm_proto::v1::StatusReply;
use ragterm_proto::{ConnectError, Place, Target, Token};
use tonic::{Response, Status};

use super::background;
use super::context::Context;
use super::failure::{from_status, is_broken};
use crate::config::{self, Config};
use crate::daemon;
use crate::error::{Error, Result};

pub use ragterm_proto::Client;

/// How long an answer may take that needs no work.
const QUICK: Duration = Duration::from_secs(10);

/// How long an answer may take that goes through the whole index.
const SLOW: Duration = Duration::from_secs(6 * 60 * 60);

/// Connects to the daemon, and starts one unless `daemon.autostart` is off; a wrong configuration
/// is an error with or without a daemon.
pub async fn connect(context: &Context) -> Result<Client> {
    let config = context.load()?.config;
    match connect_running(context).await? {
        Some(client) => Ok(client),
        None if starts_by_itself(&config) => background::start(context).await,
        None => Err(nobody_answers(context, &config)),
    }
}

/// Connects as [`connect`] does, and says nothing: the terminal is not ours.
pub async fn reach(context: &Context) -> Result<Client> {
    if let Some(client) = connect_running(context).await? {
        return Ok(client);
    }
    let config = context.load()?.config;
    match starts_by_itself(&config) {
        true => background::Starting::spawn(context)?.answer(context).await,
        false => Err(nobody_answers(context, &config)),
    }
}

/// No daemon runs, and none shall be started.
pub fn not_running(context: &Context) -> Error {
    match context.load() {
        Ok(loaded) if !starts_by_itself(&loaded.config) => nobody_answers(context, &loaded.config),
        _ => is_opening(context).unwrap_or_else(|| {
            Error::unavailable(format!("no daemon answers on {}", context.paths.socket.display()))
                .hint("`ragterm daemon` starts one, and so does any command that searches")
        }),
    }
}

/// That a daemon has the data directory and does not answer yet; `None` when none has it.
pub fn is_opening(context: &Context) -> Option<Error> {
    let pid = daemon::owner(&context.paths.data_dir)?;
    let (directory, socket) = (context.paths.data_dir.display(), context.paths.socket.display());
    let error = Error::unavailable(format!(
        "the daemon (pid {pid}) of {directory} does not answer on {socket}: it is still opening \
         its catalog, or listens elsewhere"
    ));
    Some(error.hint("ask again in a few seconds; if that does not help, compare RAGTERM_SOCKET"))
}

/// Whether the daemon that commands speak to is one that they start.
pub fn starts_by_itself(config: &Config) -> bool {
    config.daemon.autostart && config.client.url.is_empty() && config.client.owner.is_empty()
}

/// Says so when the daemon runs with another configuration than this command sees.
pub fn outdated(context: &Context, status: &StatusReply) -> Option<&'static str> {
    let daemon = status.daemon.as_ref()?;
    // Not every caller is told it.
    if daemon.configuration.is_empty() {
        return None;
    }
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
    // A wrong configuration is told by who needs it; `ragterm stop` should work without.
    let settings = context.load().map(|loaded| loaded.config.client).unwrap_or_default();
    let target = target(context, &settings)?;
    let mut attempt = ragterm_proto::connect_to(&target).await;
    if attempt.as_ref().is_err_and(|error| has_ended(error.source.kind())) {
        attempt = ragterm_proto::connect_to(&target).await;
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

/// Where the daemon is, and what it is shown.
pub fn target(context: &Context, settings: &config::Client) -> Result<Target> {
    let token = settings.token.read()?;
    if token
        .as_ref()
        .is_some_and(|token| token.chars().any(|c| c.is_whitespace() || c.is_control()))
    {
        return Err(Error::usage("`client.token` is no token: it has more than one line or word")
            .hint("paste the secret that `ragterm token create` told"));
    }
    let token = token.map(Token);
    if !settings.url.is_empty() {
        let authority = settings.ca.as_ref().map(fs_err::read).transpose();
        let authority = authority.map_err(|error| {
            Error::usage("the certificate of `client.ca` cannot be read").because(error)
        })?;
        let place = Place::Address { url: settings.url.clone(), authority };
        return Ok(Target { place, token });
    }
    let socket = &context.paths.socket;
    let own = rustix::process::geteuid().as_raw();
    let owner = std::fs::metadata(socket).map(|file| file.uid());
    // The daemon of another user would hang up, and one that does not is not to be trusted.
    if owner.is_ok_and(|owner| is_foreign(owner, own) && !is_named(owner, &settings.owner)) {
        return Err(Error::denied(format!("another user owns the socket {}", socket.display()))
            .hint(
                "name that user in `client.owner` if it is to be trusted, or set \
                 RAGTERM_DATA_DIR or RAGTERM_SOCKET to a place of your own",
            ));
    }
    Ok(Target { place: Place::Socket(socket.clone()), token })
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

/// Whether `name` is that of a user, or its number.
fn is_named(user: u32, name: &str) -> bool {
    let named = || nix::unistd::User::from_name(name).ok().flatten();
    name.parse() == Ok(user) || named().is_some_and(|named| named.uid.as_raw() == user)
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

fn nobody_answers(context: &Context, config: &Config) -> Error {
    let url = &config.client.url;
    if !url.is_empty() {
        return Error::unavailable(format!("no daemon answers on {url}"))
            .hint("check `client.url`, and that its daemon runs and listens there");
    }
    let socket = context.paths.socket.display();
    match config.daemon.autostart {
        true => Error::unavailable(format!("no daemon answers on {socket}"))
            .hint("its owner starts it: `client.owner` names another user"),
        false => is_opening(context).unwrap_or_else(|| {
            Error::unavailable(format!(
                "no daemon answers on {socket}, and `daemon.autostart` is off"
            ))
            .hint("start it with `ragterm daemon`")
        }),
    }
}

fn unreachable(error: ConnectError) -> Error {
    let denied = error.source.kind() == io::ErrorKind::PermissionDenied;
    let message = format!("cannot reach the daemon on {}", error.place);
    if denied {
        return Error::denied(message)
            .because(error.source)
            .hint("the daemon serves only the user that started it, and whom it grants something");
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
