//! Faults of embedding servers, each against a fake that shows it.

mod calls;
mod daemon;
mod lengths;
mod real;

use std::sync::Arc;
use std::time::Duration;

use ragterm::config::{self, EmbedderProvider, Secret};
use ragterm::embed::{self, Embedder};

use crate::fakes::Fake;

/// The model that a fake or a real server is asked for.
pub fn model_of(provider: EmbedderProvider) -> &'static str {
    match provider {
        EmbedderProvider::Builtin | EmbedderProvider::None => "",
        EmbedderProvider::Ollama => "nomic-embed-text",
        EmbedderProvider::OpenAi => "nomic-embed-text:latest",
    }
}

/// The configuration for a server at `url`.
pub fn configured(provider: EmbedderProvider, url: &str) -> config::Embedder {
    config::Embedder {
        provider,
        model: model_of(provider).into(),
        url: url.into(),
        api_key: Secret::Unset,
        dimensions: None,
        batch: None,
        concurrency: 2,
        query_prefix: None,
        document_prefix: None,
        timeout: Duration::from_secs(30),
        keep_alive: "5m".into(),
        cache_bytes: 0,
    }
}

/// Connects to a fake; OpenAI's have `/v1` in their URL.
async fn connected(fake: &Fake) -> Arc<dyn Embedder> {
    embed::connect(&config_for(fake)).await.unwrap().unwrap()
}

fn config_for(fake: &Fake) -> config::Embedder {
    match fake.url.ends_with("/v1") {
        true => configured(EmbedderProvider::OpenAi, &fake.url),
        false => configured(EmbedderProvider::Ollama, &fake.url),
    }
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("text {n} about turbines")).collect()
}
