//! Servers with OpenAI's `/v1/embeddings`: vLLM, llama.cpp, text-embeddings-inference, OpenAI.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

use super::known::Known;
use super::server::{Answer, PROBE, ServerEmbedder, Wire};
use super::{Embedder, ModelIdentity, Pace, Server, base64, fingerprint};
use crate::config;
use crate::error::{Error, Result};
use crate::http::{Call, Fault, FaultKind, Http, Patience};

/// Texts in one request, which every server in use takes.
const BATCH: usize = 32;

/// A vector of the largest models takes about so much JSON.
const VECTOR_BYTES: usize = 1 << 20;

#[derive(Debug)]
struct OpenAi {
    http: Http,
    model: String,
    dimensions: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Reply {
    data: Vec<Item>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Vector,
}

/// Numbers, or little-endian f32 in base64, which some servers send unasked.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Vector {
    Numbers(Vec<Option<f32>>),
    Text(String),
}

#[derive(Debug, Deserialize)]
struct Usage {
    prompt_tokens: Option<usize>,
}

/// The embedder for the configured model; embeds one word to learn its dimensions.
pub(super) async fn connect(config: &config::Embedder) -> Result<Arc<dyn Embedder>> {
    let openai = Arc::new(OpenAi {
        http: super::client("the embedding server", &config.url, config)?,
        model: config.model.clone(),
        dimensions: config.dimensions,
    });
    let known = Known::of(config);
    let dimensions = openai.probe(config.dimensions).await?;
    let limits = [openai.context().await, Some(known.max_tokens).filter(|tokens| *tokens > 0)];
    let identity = ModelIdentity {
        provider: "openai".into(),
        name: config.model.clone(),
        fingerprint: fingerprint(&["openai", &config.model], dimensions, &known),
        dimensions,
        max_tokens: limits.into_iter().flatten().min().unwrap_or(0),
    };
    let server = Server { url: openai.http.url().to_owned(), version: String::new() };
    let pace = Pace { batch: config.batch.unwrap_or(BATCH), concurrency: config.concurrency };
    Ok(Arc::new(ServerEmbedder::new(openai, identity, known, (server, pace))))
}

impl OpenAi {
    /// The dimensions of a vector; fails unless they are the `wanted` ones.
    async fn probe(&self, wanted: Option<usize>) -> Result<usize> {
        let answer = self.embed(&[PROBE.to_owned()], self.http.once()).await;
        let answer = answer.map_err(|fault| self.refused(&fault))?;
        let got = answer.vectors.first().map_or(0, Vec::len);
        super::check_dimensions(self.http.name(), got, wanted)
    }

    /// What is wrong when even one word is refused: the set-up.
    fn refused(&self, fault: &Fault) -> Error {
        match (self.explain(fault), fault.kind) {
            (Some(error), _) => error,
            (None, FaultKind::Refused(400 | 422)) => {
                let (server, message) = (self.http.name(), &fault.message);
                Error::usage(format!("{server} refuses to embed with `{}`: {message}", self.model))
                    .hint("check `embedder.model` and `embedder.dimensions`")
            }
            (None, _) => self.http.error(fault),
        }
    }

    /// The longest text, as far as the server tells.
    async fn context(&self) -> Option<usize> {
        let models = self.http.models("").await.ok()?;
        let window = models.iter().find(|model| model.id == self.model)?.window()?;
        usize::try_from(window).ok()
    }
}

#[async_trait]
impl Wire for OpenAi {
    fn http(&self) -> &Http {
        &self.http
    }

    async fn embed(&self, texts: &[String], patience: Patience) -> Result<Answer, Fault> {
        let mut body = json!({ "model": self.model, "input": texts, "encoding_format": "float" });
        if let Some(dimensions) = self.dimensions {
            body["dimensions"] = json!(dimensions);
        }
        let max_bytes = (texts.len() + 1) * VECTOR_BYTES;
        let call = Call { path: "/embeddings", body: Some(&body), patience, max_bytes };
        let reply: Reply = self.http.json(call).await?;
        let tokens = reply.usage.and_then(|usage| usage.prompt_tokens);
        Ok(Answer { vectors: in_order(reply.data)?, tokens })
    }

    fn explain(&self, fault: &Fault) -> Option<Error> {
        let is_about_model = fault.message.to_lowercase().contains("model");
        if fault.kind != FaultKind::Refused(404) || !is_about_model {
            return None;
        }
        let (model, server) = (&self.model, self.http.name());
        Some(
            Error::not_found(format!("{server} has no model `{model}`: {}", fault.message))
                .hint("check `embedder.model`; most servers list theirs at `/v1/models`"),
        )
    }
}

/// The vectors by their indexes, which need not be in order.
fn in_order(items: Vec<Item>) -> Result<Vec<Vec<f32>>, Fault> {
    let mut vectors = vec![None; items.len()];
    for (place, item) in items.into_iter().enumerate() {
        let index = item.index.unwrap_or(place);
        match vectors.get_mut(index) {
            Some(slot @ None) => *slot = Some(numbers(item.embedding)?),
            _ => return Err(Fault::garbled(format!("answers with a stray index {index}"))),
        }
    }
    Ok(vectors.into_iter().flatten().collect())
}

fn numbers(vector: Vector) -> Result<Vec<f32>, Fault> {
    match vector {
        Vector::Numbers(numbers) => {
            Ok(numbers.into_iter().map(|value| value.unwrap_or(f32::NAN)).collect())
        }
        Vector::Text(text) => base64::floats(&text)
            .ok_or_else(|| Fault::garbled("answers with a text that is no base64 of a vector")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(json: &str) -> Result<Vec<Vec<f32>>, Fault> {
        in_order(serde_json::from_str::<Reply>(json).unwrap().data)
    }

    #[test]
    fn vectors_come_in_the_order_of_their_indexes_as_numbers_or_base64() {
        let reply = r#"{"data":[{"index":1,"embedding":[0.5,null]},
            {"index":0,"embedding":"AACAPwAAAMA="}]}"#;
        let vectors = vectors(reply).unwrap();
        assert_eq!(vectors[0], [1.0, -2.0]);
        assert!(vectors[1][0] == 0.5 && vectors[1][1].is_nan());
    }

    #[test]
    fn an_index_twice_or_beyond_the_end_is_refused() {
        for index in [0, 7] {
            let reply = format!(
                r#"{{"data":[{{"index":0,"embedding":[1]}},{{"index":{index},"embedding":[1]}}]}}"#
            );
            assert_eq!(vectors(&reply).unwrap_err().kind, FaultKind::Garbled);
        }
    }
}
