//! One way to talk to a server over HTTP: bounded, retried, never to another address.

mod breaker;
mod endpoint;
mod fault;
mod listed;
mod patience;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backon::Retryable;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use breaker::Breaker;
use endpoint::Key;
use patience::Persistence;

pub(crate) use endpoint::{Endpoint, Scheme};
pub(crate) use fault::{Fault, FaultKind, is_too_long, is_too_many};
pub(crate) use listed::Listed;
pub(crate) use patience::Patience;

/// A connection that takes longer is not made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Servers and proxies close idle connections; ours are closed before theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// An answer without vectors is at most this long.
const PLAIN_BYTES: usize = 16 << 20;

/// A client of one server.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    /// What the server is called in errors, with its address.
    name: String,
    base: String,
    key: Key,
    headers: &'static [(&'static str, &'static str)],
    /// The section of the configuration, for hints.
    section: &'static str,
    /// What to do about a server that takes no more requests.
    when_busy: &'static str,
    timeout: Duration,
    breaker: Breaker,
    retried: AtomicU64,
}

/// A request below the server's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    /// Begins with `/`.
    pub path: &'c str,
    /// Makes it a POST.
    pub body: Option<&'c Value>,
    /// How long it may take.
    pub patience: Patience,
    /// A longer answer is refused.
    pub max_bytes: usize,
}

impl<'c> Call<'c> {
    /// A short question about the server, asked once.
    pub(crate) fn about(path: &'c str, body: Option<&'c Value>) -> Self {
        let patience = Patience::Once(Duration::from_secs(10));
        Self { path, body, patience, max_bytes: PLAIN_BYTES }
    }
}

impl Http {
    /// A client of one server.
    pub(crate) fn new(endpoint: Endpoint<'_>) -> Result<Self> {
        let (name, base) = (endpoint.name, endpoint.url);
        // Fails when it was done before, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("ragterm/", env!("CARGO_PKG_VERSION")));
        if base.starts_with("http://") {
            // Certificates may be missing altogether where none are needed.
            builder = builder.tls_certs_only([]);
        }
        let client = builder
            .build()
            .map_err(|error| Error::usage(format!("cannot talk to {base}")).because(error))?;
        let shown = base.split('?').next().unwrap_or(base);
        Ok(Self {
            client,
            name: format!("{name} at {shown}"),
            base: base.to_owned(),
            key: Key::new(endpoint.api_key, endpoint.scheme)?,
            headers: endpoint.headers,
            section: endpoint.section,
            when_busy: endpoint.when_busy,
            timeout: endpoint.timeout,
            breaker: Breaker::default(),
            retried: AtomicU64::new(0),
        })
    }

    /// The server with its address, for errors.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The address.
    pub(crate) fn url(&self) -> &str {
        self.base.split('?').next().unwrap_or(&self.base)
    }

    /// How often a call was tried again.
    pub(crate) fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    /// The configured patience, once: loading a model may take that long.
    pub(crate) fn once(&self) -> Patience {
        Patience::Once(self.timeout)
    }

    /// Makes a call and reads its answer as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Fault> {
        let bytes = self.call(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let begin: String = String::from_utf8_lossy(&bytes).chars().take(80).collect();
            let message = self.redacted(format!("answers with `{begin}…`: {error}"));
            Fault { kind: FaultKind::Unreadable, message }
        })
    }

    /// Opens a stream of lines that may take as long as it likes between its first and last.
    pub(crate) async fn open(&self, call: Call<'_>) -> Result<Response, Fault> {
        let sent = tokio::time::timeout(self.timeout, self.request(call).send()).await;
        match sent {
            Ok(Ok(response)) => self.judged(response, call).await,
            Ok(Err(error)) => Err(Fault::of_transport(&error, self.timeout)),
            Err(_) => Err(Fault { kind: FaultKind::Slow, message: "no answer".into() }),
        }
    }

    /// Opens a stream as [`open`](Self::open) does, as patiently as the call says.
    pub(crate) async fn begin(&self, call: Call<'_>) -> Result<Response, Fault> {
        self.patiently(call.patience, |timeout| self.head(call, timeout)).await
    }

    /// Hides the key in words that come from outside.
    pub(crate) fn redacted(&self, text: String) -> String {
        self.key.hidden_in(text)
    }

    /// The fault as an error that names the server, for kinds that concern no single text.
    pub(crate) fn error(&self, fault: &Fault) -> Error {
        let (name, message, section) = (&self.name, &fault.message, self.section);
        let is_it_running =
            format!("is the server running? `{section}.url` says where it is looked for");
        match fault.kind {
            FaultKind::Network => {
                Error::unavailable(format!("{name} cannot be reached: {message}"))
                    .hint(is_it_running)
            }
            FaultKind::Slow => Error::unavailable(format!("{name} is too slow: {message}"))
                .hint(format!("it may be loading the model; `{section}.timeout_s` sets the time")),
            FaultKind::Down => Error::unavailable(format!("{name} {message}")).hint(is_it_running),
            FaultKind::Busy(_) => {
                Error::unavailable(format!("{name} takes no more requests for now: {message}"))
                    .hint(self.when_busy)
            }
            FaultKind::Gateway(status) | FaultKind::Server(status) => {
                Error::unavailable(format!("{name} fails with {status}: {message}"))
                    .hint("the server's own log says more")
            }
            FaultKind::Garbled | FaultKind::Unreadable => {
                Error::unavailable(format!("{name} {message}"))
                    .hint("is another program listening there, or is it an unsupported version?")
            }
            FaultKind::Refused(status) => self.refusal(status, message),
        }
    }

    fn refusal(&self, status: u16, message: &str) -> Error {
        let (name, section) = (&self.name, self.section);
        match status {
            401 | 403 => Error::usage(format!("{name} does not accept the key ({status})"))
                .hint(format!("set `{section}.api_key` or `{section}.api_key_file`")),
            300..=399 => Error::usage(format!("{name} answers with a redirect ({status})"))
                .hint(format!("set `{section}.url` to the address that it leads to")),
            404 | 405 => Error::usage(format!("{name} has no such address ({status}): {message}"))
                .hint(format!("check `{section}.url`; for `openai` it ends in `/v1`")),
            _ => Error::internal(format!("{name} refuses a request ({status}): {message}")),
        }
    }

    async fn call(&self, call: Call<'_>) -> Result<Vec<u8>, Fault> {
        self.patiently(call.patience, |timeout| self.exchange(call, timeout)).await
    }

    /// Makes one attempt or several, as `patience` says.
    async fn patiently<T, F>(
        &self,
        patience: Patience,
        exchange: impl Fn(Duration) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let (timeout, mut persistence) = match patience {
            Patience::Once(timeout) => return self.attempt(timeout, exchange(timeout)).await,
            Patience::Retrying => (self.timeout, Persistence::of_background()),
            Patience::Soon(timeout) => (timeout, Persistence::of_somebody_who_waits()),
        };
        let attempt = || self.attempt(timeout, exchange(timeout));
        attempt
            .retry(persistence.backoff())
            .when(Fault::is_worth_retrying)
            .adjust(|fault, delay| persistence.wait(fault, delay?))
            .notify(|fault, delay| {
                self.retried.fetch_add(1, Ordering::Relaxed);
                let (server, fault) = (&self.name, &fault.message);
                tracing::debug!(%server, %fault, ?delay, "called again");
            })
            .await
    }

    async fn attempt<T>(
        &self,
        timeout: Duration,
        exchange: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.breaker
            .admit(Instant::now())
            .map_err(|message| Fault { kind: FaultKind::Down, message })?;
        let answered = tokio::time::timeout(timeout, exchange).await;
        let answer = answered.unwrap_or_else(|_| {
            let message = format!("no answer within {} s", timeout.as_secs_f32());
            Err(Fault { kind: FaultKind::Slow, message })
        });
        match &answer {
            // A question that is not answered soon may just wait behind documents.
            Err(fault) if fault.kind == FaultKind::Slow && timeout < self.timeout => {}
            Err(fault) if fault.is_absence() => self.breaker.failed(&fault.message, Instant::now()),
            _ => self.breaker.succeeded(),
        }
        answer
    }

    async fn exchange(&self, call: Call<'_>, timeout: Duration) -> Result<Vec<u8>, Fault> {
        let mut response = self.head(call, timeout).await?;
        let mut bytes = Vec::new();
        let broken = |error: reqwest::Error| Fault::of_transport(&error, timeout);
        while let Some(piece) = response.chunk().await.map_err(broken)? {
            if bytes.len() + piece.len() > call.max_bytes {
                return Err(Fault::garbled(format!("answers with over {} bytes", call.max_bytes)));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// The beginning of a good answer, with its body still to come.
    async fn head(&self, call: Call<'_>, timeout: Duration) -> Result<Response, Fault> {
        let sent = self.request(call).send().await;
        self.judged(sent.map_err(|error| Fault::of_transport(&error, timeout))?, call).await
    }

    fn request(&self, call: Call<'_>) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.base, call.path);
        let request = match call.body {
            Some(body) => self.client.post(url).json(body),
            None => self.client.get(url),
        };
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(*name, *value));
        self.key.sent_with(request)
    }

    /// The response if it is a good one, else what it says.
    async fn judged(&self, mut response: Response, call: Call<'_>) -> Result<Response, Fault> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let mut text = Vec::new();
        while let Ok(Some(piece)) = response.chunk().await {
            text.extend_from_slice(&piece);
            if text.len() > PLAIN_BYTES.min(call.max_bytes) {
                break;
            }
        }
        let text = self.redacted(String::from_utf8_lossy(&text).into_owned());
        Err(Fault::of_status(status.as_u16(), response.headers(), &text))
    }
}
