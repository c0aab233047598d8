//! Embedding: texts in, unit vectors out, and what callers must know about the model.

mod base64;
mod builtin;
mod known;
pub mod language;
mod network;
mod ollama;
mod openai;
mod server;
#[cfg(test)]
mod tests;
mod tokenizer;
mod windows;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::config::{self, EmbedderProvider};
use crate::error::{Error, Result};
use crate::http::{Endpoint, Http, Patience, Scheme};
use known::Known;

pub use builtin::BuiltinEmbedder;
pub use ollama::{PullProgress, pull};
pub use tokenizer::Tokenizer;

/// A question has no use for an answer that comes later.
const QUERY_TIMEOUT: Duration = Duration::from_millis(2_500);

/// Which model makes the vectors; those of different models never meet in one search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelIdentity {
    /// Who runs the model, such as `builtin`.
    pub provider: String,
    /// The model's published name.
    pub name: String,
    /// Changes whenever the same text could get another vector.
    pub fingerprint: String,
    /// Numbers in a vector.
    pub dimensions: usize,
    /// Longest text embedded in one piece, in the model's tokens, the special ones included; 0
    /// when it is not known.
    pub max_tokens: usize,
}

/// What a text is embedded for: some models prefix questions and passages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A question: answered at once, at normal priority, ahead of all documents.
    Query,
    /// A passage to be found: in the background, on all cores.
    Document,
}

impl From<Purpose> for Patience {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Query => Self::Once(QUERY_TIMEOUT),
            Purpose::Document => Self::Retrying,
        }
    }
}

/// What keeps an embedder busy without flooding it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Texts in one call.
    pub batch: usize,
    /// Calls at the same time.
    pub concurrency: usize,
}

/// What happened to texts that did not fit, and to calls, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Texts whose vector is the mean of several parts, because they were too long for one.
    pub divided: u64,
    /// Texts so long that their end is in no part.
    pub cut: u64,
    /// Calls that were tried again.
    pub retried: u64,
}

/// Who runs a model that is not built in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// Its address, without what is secret.
    pub url: String,
    /// Its version; empty when it does not tell.
    pub version: String,
}

/// Turns texts into vectors of one model.
#[async_trait]
pub trait Embedder: std::fmt::Debug + Send + Sync {
    /// What the vectors are made by.
    fn identity(&self) -> &ModelIdentity;

    /// Whether the model understands the language of this text.
    fn reads(&self, text: &str) -> bool;

    /// How documents are best sent.
    fn pace(&self) -> Pace;

    /// Embeds any number of texts: vectors of length 1, in the order of the texts, none cut.
    ///
    /// `Unavailable`: the model cannot be reached now, all of it is worth trying again later.
    /// `Usage`: the set-up is wrong. Any other error: at least one of the texts is to blame.
    /// Dropping the future ends the work.
    async fn embed(&self, texts: Vec<String>, purpose: Purpose) -> Result<Vec<Vec<f32>>>;

    /// What happened since the start.
    fn counts(&self) -> Counts;

    /// The server that runs the model; `None` when it is built in.
    fn server(&self) -> Option<&Server> {
        None
    }

    /// Waits until the server answers as another model would, with other dimensions say: it is to
    /// be connected to anew.
    async fn answered_as_another(&self) {
        std::future::pending().await
    }

    /// Has what is needed for a question made ready in the background, so that the first one is not
    /// slower than those after it; returns at once.
    fn prepare(&self) {}

    /// Frees the model's memory if it was not used for `idle`; whether it did.
    fn release_if_idle(&self, _idle: Duration) -> bool {
        false
    }
}

/// The embedder that the configuration names, ready to embed; `None` for provider `none`.
///
/// Asks a server for the model's dimensions and limits: `Unavailable` when it does not answer,
/// `NotFound` when it lacks the model.
pub async fn connect(config: &config::Embedder) -> Result<Option<Arc<dyn Embedder>>> {
    match config.provider {
        EmbedderProvider::None => Ok(None),
        EmbedderProvider::Builtin => Ok(Some(Arc::new(BuiltinEmbedder::new()))),
        EmbedderProvider::Ollama => ollama::connect(config).await.map(Some),
        EmbedderProvider::OpenAi => openai::connect(config).await.map(Some),
    }
}

/// A client of the configured server, which people know as `name`.
fn client(name: &str, url: &str, config: &config::Embedder) -> Result<Http> {
    Http::new(Endpoint {
        name,
        url,
        section: "embedder",
        when_busy: "lower `embedder.concurrency`, or raise the server's limits",
        api_key: &config.api_key,
        scheme: Scheme::Bearer,
        headers: &[],
        timeout: config.timeout,
    })
}

/// Names the way from text to vector: who runs which model, its dimensions, and the prefixes.
fn fingerprint(names: &[&str], dimensions: usize, known: &Known) -> String {
    let parts = [known.query_prefix.as_str(), known.document_prefix.as_str()];
    let mut hasher = blake3::Hasher::new();
    for part in names.iter().chain(&parts) {
        // The length keeps two neighbours from being taken for other two.
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.update(&(dimensions as u64).to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The dimensions that a server's first answer has, if they are the `wanted` ones.
fn check_dimensions(server: &str, got: usize, wanted: Option<usize>) -> Result<usize> {
    match wanted {
        _ if got == 0 => Err(Error::unavailable(format!("{server} answers with an empty vector"))),
        Some(wanted) if wanted != got => {
            let message = format!("{server} answers with {got} dimensions instead of {wanted}");
            Err(Error::usage(message).hint(format!(
                "this model cannot shorten its vectors so: set `embedder.dimensions = {got}`, or 0"
            )))
        }
        _ => Ok(got),
    }
}
