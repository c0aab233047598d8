//! An OpenTelemetry collector: the real service of OTLP/gRPC, which keeps what it gets, or fails.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::fakes::free_address;
use crate::support::until;

/// What it does with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Takes,
    Refuses,
    /// Never answers.
    Hangs,
}

/// A span that arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub service: String,
    pub name: String,
    pub trace: Vec<u8>,
    pub id: Vec<u8>,
    pub parent: Vec<u8>,
    /// All of it, as text: for what must not be in it.
    pub whole: String,
    pub request: Option<String>,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    seen: Vec<Seen>,
    batches: usize,
    /// The number of the batch that waits for an answer.
    hanging: Option<usize>,
    connections: usize,
    authorization: Option<String>,
}

/// The collector; it is gone when dropped.
pub struct Collector {
    pub url: String,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    runtime: Option<Runtime>,
}

impl Collector {
    pub fn start() -> Self {
        let mut collector = Self::absent();
        collector.begin(None);
        collector
    }

    /// With TLS, as `https://localhost`.
    pub fn with_tls(identity: Identity) -> Self {
        let mut collector = Self::absent();
        collector.url = format!("https://localhost:{}", collector.address.port());
        collector.begin(Some(identity));
        collector
    }

    /// Nobody listens yet.
    pub fn absent() -> Self {
        let state = State {
            mood: Mood::Takes,
            seen: Vec::new(),
            batches: 0,
            hanging: None,
            connections: 0,
            authorization: None,
        };
        let address = free_address();
        let url = format!("http://{address}");
        Self { url, address, state: Arc::new(Mutex::new(state)), runtime: None }
    }

    pub fn begin(&mut self, identity: Option<Identity>) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (state, address) = (Arc::clone(&self.state), self.address);
        let service = TraceServiceServer::new(Service(Arc::clone(&state)));
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let connections = TcpListenerStream::new(listener).map(move |connection| {
            state.lock().unwrap().connections += 1;
            connection
        });
        let mut server = Server::builder();
        if let Some(identity) = identity {
            server = server.tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
        }
        runtime.spawn(server.add_service(service).serve_with_incoming(connections));
        self.runtime = Some(runtime);
    }

    pub fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub fn batches(&self) -> usize {
        self.state.lock().unwrap().batches
    }

    /// The number of the batch that waits for an answer, until it is given up.
    pub fn hanging(&self) -> Option<usize> {
        self.state.lock().unwrap().hanging
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    pub fn authorization(&self) -> Option<String> {
        self.state.lock().unwrap().authorization.clone()
    }

    /// Waits for a span of this name, from this service.
    #[track_caller]
    pub fn until(&self, service: &str, name: &str) -> Seen {
        let mut found = None;
        until(&format!("the span {name} of {service}"), || {
            let mut seen = self.seen().into_iter();
            found = seen.find(|span| span.service == service && span.name == name);
            found.is_some()
        });
        found.unwrap()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Service(Arc<Mutex<State>>);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let authorization = request.metadata().get("authorization");
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
        let spans = spans(request.into_inner());
        let mood = {
            let mut state = self.0.lock().unwrap();
            state.batches += 1;
            state.authorization = authorization;
            if state.mood == Mood::Takes {
                state.seen.extend(spans);
            }
            state.mood
        };
        match mood {
            Mood::Takes => Ok(Response::new(ExportTraceServiceResponse::default())),
            Mood::Refuses => Err(Status::permission_denied("who are you?")),
            Mood::Hangs => {
                let _until_given_up = Hanging::begin(&self.0);
                std::future::pending().await
            }
        }
    }
}

/// A batch that somebody waits for.
struct Hanging {
    state: Arc<Mutex<State>>,
    number: usize,
}

impl Hanging {
    fn begin(state: &Arc<Mutex<State>>) -> Self {
        let mut locked = state.lock().unwrap();
        let number = locked.batches;
        locked.hanging = Some(number);
        Self { state: Arc::clone(state), number }
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        // Another one may hang already.
        if state.hanging == Some(self.number) {
            state.hanging = None;
        }
    }
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Seen> {
    let mut seen = Vec::new();
    for resource in request.resource_spans {
        let attributes = resource.resource.unwrap_or_default().attributes;
        let service = attributes.iter().find(|it| it.key == "service.name");
        let service = service.and_then(|it| text(it.value.as_ref()?.value.as_ref()?));
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            seen.push(one(span, service.clone().unwrap_or_default()));
        }
    }
    seen
}

fn one(span: Span, service: String) -> Seen {
    let request = span.attributes.iter().find(|it| it.key == "request");
    Seen {
        service,
        request: request.and_then(|it| text(it.value.as_ref()?.value.as_ref()?)),
        whole: format!("{span:?}"),
        name: span.name,
        trace: span.trace_id,
        id: span.span_id,
        parent: span.parent_span_id,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}
