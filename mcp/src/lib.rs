//! The Model Context Protocol server: the daemon's search and documents as tools for agents.

mod answer;
mod daemon;
mod failure;
mod read;
mod schema;
mod search;
mod server;
mod since;
mod sources;
mod status;
mod text;

use std::fmt;

use rmcp::service::ServerInitializeError;
use rmcp::transport::{IntoTransport, stdio_pipes};
use rmcp::{RoleServer, ServiceExt};

pub use failure::Failure;

/// A client of the daemon.
pub use ragterm_proto::Client;

/// Serves the agent on standard input and output until the input ends; `connect` reaches the
/// daemon, or says in words why it cannot, and is called again after a connection broke.
///
/// Nothing else may write to standard output meanwhile. Fails when the agent does not speak the
/// protocol.
pub async fn serve<C, F>(connect: C) -> Result<(), Error>
where
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<Client, Failure>> + Send + 'static,
{
    serve_over(stdio_pipes(), connect).await
}

/// As [`serve`], over any transport.
pub async fn serve_over<T, E, A, C, F>(transport: T, connect: C) -> Result<(), Error>
where
    T: IntoTransport<RoleServer, E, A>,
    E: std::error::Error + Send + Sync + 'static,
    C: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = Result<Client, Failure>> + Send + 'static,
{
    let server = server::Server::new(daemon::Daemon::new(connect));
    let running = match server.serve(transport).await {
        Ok(running) => running,
        // The agent went away before it said a word.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(Error(error.to_string())),
    };
    running.waiting().await.map_err(|error| Error(error.to_string()))?;
    Ok(())
}

/// Why the conversation with the agent broke off.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
