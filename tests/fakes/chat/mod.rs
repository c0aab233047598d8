//! Servers that answer questions: a scripted model behind the protocols of real ones.

mod frames;
mod routes;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use serde_json::Value;
use tokio::sync::watch;

use super::free_address;
use super::served::Served;

pub use frames::Protocol;

/// The only model that the servers have.
pub const MODEL: &str = "scripted:latest";

/// A server with a scripted model; it ends, connections and all, when dropped.
pub struct Chat {
    /// Its address as the configuration has it.
    pub url: String,
    pub protocol: Protocol,
    state: Arc<State>,
    _served: Served,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub headers: HeaderMap,
    pub body: Value,
}

/// What the model does with a question.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What is said, one event each.
    pub pieces: Vec<String>,
    /// What is thought before.
    pub thoughts: Vec<String>,
    /// What comes after the pieces.
    pub then: Then,
    /// The stream arrives in pieces of so many bytes, whatever is in them; 0: one for each event.
    pub cut: usize,
    /// What lines end in.
    pub line_end: &'static str,
}

/// What comes after the pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The end.
    End,
    /// The end, because the answer is as long as it may be.
    Length,
    /// The end, because the provider does not want the answer.
    Withheld,
    /// Nothing, with the connection open.
    Stall,
    /// Nothing, and the connection breaks.
    Drop,
    /// Nothing, and the connection is closed in good order.
    Close,
    /// These bytes, and the end.
    Bytes(&'static [u8]),
    /// An error of this kind with these words.
    Trouble(&'static str, &'static str),
    /// The last piece again, for ever.
    Forever,
    /// This status and these words, instead of a stream.
    Refuse(u16, &'static str),
    /// This status with this `Retry-After`, instead of a stream.
    Busy(u16, &'static str),
    /// Not even the head of an answer.
    Silence,
}

/// What the server and its model are like.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// The window that is told.
    pub context: u64,
    /// Whether it thinks unless it is told not to.
    pub thinks: bool,
    /// What is asked for as the key.
    pub key: Option<&'static str>,
    /// Whether a prompt that is too long is cut without a word.
    pub cuts: bool,
    /// A part of a request that is refused.
    pub refuses: Option<&'static str>,
    /// Whether it answers questions alone, and tells nothing of its models.
    pub tells_nothing: bool,
}

impl Default for Nature {
    fn default() -> Self {
        Self {
            context: 4_096,
            thinks: false,
            key: None,
            cuts: false,
            refuses: None,
            tells_nothing: false,
        }
    }
}

impl Reply {
    /// Says these pieces and ends.
    pub fn of(pieces: &[&str]) -> Self {
        Self::then(pieces, Then::End)
    }

    /// Says these pieces, and what then happens.
    pub fn then(pieces: &[&str], then: Then) -> Self {
        let pieces = pieces.iter().map(ToString::to_string).collect();
        Self { pieces, thoughts: Vec::new(), then, cut: 0, line_end: "\n" }
    }
}

type Script = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

struct State {
    protocol: Protocol,
    nature: Nature,
    script: Script,
    asked: Mutex<Vec<Asked>>,
    open: AtomicUsize,
    held: watch::Sender<bool>,
}

/// A web page at every address, which is no answer of a model.
pub struct Page {
    pub url: String,
    _served: Served,
}

/// See [`Page`].
pub fn page() -> Page {
    let address = free_address();
    let router = axum::Router::new()
        .fallback(async || axum::response::Html("<html><body>\n\nhello: world\n\n</body></html>"));
    Page { url: format!("http://{address}"), _served: Served::start(address, router) }
}

impl Chat {
    /// A model that does the same with each question.
    pub fn saying(protocol: Protocol, reply: Reply) -> Self {
        Self::start(protocol, Nature::default(), move |_| reply.clone())
    }

    /// A model that does with each question what the script says.
    pub fn start(
        protocol: Protocol,
        nature: Nature,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (script, asked, open) = (Box::new(script), Mutex::default(), AtomicUsize::new(0));
        let held = watch::Sender::new(false);
        let state = Arc::new(State { protocol, nature, script, asked, open, held });
        let address = free_address();
        let served = Served::start(address, routes::router(Arc::clone(&state)));
        let path = if protocol == Protocol::OpenAi { "/v1" } else { "" };
        Self { url: format!("http://{address}{path}"), protocol, state, _served: served }
    }

    /// The questions so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Has the model think about each question until it is released.
    pub fn hold(&self) {
        self.state.held.send_replace(true);
    }

    /// Has it answer.
    pub fn release(&self) {
        self.state.held.send_replace(false);
    }

    /// How many answers are being streamed.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::Relaxed)
    }
}
