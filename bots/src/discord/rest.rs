//! Calls to Discord's REST interface: bounded in time and size, at the rate that it asks for.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

use super::Settings;
use super::windows::{Windows, key};
use crate::{Error, Kind};

/// Between two tries of a call that failed.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

const DISCORD: &str = "https://discord.com";
const VERSION: &str = "/api/v10";
const USER_AGENT: &str = concat!("DiscordBot (ragterm, ", env!("CARGO_PKG_VERSION"), ")");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REPLY_BYTES: usize = 4 << 20;

/// How often [`Rest::patiently`] tries, and how long it waits altogether.
const TRIES: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(60);

/// One call below the interface's version.
#[derive(Debug, Clone)]
pub(super) struct Call<'c> {
    pub(super) method: Method,
    pub(super) path: &'c str,
    pub(super) body: Option<&'c Value>,
}

impl<'c> Call<'c> {
    pub(super) fn get(path: &'c str) -> Self {
        Self { method: Method::GET, path, body: None }
    }

    pub(super) fn put(path: &'c str, body: &'c Value) -> Self {
        Self { method: Method::PUT, path, body: Some(body) }
    }

    pub(super) fn post(path: &'c str, body: &'c Value) -> Self {
        Self { method: Method::POST, path, body: Some(body) }
    }

    pub(super) fn patch(path: &'c str, body: &'c Value) -> Self {
        Self { method: Method::PATCH, path, body: Some(body) }
    }

    pub(super) fn delete(path: &'c str) -> Self {
        Self { method: Method::DELETE, path, body: None }
    }
}

/// Why a call brought nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may be tried again after this time; so far nothing has happened.
    SlowDown(Duration),
    /// Discord's answer: the status, its own code, and its words.
    Refused { status: u16, code: u64, message: String },
    /// There was no answer.
    Unreachable(String),
}

impl Fault {
    /// Whether the same call may succeed in a moment.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::SlowDown(_) | Self::Unreachable(_) => true,
            Self::Refused { status, .. } => *status >= 500,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowDown(wait) => write!(f, "asked to wait {:.1} s", wait.as_secs_f64()),
            Self::Refused { status, code, message } => write!(f, "{status}, {code}: {message}"),
            Self::Unreachable(reason) => f.write_str(reason),
        }
    }
}

/// A client of the interface. It keeps within the limits that the replies tell.
#[derive(Debug)]
pub(super) struct Rest {
    client: Client,
    base: String,
    windows: Mutex<Windows>,
}

impl Rest {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let mut authorization = HeaderValue::try_from(format!("Bot {}", settings.token.reveal()))
            .map_err(|_| {
            Error::new(Kind::Settings, "the bot's token for discord holds odd characters")
                .hint("paste it again from the developer portal")
        })?;
        authorization.set_sensitive(true);
        let client = Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // The token goes to no other address.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::new(Kind::Settings, format!("no client for HTTP: {error}")))?;
        let base = settings.api_url.as_deref().unwrap_or(DISCORD).trim_end_matches('/');
        Ok(Self { client, base: format!("{base}{VERSION}"), windows: Mutex::default() })
    }

    /// Calls once. A reply without a body is null.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let key = key(&call.method, call.path);
        let wait = self.windows(|windows| windows.take(&key, Instant::now()));
        if let Some(wait) = wait {
            return Err(Fault::SlowDown(wait));
        }
        let mut request =
            self.client.request(call.method.clone(), format!("{}{}", self.base, call.path));
        if let Some(body) = call.body {
            request = request.json(body);
        }
        // The address may hold the token of an interaction.
        let response = request
            .send()
            .await
            .map_err(|error| Fault::Unreachable(error.without_url().to_string()))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        self.windows(|windows| windows.learn(&key, &headers, Instant::now()));
        if status == StatusCode::TOO_MANY_REQUESTS {
            let wait = pause(&body, &headers);
            let until = Instant::now() + wait;
            match body["global"].as_bool() {
                Some(true) => self.windows(|windows| windows.close_all(until)),
                _ => self.windows(|windows| windows.close(&key, until)),
            }
            return Err(Fault::SlowDown(wait));
        }
        if !status.is_success() {
            let message = body["message"].as_str().unwrap_or_default().to_owned();
            let code = body["code"].as_u64().unwrap_or_default();
            return Err(Fault::Refused { status: status.as_u16(), code, message });
        }
        Ok(body)
    }

    /// Calls until it succeeds or is refused: a few times, a minute at the most.
    pub(super) async fn patiently(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let deadline = Instant::now() + PATIENCE;
        let mut failures = 0;
        loop {
            let fault = match self.call(call).await {
                Err(fault) if fault.passes() => fault,
                ended => return ended,
            };
            let wait = match fault {
                Fault::SlowDown(wait) => wait,
                _ => {
                    failures += 1;
                    PAUSE / 4 * failures
                }
            };
            if failures >= TRIES || Instant::now() + wait > deadline {
                return Err(fault);
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn windows<T>(&self, act: impl FnOnce(&mut Windows) -> T) -> T {
        // Every change of it is whole before anything can panic.
        act(&mut self.windows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn read(mut response: Response) -> Result<Value, Fault> {
    let mut bytes = Vec::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| Fault::Unreachable(error.without_url().to_string()))? {
            Some(chunk) if bytes.len() + chunk.len() <= MAX_REPLY_BYTES => {
                bytes.extend_from_slice(&chunk)
            }
            Some(_) => return Err(Fault::Unreachable("the reply is too long".into())),
            None => return Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null)),
        }
    }
}

/// How long to wait after a 429: the body is exact, the header is in whole seconds.
fn pause(body: &Value, headers: &HeaderMap) -> Duration {
    let header = || headers.get("retry-after")?.to_str().ok()?.parse::<f64>().ok();
    let seconds = body["retry_after"].as_f64().or_else(header).unwrap_or(1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(PAUSE).max(Duration::from_millis(50))
}
