//! Servers that speak a documented protocol exactly and can be told to fail.

mod behind;
pub mod chat;
pub mod ollama;
pub mod openai;
pub mod served;
mod vectors;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::Semaphore;

use served::Served;

pub use behind::Behind;

/// A server on a thread of its own; it ends, connections and all, when dropped.
pub struct Fake {
    pub url: String,
    pub state: Arc<State>,
    _served: Served,
}

/// What it does, and what it was asked.
pub struct State {
    behaviour: Mutex<Behaviour>,
    requests: Mutex<Vec<Request>>,
    loaded: AtomicUsize,
    /// Texts that were asked for, for `hangs_after`.
    taken: AtomicUsize,
    slots: Semaphore,
    /// When the first request for vectors came, and when the last one was served.
    pub span: Mutex<Option<(Instant, Instant)>>,
}

/// One request for vectors, or the path of another.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub path: String,
    pub texts: Vec<String>,
    pub authorization: Option<String>,
    pub body: serde_json::Value,
}

/// What the server does.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// The models that it has.
    pub models: Vec<String>,
    /// The model that it can pull.
    pub library: Option<String>,
    pub dimensions: usize,
    /// What it states as the longest text, in tokens.
    pub context: usize,
    /// What it really takes.
    pub limit: usize,
    pub on_long: OnLong,
    /// The most texts in a request.
    pub most_texts: usize,
    /// How long the first request for vectors takes.
    pub load: Duration,
    /// How the next so many requests for vectors fail.
    pub failing: (usize, Failure),
    pub answers: Answers,
    /// Texts with this word fail with 500.
    pub poison: Option<&'static str>,
    /// Each text takes so long, in this many slots.
    pub per_text: Duration,
    /// After so many texts no request is answered any more.
    pub hangs_after: Option<usize>,
    /// What is asked for as `Authorization`.
    pub key: Option<&'static str>,
    /// Where the vectors come from; `None`: from the words alone.
    pub behind: Option<Behind>,
}

/// What happens to a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLong {
    /// 400.
    Refuse,
    /// Its end is left out, and nothing said.
    Cut,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Status(u16),
    /// 429 with so many seconds in `Retry-After`.
    Busy(&'static str),
    Hang,
    /// The connection is closed in the middle of the answer.
    Break,
    /// To another server.
    Redirect,
}

/// What the vectors look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    Right,
    TooFew,
    Shorter,
    /// A null among the numbers, for texts with the word `numberless`.
    Null,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            models: vec!["nomic-embed-text:latest".into()],
            library: None,
            dimensions: 64,
            context: 2_048,
            limit: 2_048,
            on_long: OnLong::Refuse,
            most_texts: 2_048,
            load: Duration::ZERO,
            failing: (0, Failure::Status(500)),
            answers: Answers::Right,
            poison: None,
            per_text: Duration::ZERO,
            hangs_after: None,
            key: None,
            behind: None,
        }
    }
}

/// The number that a forgotten limit has.
pub const ALWAYS: usize = usize::MAX;

impl Fake {
    /// Serves `router` on any free port.
    fn start(behaviour: Behaviour, router: impl FnOnce(Arc<State>) -> Router) -> Self {
        Self::start_at(free_address(), behaviour, router)
    }

    fn start_at(
        address: SocketAddr,
        behaviour: Behaviour,
        router: impl FnOnce(Arc<State>) -> Router,
    ) -> Self {
        let state = Arc::new(State {
            behaviour: Mutex::new(behaviour),
            requests: Mutex::default(),
            loaded: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            slots: Semaphore::new(2),
            span: Mutex::default(),
        });
        let served = Served::start(address, router(Arc::clone(&state)));
        Self { url: format!("http://{address}"), state, _served: served }
    }

    /// Changes what the server does.
    pub fn set(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state.behaviour());
    }

    /// The requests for vectors so far.
    pub fn embeddings(&self) -> Vec<Request> {
        self.state.embeddings()
    }

    /// Texts that were asked for, again and again counted.
    pub fn texts(&self) -> Vec<String> {
        self.state.texts()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        *self.state.span.lock().unwrap() = None;
        self.state.requests.lock().unwrap().clear();
    }
}

impl State {
    pub fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap()
    }

    fn embeddings(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| request.path.contains("embed")).cloned().collect()
    }

    /// As [`Fake::texts`], also when the server has gone.
    pub fn texts(&self) -> Vec<String> {
        self.embeddings().into_iter().flat_map(|request| request.texts).collect()
    }

    fn record(&self, path: &str, headers: &HeaderMap, body: serde_json::Value) -> Vec<String> {
        let texts: Vec<String> = match &body["input"] {
            serde_json::Value::Array(texts) => {
                texts.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
            }
            serde_json::Value::String(text) => vec![text.clone()],
            _ => Vec::new(),
        };
        let authorization =
            headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let path = path.to_owned();
        let request = Request { path, texts: texts.clone(), authorization, body };
        self.requests.lock().unwrap().push(request);
        self.span.lock().unwrap().get_or_insert_with(|| (Instant::now(), Instant::now()));
        texts
    }

    /// Notes that a request has been worked on until now.
    fn served(&self) {
        if let Some((_, last)) = &mut *self.span.lock().unwrap() {
            *last = Instant::now();
        }
    }

    /// Loads the model, waits for its turn, and fails if told to; `None` when all is well.
    async fn trouble(&self, texts: usize) -> Option<Response> {
        let Behaviour { load, per_text, hangs_after, .. } = *self.behaviour();
        let taken = self.taken.fetch_add(texts, Ordering::Relaxed) + texts;
        if hangs_after.is_some_and(|most| taken > most) {
            return std::future::pending().await;
        }
        if self.loaded.fetch_add(1, Ordering::Relaxed) == 0 && !load.is_zero() {
            tokio::time::sleep(load).await;
        }
        if !per_text.is_zero() {
            let _slot = self.slots.acquire().await.unwrap();
            tokio::time::sleep(per_text * u32::try_from(texts).unwrap()).await;
            self.served();
        }
        let failure = {
            let failing = &mut self.behaviour().failing;
            let failure = (failing.0 > 0).then_some(failing.1);
            failing.0 -= usize::from(failing.0 > 0 && failing.0 < ALWAYS);
            failure?
        };
        Some(match failure {
            Failure::Status(status) => error(status, "something is wrong"),
            Failure::Busy(wait) => {
                let mut response = error(429, "too many requests");
                response.headers_mut().insert("retry-after", wait.parse().unwrap());
                response
            }
            Failure::Hang => std::future::pending().await,
            Failure::Break => {
                let begin = Ok(Bytes::from_static(b"{\"embeddings\":[[0.1,"));
                let end = Err(std::io::Error::other("gone"));
                Body::from_stream(stream::iter([begin, end])).into_response()
            }
            Failure::Redirect => {
                let mut response = error(307, "elsewhere");
                response.headers_mut().insert("location", "http://192.0.2.1/".parse().unwrap());
                response
            }
        })
    }
}

/// Ollama's way to say what is wrong, which others understand too.
fn error(status: u16, message: &str) -> Response {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    (status, axum::Json(serde_json::json!({ "error": message }))).into_response()
}

/// An address on this machine where nobody listens. A socket that never listens keeps it from being
/// given to anybody else until the test is over; whoever asks for this very port can still have it.
pub fn free_address() -> SocketAddr {
    let kind = rustix::net::SocketType::STREAM;
    let close_on_exec = rustix::net::SocketFlags::CLOEXEC;
    let family = rustix::net::AddressFamily::INET;
    let socket = rustix::net::socket_with(family, kind, close_on_exec, None).unwrap();
    rustix::net::sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    // Only its address is asked for, which every socket has that is bound.
    let socket = TcpListener::from(socket);
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    address
}
