//! A real server with OpenAI's API that stands behind a fake: its vectors and its limits are real.

use std::time::Duration;

use serde_json::{Value, json};

/// The server and its model.
#[derive(Debug, Clone)]
pub struct Behind {
    pub url: String,
    pub model: String,
}

/// What came of asking it.
pub enum Answer {
    /// Vectors in the order of the texts, and the tokens of all.
    Vectors(Vec<Value>, u64),
    /// One of the texts is too long for it.
    TooLong,
    /// Anything else, in its words.
    Failed(String),
}

impl Behind {
    /// The server that the environment names, if any: `scripts/test-servers/llama.sh` runs one.
    pub fn named() -> Option<Self> {
        let [url, model] =
            ["URL", "MODEL"].map(|name| std::env::var(format!("RAGTERM_TEST_OPENAI_{name}")));
        Some(Self { url: url.ok()?, model: model.ok()? })
    }

    pub async fn embed(&self, texts: &[String]) -> Answer {
        // Another test may have installed it before.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(300));
        let request = client.build().unwrap().post(format!("{}/embeddings", self.url));
        let body = json!({ "model": self.model, "input": texts });
        let answer: Value = match request.json(&body).send().await {
            Ok(response) => response.json().await.unwrap_or_default(),
            Err(error) => return Answer::Failed(error.to_string()),
        };
        let Some(data) = answer["data"].as_array() else {
            let message = answer["error"]["message"].as_str().unwrap_or("no answer").to_owned();
            let is_long = message.contains("too large") || message.contains("exceed");
            return if is_long { Answer::TooLong } else { Answer::Failed(message) };
        };
        let mut vectors = vec![Value::Null; texts.len()];
        for vector in data {
            vectors[vector["index"].as_u64().unwrap() as usize] = vector["embedding"].clone();
        }
        Answer::Vectors(vectors, answer["usage"]["prompt_tokens"].as_u64().unwrap())
    }
}
