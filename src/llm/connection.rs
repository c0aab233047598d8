//! What the providers share: the client, the model's name, its window, and faults in words.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::lines::{Lines, Patience};
use crate::config;
use crate::error::{Error, Result};
use crate::http::{self, Call, Endpoint, Fault, FaultKind, Http, Scheme, is_too_long};

/// An error document is at most this long.
const PLAIN_BYTES: usize = 1 << 20;

/// One model on one server.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) http: Http,
    pub(super) provider: &'static str,
    pub(super) model: String,
    idle: Duration,
    timeout: Duration,
    /// The window that is configured.
    configured: Option<u32>,
    /// The window that the server told last.
    told: Mutex<Option<u32>>,
}

/// What differs from provider to provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    /// What people call the server.
    pub name: &'p str,
    /// Where it is.
    pub url: &'p str,
    /// How the key is sent.
    pub scheme: Scheme,
    /// Sent with each call.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Connection {
    pub(super) fn new(config: &config::Llm, place: Place<'_>) -> Result<Self> {
        let Place { name, url, scheme, headers } = place;
        let http = Http::new(Endpoint {
            name,
            url,
            section: "llm",
            when_busy: "ask again in a while, or raise the server's limits",
            api_key: &config.api_key,
            scheme,
            headers,
            timeout: config.idle_timeout.min(config.timeout),
        })?;
        Ok(Self {
            http,
            provider: config.provider.name(),
            model: config.model.clone(),
            idle: config.idle_timeout,
            timeout: config.timeout,
            configured: config.context_tokens,
            told: Mutex::new(None),
        })
    }

    /// Provider and model, for people.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.provider, self.model)
    }

    /// Sends a prompt; gives the lines of the answer as soon as the server takes it.
    pub(super) async fn begin(&self, path: &str, body: &Value) -> Result<Lines, Fault> {
        let end = Instant::now() + self.timeout;
        let patience = http::Patience::Soon(self.idle.min(self.timeout));
        let call = Call { path, body: Some(body), patience, max_bytes: PLAIN_BYTES };
        let begun = timeout_at(end, self.http.begin(call)).await.unwrap_or_else(|_| {
            let message = format!("no answer within {} s", self.timeout.as_secs_f32());
            Err(Fault { kind: FaultKind::Slow, message })
        });
        let response = begun.inspect_err(|_| self.forget_window())?;
        Ok(Lines::of(response, Patience { idle: self.idle, end }))
    }

    /// The window that is known without asking.
    pub(super) fn known_window(&self) -> Option<u32> {
        self.configured.or_else(|| *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes the window that the server told; gives it back.
    pub(super) fn note_window(&self, tokens: u32) -> u32 {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
        self.configured.unwrap_or(tokens)
    }

    /// The server may have been started with another model since.
    fn forget_window(&self) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Where the server is and what it says about the model, in one line for people.
    pub(super) fn seen(&self, version: &str, window: u32) -> String {
        let (url, model) = (self.http.url(), &self.model);
        let version = match version {
            "" => String::new(),
            version => format!(" (version {version})"),
        };
        format!("{url}{version} has {model}: a window of {window} tokens")
    }

    /// A fault in words.
    pub(super) fn error(&self, fault: &Fault) -> Error {
        let (name, model, message) = (self.http.name(), &self.model, &fault.message);
        match fault.kind {
            FaultKind::Refused(_) if is_too_long(message) => {
                Error::exhausted(format!("the question is too long for `{model}`: {message}"))
                    .hint("`llm.context_tokens` says how much fits; ask a shorter question")
            }
            FaultKind::Refused(404) if message.to_lowercase().contains("model") => {
                Error::not_found(format!("{name} has no model `{model}`: {message}"))
                    .hint("check `llm.model`")
            }
            FaultKind::Refused(401 | 403 | 404 | 405 | 300..=399) => self.http.error(fault),
            FaultKind::Refused(status) => {
                Error::unavailable(format!("{name} refuses to answer ({status}): {message}"))
                    .hint("check `llm.model`, and whether it is a model for chats")
            }
            FaultKind::Slow => Error::unavailable(format!("{name} is too slow: {message}"))
                .hint("it may be loading the model; `llm.idle_timeout_s` sets the time"),
            _ => self.http.error(fault),
        }
    }

    /// A fault in the middle of an answer, in words.
    pub(super) fn broken(&self, fault: &Fault) -> Error {
        let name = self.http.name();
        let message = self.http.redacted(fault.message.clone());
        match fault.kind {
            FaultKind::Network => {
                Error::unavailable(format!("{name} broke off its answer: {message}"))
                    .hint("ask again; the server's own log says more")
            }
            FaultKind::Slow => Error::unavailable(format!("{name} {message}"))
                .hint("`llm.idle_timeout_s` and `llm.timeout_s` set the times"),
            kind => self.error(&Fault { kind, message }),
        }
    }
}
