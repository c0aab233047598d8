//! Servers with OpenAI's `/v1/chat/completions`: vLLM, llama.cpp, OpenAI, Amazon Bedrock.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::connection::{Connection, Place};
use super::events::{Event, Events};
use super::feed::{self, Decoder, Step, parse};
use super::refused::Refused;
use super::{End, Finish, Llm, Prompt, Stream};
use crate::config;
use crate::error::{Error, Result};
use crate::http::{Call, Fault, FaultKind, Listed, Scheme};

/// The window of a model whose server does not tell; every model in use has at least that.
const USUAL_WINDOW: u32 = 8_192;

/// Parts of a request that some servers or models do not take.
const OPTIONAL: [&str; 4] = ["max_tokens", "temperature", "stream_options", "system"];

/// What the last event holds.
const DONE: &str = "[DONE]";

/// A model on a server with OpenAI's API.
#[derive(Debug)]
pub(super) struct OpenAi {
    connection: Arc<Connection>,
    /// What paths of the API begin with.
    prefix: &'static str,
    refused: Refused,
}

impl OpenAi {
    pub(super) fn new(config: &config::Llm) -> Result<Self> {
        let (url, prefix) = split(&config.url);
        let place = Place { name: "the LLM server", url, scheme: Scheme::Bearer, headers: &[] };
        let connection = Arc::new(Connection::new(config, place)?);
        Ok(Self { connection, prefix, refused: Refused::nothing_of(&OPTIONAL) })
    }

    /// Sends the prompt, without what the server turns out not to take.
    async fn begin(&self, prompt: &Prompt) -> Result<Events, Fault> {
        let path = format!("{}/chat/completions", self.prefix);
        let lines = self.refused.begin((&self.connection, &path), || self.body(prompt)).await?;
        Ok(Events::Sent(lines, Event::default()))
    }

    /// What the server has; nothing when it does not tell.
    async fn ask_models(&self) -> Result<Vec<Listed>, Fault> {
        match self.connection.http.models(self.prefix).await {
            // Not every server has a list.
            Err(fault) if matches!(fault.kind, FaultKind::Refused(404 | 405)) => Ok(Vec::new()),
            listed => listed,
        }
    }

    /// The window that the list of models or llama.cpp tells.
    async fn window(&self, models: &[Listed]) -> Option<u32> {
        let own = models.iter().find(|model| model.id == self.connection.model);
        match own.and_then(|model| model.window()) {
            Some(tokens) => Some(tokens),
            None => self.ask_slot().await,
        }
    }

    fn body(&self, prompt: &Prompt) -> Value {
        let mut turns = prompt.turns();
        match (prompt.system.as_str(), turns.first_mut()) {
            ("", _) => {}
            (system, Some(first)) if self.refused.has("system") => {
                let text = first["content"].as_str().unwrap_or_default();
                first["content"] = json!(format!("{system}\n\n{text}"));
            }
            (system, _) => turns.insert(0, json!({ "role": "system", "content": system })),
        }
        let limit = match self.refused.has("max_tokens") {
            true => "max_completion_tokens",
            false => "max_tokens",
        };
        let model = &self.connection.model;
        let mut body = json!({ "model": model, "messages": turns, "stream": true });
        body[limit] = json!(prompt.max_output_tokens);
        if !self.refused.has("temperature") {
            body["temperature"] = json!(prompt.temperature);
        }
        if !self.refused.has("stream_options") {
            body["stream_options"] = json!({ "include_usage": true });
        }
        body
    }

    /// The window that llama.cpp tells whatever the model is called.
    async fn ask_slot(&self) -> Option<u32> {
        let call = Call::about("/props", None);
        let props: Props = self.connection.http.json(call).await.ok()?;
        props.default_generation_settings.n_ctx
    }
}

#[async_trait]
impl Llm for OpenAi {
    fn name(&self) -> String {
        self.connection.name()
    }

    async fn context_tokens(&self) -> Result<u32> {
        if let Some(known) = self.connection.known_window() {
            return Ok(known);
        }
        let models = self.ask_models().await.map_err(|fault| self.connection.error(&fault))?;
        let told = self.window(&models).await;
        Ok(self.connection.note_window(told.unwrap_or(USUAL_WINDOW)))
    }

    async fn look(&self) -> Result<String> {
        let models = self.ask_models().await.map_err(|fault| self.connection.error(&fault))?;
        let (server, model) = (self.connection.http.name(), &self.connection.model);
        let told = self.window(&models).await;
        // llama.cpp, which has told its window, takes any name.
        if told.is_none() && !models.is_empty() && !models.iter().any(|known| known.id == *model) {
            let names: Vec<&str> = models.iter().take(5).map(|known| known.id.as_str()).collect();
            return Err(Error::not_found(format!("{server} has no model `{model}`"))
                .hint(format!("set `llm.model`; it has {}", names.join(", "))));
        }
        Ok(self.connection.seen("", self.connection.note_window(told.unwrap_or(USUAL_WINDOW))))
    }

    async fn answer(&self, prompt: &Prompt) -> Result<Stream> {
        let begun = self.begin(prompt).await;
        let events = begun.map_err(|fault| self.connection.error(&fault))?;
        let connection = Arc::clone(&self.connection);
        Ok(feed::stream(connection, events, (Chunks::default(), prompt)))
    }
}

/// The address without its `/v1`, and what paths begin with. An address without a path is one of
/// a server whose API begins with `/v1`.
fn split(url: &str) -> (&str, &'static str) {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    match url.strip_suffix("/v1") {
        Some(root) => (root, "/v1"),
        None if !after_scheme.contains('/') => (url, "/v1"),
        None => (url, ""),
    }
}

/// What has been said so far.
#[derive(Debug, Default)]
struct Chunks {
    reason: Option<Finish>,
    usage: Usage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk {
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Value>,
    /// vLLM marks an error so.
    object: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Props {
    default_generation_settings: Settings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    n_ctx: Option<u32>,
}

impl Decoder for Chunks {
    fn read(&mut self, event: &Event) -> Result<Step, Fault> {
        if event.data.trim() == DONE {
            self.reason.get_or_insert_default();
            return Ok(Step { is_last: true, ..Step::default() });
        }
        if event.name == "error" {
            return Err(error(&event.data, None));
        }
        let chunk: Chunk = parse(&event.data)?;
        if chunk.error.is_some() || chunk.object.as_deref() == Some("error") {
            return Err(error(&event.data, chunk.error));
        }
        if let Some(usage) = chunk.usage {
            self.usage = usage;
        }
        let choice = chunk.choices.into_iter().next().unwrap_or_default();
        if let Some(word) = choice.finish_reason {
            self.reason = Some(match word.as_str() {
                "stop" | "eos" | "" => Finish::Complete,
                "length" => Finish::Length,
                "content_filter" => Finish::Withheld,
                _ => Finish::Other(word),
            });
        }
        let text = choice.delta.and_then(|delta| delta.content).unwrap_or_default();
        Ok(Step { text, is_last: false })
    }

    fn end(&self) -> Option<End> {
        Some(End {
            reason: self.reason.clone()?,
            prompt_tokens: self.usage.prompt_tokens,
            output_tokens: self.usage.completion_tokens,
            prompt_was_cut: false,
        })
    }
}

/// An error object in the stream, with the status that it would have had before.
fn error(data: &str, object: Option<Value>) -> Fault {
    let object = object.unwrap_or_default();
    let document: Value = serde_json::from_str(data).unwrap_or_default();
    let code = [&object["code"], &document["code"]].into_iter().find_map(Value::as_u64);
    let status = code.and_then(|code| u16::try_from(code).ok());
    let fault = Fault::of_status(status.unwrap_or(500).clamp(400, 599), &HeaderMap::new(), data);
    match (status, fault.kind) {
        // No status was told, and none is made up.
        (None, FaultKind::Server(_)) => Fault { kind: FaultKind::Network, ..fault },
        _ => fault,
    }
}
