//! Ollama: learns about the model, answers through `/api/chat` in a window that the prompt needs.

mod messages;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::connection::{Connection, Place};
use super::events::{Event, Events};
use super::feed::{self, Decoder, Step, parse};
use super::{End, Finish, Llm, Prompt, Stream};
use crate::config;
use crate::error::{Error, Result};
use crate::http::{Call, Fault, FaultKind, Scheme};
use messages::{Line, Shown, Traits, Version};

/// Where Ollama is unless the configuration says otherwise.
const URL: &str = "http://127.0.0.1:11434";

/// The window of a model that does not tell its own.
const USUAL_WINDOW: u32 = 8_192;

/// The smallest window that is asked for; the next ones are twice as large. Ollama loads the model
/// anew for each other window, so there are few.
const SMALLEST_WINDOW: u32 = 2_048;

/// A model on an Ollama server.
#[derive(Debug)]
pub(super) struct Ollama {
    connection: Arc<Connection>,
    keep_alive: Value,
    traits: Mutex<Option<Traits>>,
    /// The window that was asked for last.
    window: AtomicU32,
}

impl Ollama {
    pub(super) fn new(config: &config::Llm) -> Result<Self> {
        let url = if config.url.is_empty() { URL } else { config.url.as_str() };
        let place = Place { name: "Ollama", url, scheme: Scheme::Bearer, headers: &[] };
        // Ollama reads a number of seconds, below 0 for ever, or a text with a unit.
        let keep_alive = match config.keep_alive.parse::<i64>() {
            Ok(seconds) => json!(seconds),
            Err(_) => json!(config.keep_alive),
        };
        Ok(Self {
            connection: Arc::new(Connection::new(config, place)?),
            keep_alive,
            traits: Mutex::new(None),
            window: AtomicU32::new(0),
        })
    }

    /// What is known of the model; asks for it once.
    async fn traits(&self) -> Result<Traits> {
        let known = *self.traits.lock().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some(known) => Ok(known),
            None => self.ask_traits().await,
        }
    }

    async fn ask_traits(&self) -> Result<Traits> {
        let body = json!({ "model": self.connection.model });
        let call = Call::about("/api/show", Some(&body));
        let shown: Result<Shown, Fault> = self.connection.http.json(call).await;
        let traits = shown.map_err(|fault| self.error(&fault))?.traits();
        *self.traits.lock().unwrap_or_else(PoisonError::into_inner) = Some(traits);
        Ok(traits)
    }

    /// The largest window that may be asked for.
    fn most(&self, traits: Traits) -> u32 {
        let limits = [self.connection.known_window(), traits.context];
        limits.into_iter().flatten().min().unwrap_or(USUAL_WINDOW)
    }

    /// The window for a prompt: as large as it needs, and not smaller than the last one.
    fn window_for(&self, prompt: &Prompt, most: u32) -> u32 {
        let needed = prompt.prompt_tokens.saturating_add(prompt.max_output_tokens);
        let step = needed.max(SMALLEST_WINDOW).checked_next_power_of_two().unwrap_or(most);
        let before = self.window.fetch_max(step.min(most), Ordering::Relaxed);
        step.max(before).min(most)
    }

    fn body(&self, prompt: &Prompt, (traits, window): (Traits, u32)) -> Value {
        let mut turns = prompt.turns();
        if !prompt.system.is_empty() {
            turns.insert(0, json!({ "role": "system", "content": prompt.system }));
        }
        let mut body = json!({
            "model": self.connection.model,
            "messages": turns,
            "stream": true,
            // Without these, what does not fit is left out in silence.
            "truncate": false,
            "shift": false,
            "options": {
                "num_ctx": window,
                "num_predict": prompt.max_output_tokens,
                "temperature": prompt.temperature,
            },
        });
        if traits.thinks {
            body["think"] = json!(false);
        }
        if self.keep_alive != "" {
            body["keep_alive"] = self.keep_alive.clone();
        }
        body
    }

    fn error(&self, fault: &Fault) -> Error {
        // It may be another model when it is there again.
        *self.traits.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (server, model) = (self.connection.http.name(), &self.connection.model);
        match fault.kind {
            FaultKind::Refused(404) if fault.message.contains("not found") => {
                Error::not_found(format!("{server} has no model `{model}`"))
                    .hint(format!("run `ollama pull {model}` there"))
            }
            _ => self.connection.error(fault),
        }
    }

    async fn version(&self) -> Result<String> {
        let call = Call::about("/api/version", None);
        match self.connection.http.json::<Version>(call).await {
            Ok(Version { version }) => Ok(version),
            Err(fault)
                if matches!(fault.kind, FaultKind::Refused(404 | 405) | FaultKind::Unreadable) =>
            {
                let url = self.connection.http.url();
                Err(Error::usage(format!("what answers at {url} is not Ollama"))
                    .hint("set `llm.url` to Ollama's address, without `/v1` or `/api`"))
            }
            Err(fault) => Err(self.connection.error(&fault)),
        }
    }
}

#[async_trait]
impl Llm for Ollama {
    fn name(&self) -> String {
        self.connection.name()
    }

    async fn context_tokens(&self) -> Result<u32> {
        Ok(self.most(self.traits().await?))
    }

    async fn answer(&self, prompt: &Prompt) -> Result<Stream> {
        let traits = self.traits().await?;
        let window = self.window_for(prompt, self.most(traits));
        let body = self.body(prompt, (traits, window));
        let begun = self.connection.begin("/api/chat", &body).await;
        let events = Events::Lines(begun.map_err(|fault| self.error(&fault))?);
        let reply = Reply { window, prompt_tokens: prompt.prompt_tokens, end: None };
        Ok(feed::stream(Arc::clone(&self.connection), events, (reply, prompt)))
    }

    async fn look(&self) -> Result<String> {
        let version = self.version().await?;
        let traits = self.ask_traits().await?;
        Ok(self.connection.seen(&version, self.most(traits)))
    }
}

/// What has been said so far.
#[derive(Debug)]
struct Reply {
    window: u32,
    /// Our own estimate of the prompt, which is not too low.
    prompt_tokens: u32,
    end: Option<End>,
}

impl Reply {
    fn end_of(&self, line: Line) -> End {
        let reason = match line.done_reason {
            None => Finish::Complete,
            Some(word) => match word.as_str() {
                "stop" | "" => Finish::Complete,
                "length" => Finish::Length,
                _ => Finish::Other(word),
            },
        };
        let prompt_was_cut = line.prompt_eval_count.is_some_and(|counted| self.is_cut(counted));
        if prompt_was_cut {
            tracing::warn!(window = self.window, "ollama left out a part of the prompt");
        }
        End {
            reason,
            prompt_tokens: line.prompt_eval_count,
            output_tokens: line.eval_count,
            prompt_was_cut,
        }
    }

    /// Whether the prompt filled a window: the one that was asked for, or a smaller one that the
    /// server has a mind to.
    fn is_cut(&self, counted: u64) -> bool {
        let is_round = counted.is_power_of_two() && counted >= u64::from(SMALLEST_WINDOW);
        counted >= u64::from(self.window) || is_round && counted < u64::from(self.prompt_tokens)
    }
}

impl Decoder for Reply {
    fn read(&mut self, event: &Event) -> Result<Step, Fault> {
        let mut line: Line = parse(&event.data)?;
        if let Some(message) = line.error {
            return Err(Fault::of_status(500, &HeaderMap::new(), &message));
        }
        let text = std::mem::take(&mut line.message.content);
        let is_last = line.done;
        if is_last {
            self.end = Some(self.end_of(line));
        }
        Ok(Step { text, is_last })
    }

    fn end(&self) -> Option<End> {
        self.end.clone()
    }
}
