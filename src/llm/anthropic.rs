//! Anthropic's Messages.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::connection::{Connection, Place};
use super::events::{Event, Events};
use super::feed::{self, Decoder, Step, parse};
use super::lines::Lines;
use super::refused::Refused;
use super::{End, Finish, Llm, Prompt, Stream};
use crate::config;
use crate::error::Result;
use crate::http::{Call, Fault, FaultKind, Scheme};

/// Where it is unless the configuration says otherwise.
const URL: &str = "https://api.anthropic.com";

/// The window of every model in use, for those whose window is not told.
const USUAL_WINDOW: u32 = 200_000;

/// The highest temperature that is taken.
const MAX_TEMPERATURE: f64 = 1.0;

const TEMPERATURE: &str = "temperature";

/// A model of Anthropic's.
#[derive(Debug)]
pub(super) struct Anthropic {
    connection: Arc<Connection>,
    /// Some models choose their words in one way only.
    refused: Refused,
}

impl Anthropic {
    pub(super) fn new(config: &config::Llm) -> Result<Self> {
        let url = if config.url.is_empty() { URL } else { config.url.trim_end_matches("/v1") };
        let place = Place {
            name: "Anthropic",
            url,
            scheme: Scheme::Header("x-api-key"),
            headers: &[("anthropic-version", "2023-06-01")],
        };
        let connection = Arc::new(Connection::new(config, place)?);
        Ok(Self { connection, refused: Refused::nothing_of(&[TEMPERATURE]) })
    }

    fn body(&self, prompt: &Prompt) -> Value {
        let mut body = json!({
            "model": self.connection.model,
            "messages": prompt.turns(),
            "max_tokens": prompt.max_output_tokens,
            "stream": true,
        });
        if !self.refused.has(TEMPERATURE) {
            body["temperature"] = json!(prompt.temperature.min(MAX_TEMPERATURE));
        }
        if !prompt.system.is_empty() {
            body["system"] = json!(prompt.system);
        }
        body
    }

    /// Sends the prompt, without what the model turns out not to take.
    async fn begin(&self, prompt: &Prompt) -> Result<Lines, Fault> {
        self.refused.begin((&self.connection, "/v1/messages"), || self.body(prompt)).await
    }

    /// What is told about the model; nothing behind a gateway that tells nothing.
    async fn ask_model(&self) -> Result<Model> {
        let path = format!("/v1/models/{}", self.connection.model);
        let model = self.connection.http.json(Call::about(&path, None)).await;
        match model {
            Err(fault) if is_unknown_address(&fault) => Ok(Model::default()),
            model => model.map_err(|fault| self.connection.error(&fault)),
        }
    }
}

#[async_trait]
impl Llm for Anthropic {
    fn name(&self) -> String {
        self.connection.name()
    }

    async fn context_tokens(&self) -> Result<u32> {
        if let Some(known) = self.connection.known_window() {
            return Ok(known);
        }
        let told = self.ask_model().await?.max_input_tokens;
        Ok(self.connection.note_window(told.unwrap_or(USUAL_WINDOW)))
    }

    async fn answer(&self, prompt: &Prompt) -> Result<Stream> {
        let lines = self.begin(prompt).await.map_err(|fault| self.connection.error(&fault))?;
        let events = Events::Sent(lines, Event::default());
        let connection = Arc::clone(&self.connection);
        Ok(feed::stream(connection, events, (Said::default(), prompt)))
    }

    async fn look(&self) -> Result<String> {
        self.ask_model().await?;
        Ok(self.connection.seen("", self.context_tokens().await?))
    }
}

/// Whether the server lacks the address, and not the model.
fn is_unknown_address(fault: &Fault) -> bool {
    let is_about_model = fault.message.to_lowercase().contains("model");
    matches!(fault.kind, FaultKind::Refused(404 | 405)) && !is_about_model
}

/// What is told about a model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Model {
    max_input_tokens: Option<u32>,
}

/// What has been said so far.
#[derive(Debug, Default)]
struct Said {
    reason: Option<Finish>,
    usage: Usage,
}

/// An event; kinds that are not known have none of what is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(rename = "type")]
    kind: String,
    message: Begun,
    delta: Delta,
    usage: Usage,
    error: Trouble,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Begun {
    usage: Usage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    stop_reason: Option<String>,
}

/// Tokens that came from a cache are counted apart.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Usage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Trouble {
    #[serde(rename = "type")]
    kind: String,
}

impl Decoder for Said {
    fn read(&mut self, event: &Event) -> Result<Step, Fault> {
        let told: Told = parse(&event.data)?;
        let mut step = Step::default();
        match told.kind.as_str() {
            "message_start" => self.usage = told.message.usage,
            // Others are thoughts and their signatures.
            "content_block_delta" if told.delta.kind == "text_delta" => {
                step.text = told.delta.text.unwrap_or_default();
            }
            "message_delta" => {
                self.usage.output_tokens = told.usage.output_tokens.or(self.usage.output_tokens);
                self.reason = told.delta.stop_reason.map(finish).or(self.reason.take());
            }
            "message_stop" => {
                self.reason.get_or_insert_default();
                step.is_last = true;
            }
            "error" => {
                let status = status(&told.error.kind);
                return Err(Fault::of_status(status, &HeaderMap::new(), &event.data));
            }
            // A ping, the bounds of a block, or what a later version has.
            _ => {}
        }
        Ok(step)
    }

    fn end(&self) -> Option<End> {
        let usage = &self.usage;
        let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
        Some(End {
            reason: self.reason.clone()?,
            prompt_tokens: usage
                .input_tokens
                .map(|tokens| cached.into_iter().flatten().fold(tokens, u64::saturating_add)),
            output_tokens: usage.output_tokens,
            prompt_was_cut: false,
        })
    }
}

fn finish(word: String) -> Finish {
    match word.as_str() {
        "end_turn" | "stop_sequence" => Finish::Complete,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Withheld,
        _ => Finish::Other(word),
    }
}

/// The status that an error in the stream would have had before it.
fn status(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "overloaded_error" => 529,
        _ => 500,
    }
}
