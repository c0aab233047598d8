//! The HTTP port for those who watch the daemon: off unless configured, and it only tells.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use crate::config;
use crate::engine::Listener;
use crate::error::{Error, Result};
use crate::gate::Entrance;

/// Connections at the same time; who comes then waits.
const CONNECTIONS: usize = 128;

/// How long whoever connects may take to say what they want.
const HEADERS: Duration = Duration::from_secs(5);

/// How long one connection may last, however often it asks, and however slowly it reads.
const LONGEST: Duration = Duration::from_secs(30);

/// A request is no longer than this, in bytes.
const BUFFER: usize = 16 * 1024;

/// The pause after a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A port that is listened on.
#[derive(Debug)]
pub struct Web {
    listener: TcpListener,
}

impl Web {
    /// Listens where the configuration says; `None` when it says nowhere.
    pub async fn bind(config: &config::Daemon) -> Result<Option<Self>> {
        let Some(address) = config.http else { return Ok(None) };
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let kind = error.kind();
            Error::usage(format!("cannot listen on {address} (`daemon.http`)"))
                .because(error)
                .hint(super::remote::why_not_bound(kind))
        })?;
        told(address);
        Ok(Some(Self { listener }))
    }

    /// Serves until `stop`; before the entrance is open it only says that the daemon is alive.
    pub async fn serve(self, entrance: Entrance, stop: CancellationToken) {
        let router = router(entrance);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let connections = TaskTracker::new();
        while let Some(stream) = accept(&self.listener, &stop).await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let connection = converse(stream, router.clone(), stop.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        connections.close();
        connections.wait().await;
    }
}

fn told(address: SocketAddr) {
    info!(%address, "health and metrics over HTTP");
    if !address.ip().is_loopback() {
        warn!(
            %address,
            "health and metrics are served to whoever reaches this address, without TLS or tokens; \
             they name no user, space or document"
        );
    }
}

/// The next connection; `None` when the daemon ends.
async fn accept(listener: &TcpListener, stop: &CancellationToken) -> Option<TcpStream> {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => return Some(stream),
            Err(error) => {
                warn!(%error, "a connection over HTTP could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, router: Router, stop: CancellationToken) {
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::select! {
        () = stop.cancelled() => {}
        ended = tokio::time::timeout(LONGEST, serving) => {
            if let Ok(Err(error)) = ended {
                debug!(%error, "a connection over HTTP broke off");
            }
        }
    }
}

fn router(entrance: Entrance) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(entrance)
}

/// What `/readyz` says; why something is missing is for those who may ask the daemon itself.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    checks: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    state: &'static str,
}

async fn ready(State(entrance): State<Entrance>) -> Response {
    let health = entrance.health(Listener::Other).await;
    let checks = health.0.iter();
    let checks = checks.map(|check| Named { name: check.name, state: check.condition.name() });
    let ready = Ready { ready: health.is_ready(), checks: checks.collect() };
    let code = if ready.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    match serde_json::to_string(&ready) {
        Ok(body) => (code, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => failed(&error.to_string()),
    }
}

async fn metrics(State(entrance): State<Entrance>) -> Response {
    let Ok(gate) = entrance.gate(Listener::Other) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the catalog is being opened\n").into_response();
    };
    match gate.metrics_text().await {
        Ok(body) => ([(header::CONTENT_TYPE, METRICS)], body).into_response(),
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(reason: &str) -> Response {
    warn!(reason, "a request over HTTP cannot be answered");
    (StatusCode::INTERNAL_SERVER_ERROR, "it cannot be told now; the log says why\n").into_response()
}
