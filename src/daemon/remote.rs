//! The TCP port: off unless configured, with TLS unless only this machine can reach it.

use std::io::ErrorKind;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Identity;
use tracing::info;

use crate::config;
use crate::error::{Error, Result};
use crate::gate::Entrance;
use crate::rpc;

/// A port that is listened on, and what is shown to who connects.
#[derive(Debug)]
pub struct Remote {
    listener: TcpListener,
    identity: Option<Identity>,
}

impl Remote {
    /// Listens where the configuration says; `None` when it says nowhere.
    pub async fn bind(config: &config::Daemon) -> Result<Option<Self>> {
        let Some(address) = config.listen else { return Ok(None) };
        let identity = config.tls.as_ref().map(identity).transpose()?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let kind = error.kind();
            Error::usage(format!("cannot listen on {address} (`daemon.listen`)"))
                .because(error)
                .hint(why_not_bound(kind))
        })?;
        rpc::check_identity(identity.as_ref())?;
        let tls = identity.is_some();
        info!(%address, tls, "serving over TCP");
        Ok(Some(Self { listener, identity }))
    }

    /// Serves until `stop`.
    pub async fn serve(self, entrance: Entrance, stop: CancellationToken) -> Result<()> {
        let served = rpc::serve_remote(entrance, self.listener, self.identity, stop).await;
        if let Err(error) = &served {
            tracing::error!(%error, "nothing is served over TCP any more");
        }
        served
    }
}

/// What to do about an address that cannot be listened on.
pub fn why_not_bound(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::AddrNotAvailable => "it is none of this machine: `ip address` shows its own",
        ErrorKind::PermissionDenied => "ports below 1024 are for root: take a higher one",
        _ => "another program may use the port: `ss -ltnp` shows which",
    }
}

fn identity(tls: &config::Tls) -> Result<Identity> {
    let read = |key: &str, path: &std::path::Path| {
        fs_err::read(path).map_err(|error| {
            Error::usage(format!("the file of `daemon.{key}` cannot be read")).because(error)
        })
    };
    Ok(Identity::from_pem(read("tls_cert", &tls.certificate)?, read("tls_key", &tls.key)?))
}
