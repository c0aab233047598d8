//! A small Qdrant in memory that speaks the real protocol: what ragterm uses of it, by brute force.

mod collections;
mod filters;
mod points;
mod unserved;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use qdrant_client::qdrant::collections_server::CollectionsServer;
use qdrant_client::qdrant::points_server::PointsServer;
use qdrant_client::qdrant::qdrant_server::{Qdrant, QdrantServer};
use qdrant_client::qdrant::{
    CreateCollection, FieldType, HealthCheckReply, HealthCheckRequest, PointId, Value,
    point_id::PointIdOptions,
};
use tokio::sync::oneshot;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::certificate::Certificate;

/// A running server; it ends when dropped.
pub struct FakeQdrant {
    /// Where it listens.
    pub url: String,
    /// What it holds.
    pub state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What the server is and holds.
pub struct State {
    version: &'static str,
    key: &'static str,
    data: Mutex<Data>,
}

/// Collections and their other names.
#[derive(Default)]
pub struct Data {
    pub collections: BTreeMap<String, Collection>,
    pub aliases: BTreeMap<String, String>,
}

/// One collection.
pub struct Collection {
    pub made_with: CreateCollection,
    pub indexes: BTreeMap<String, FieldType>,
    pub points: BTreeMap<String, Point>,
}

/// One point: of length 1, as the real server keeps it.
pub struct Point {
    pub vector: Vec<f32>,
    pub payload: HashMap<String, Value>,
}

impl FakeQdrant {
    /// A server that says that it is of this version, and asks for this key unless it is empty.
    pub fn start(version: &'static str, key: &'static str) -> Self {
        Self::begin(version, key, None)
    }

    /// The same behind TLS, for `localhost`.
    pub fn start_encrypted(version: &'static str, certificate: &Certificate) -> Self {
        let (chain, key) = (certificate.read("certificate.pem"), certificate.read("key.pem"));
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(chain, key));
        let mut server = Self::begin(version, "", Some(tls));
        server.url = server.url.replace("http://127.0.0.1", "https://localhost");
        server
    }

    fn begin(version: &'static str, key: &'static str, tls: Option<ServerTlsConfig>) -> Self {
        let state = Arc::new(State { version, key, data: Mutex::default() });
        let (stop, stopped) = oneshot::channel();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::clone(&state);
        let thread = std::thread::spawn(move || serve(listener, tls, held, stopped));
        Self { url, state, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for FakeQdrant {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.stop.take().unwrap().send(());
        let _panicked = self.thread.take().unwrap().join();
    }
}

fn serve(
    listener: std::net::TcpListener,
    tls: Option<ServerTlsConfig>,
    state: Arc<State>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let mut server = Server::builder();
        if let Some(tls) = tls {
            server = server.tls_config(tls).unwrap();
        }
        let server = server
            .add_service(QdrantServer::from_arc(Arc::clone(&state)))
            .add_service(CollectionsServer::from_arc(Arc::clone(&state)))
            .add_service(PointsServer::from_arc(state).max_decoding_message_size(64 << 20))
            .serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener));
        tokio::select! {
            served = server => served.unwrap(),
            _ = stopped => {}
        }
    });
}

impl State {
    /// What it holds, for a test to look at or to change behind ragterm's back.
    pub fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    fn authorise<T>(&self, request: Request<T>) -> Result<T, Status> {
        let given = request.metadata().get("api-key").map(|key| key.as_bytes());
        if !self.key.is_empty() && given != Some(self.key.as_bytes()) {
            return Err(Status::unauthenticated("Must provide an API key"));
        }
        Ok(request.into_inner())
    }
}

impl Data {
    fn collection(&mut self, name: &str) -> Result<&mut Collection, Status> {
        let name = self.aliases.get(name).cloned().unwrap_or_else(|| name.to_owned());
        let missing = format!("Not found: Collection `{name}` doesn't exist!");
        self.collections.get_mut(&name).ok_or_else(|| Status::not_found(missing))
    }
}

/// The text of a UUID, which is all that ragterm uses.
fn uuid(id: Option<&PointId>) -> Result<String, Status> {
    match id.and_then(|id| id.point_id_options.clone()) {
        Some(PointIdOptions::Uuid(uuid)) if uuid.len() == 36 => Ok(uuid),
        other => Err(Status::invalid_argument(format!("Unable to parse UUID: {other:?}"))),
    }
}

fn point_id(uuid: &str) -> PointId {
    PointId { point_id_options: Some(PointIdOptions::Uuid(uuid.to_owned())) }
}

#[tonic::async_trait]
impl Qdrant for State {
    async fn health_check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckReply>, Status> {
        let title = "fake".to_owned();
        let version = self.version.to_owned();
        Ok(Response::new(HealthCheckReply { title, version, commit: None }))
    }
}
