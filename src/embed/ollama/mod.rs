//! Ollama: learns about the model, embeds through `/api/embed`, pulls what is missing.

mod messages;
mod pull;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::known::Known;
use super::server::{Answer, PROBE, ServerEmbedder, Wire};
use super::{Embedder, ModelIdentity, Pace, Server, fingerprint};
use crate::config;
use crate::error::{Error, Result};
use crate::http::{Call, Fault, FaultKind, Http, Patience};
use messages::{Embedded, Shown, Tags, Version};

pub use pull::{PullProgress, pull};

/// Where Ollama is unless the configuration says otherwise.
const URL: &str = "http://127.0.0.1:11434";

/// Texts in one request: enough to keep a GPU busy, few enough to repeat.
const BATCH: usize = 32;

/// A vector of the largest models takes about so much JSON.
const VECTOR_BYTES: usize = 1 << 20;

/// A connection to a model on an Ollama server.
#[derive(Debug)]
struct Ollama {
    http: Http,
    model: String,
    keep_alive: Value,
    dimensions: Option<usize>,
}

/// The embedder for the configured model; asks the server what it is.
pub(super) async fn connect(config: &config::Embedder) -> Result<Arc<dyn Embedder>> {
    let ollama = Arc::new(Ollama::new(config)?);
    let version = ollama.version().await?;
    let shown = ollama.show().await?;
    let known = Known::of(config);
    let dimensions = match (config.dimensions, shown.dimensions()) {
        (None, Some(dimensions)) => dimensions,
        // Whether it can shorten its vectors shows when it does.
        (wanted, _) => ollama.probe(wanted).await?,
    };
    let limits = [shown.context(), Some(known.max_tokens).filter(|tokens| *tokens > 0)];
    let digest = ollama.digest().await;
    let identity = ModelIdentity {
        provider: "ollama".into(),
        name: config.model.clone(),
        fingerprint: fingerprint(
            &["ollama", tagged(&config.model).as_str(), &digest],
            dimensions,
            &known,
        ),
        dimensions,
        max_tokens: limits.into_iter().flatten().min().unwrap_or(0),
    };
    let server = Server { url: ollama.http.url().to_owned(), version };
    let pace = Pace { batch: config.batch.unwrap_or(BATCH), concurrency: config.concurrency };
    Ok(Arc::new(ServerEmbedder::new(ollama, identity, known, (server, pace))))
}

impl Ollama {
    fn new(config: &config::Embedder) -> Result<Self> {
        let url = if config.url.is_empty() { URL } else { config.url.as_str() };
        // Ollama reads a number of seconds, below 0 for ever, or a text with a unit.
        let keep_alive = match config.keep_alive.parse::<i64>() {
            Ok(seconds) => json!(seconds),
            Err(_) => json!(config.keep_alive),
        };
        Ok(Self {
            http: super::client("Ollama", url, config)?,
            model: config.model.clone(),
            keep_alive,
            dimensions: config.dimensions,
        })
    }

    async fn version(&self) -> Result<String> {
        let asked: Result<Version, Fault> = self.http.json(Call::about("/api/version", None)).await;
        match asked {
            Ok(Version { version }) => Ok(version),
            Err(fault)
                if matches!(fault.kind, FaultKind::Refused(404 | 405) | FaultKind::Unreadable) =>
            {
                let url = self.http.url();
                Err(Error::usage(format!("what answers at {url} is not Ollama"))
                    .hint("set `embedder.url` to Ollama's address, without `/v1` or `/api`"))
            }
            Err(fault) => Err(self.http.error(&fault)),
        }
    }

    async fn show(&self) -> Result<Shown> {
        let body = json!({ "model": self.model });
        let call = Call::about("/api/show", Some(&body));
        self.http.json(call).await.map_err(|fault| self.error(&fault))
    }

    /// What the model's files hash to; empty when the server does not tell.
    async fn digest(&self) -> String {
        let tags: Result<Tags, Fault> = self.http.json(Call::about("/api/tags", None)).await;
        let wanted = tagged(&self.model);
        let mut models = tags.map(|tags| tags.models).unwrap_or_default().into_iter();
        models
            .find(|model| tagged(&model.name) == wanted)
            .map(|model| model.digest)
            .unwrap_or_default()
    }

    /// The dimensions of a vector; fails unless they are the `wanted` ones.
    async fn probe(&self, wanted: Option<usize>) -> Result<usize> {
        let answer = self.embed(&[PROBE.to_owned()], self.http.once()).await;
        let answer = answer.map_err(|fault| self.error(&fault))?;
        let got = answer.vectors.first().map_or(0, Vec::len);
        super::check_dimensions(self.http.name(), got, wanted)
    }

    fn error(&self, fault: &Fault) -> Error {
        self.explain(fault).unwrap_or_else(|| self.http.error(fault))
    }
}

#[async_trait]
impl Wire for Ollama {
    fn http(&self) -> &Http {
        &self.http
    }

    async fn embed(&self, texts: &[String], patience: Patience) -> Result<Answer, Fault> {
        let mut body = json!({ "model": self.model, "input": texts, "truncate": false });
        if self.keep_alive != "" {
            body["keep_alive"] = self.keep_alive.clone();
        }
        if let Some(dimensions) = self.dimensions {
            body["dimensions"] = json!(dimensions);
        }
        let max_bytes = (texts.len() + 1) * VECTOR_BYTES;
        let call = Call { path: "/api/embed", body: Some(&body), patience, max_bytes };
        let embedded: Embedded = self.http.json(call).await?;
        let tokens = embedded.prompt_eval_count;
        Ok(Answer { vectors: embedded.vectors(), tokens })
    }

    fn explain(&self, fault: &Fault) -> Option<Error> {
        if fault.kind != FaultKind::Refused(404) || !fault.message.contains("not found") {
            return None;
        }
        let (model, server) = (&self.model, self.http.name());
        Some(
            Error::not_found(format!("{server} has no model `{model}`"))
                .hint(format!("run `ollama pull {model}` there, or `ragterm doctor --fix`")),
        )
    }
}

/// Ollama's own way to write a name: with a tag.
fn tagged(model: &str) -> String {
    let last = model.rsplit('/').next().unwrap_or(model);
    if last.contains(':') { model.to_owned() } else { format!("{model}:latest") }
}
