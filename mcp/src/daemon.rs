//! The connection to the daemon: made when it is needed, and once more when it broke.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ragterm_proto::RequestId;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tonic::{Response, Status};
use tracing::{Instrument, error_span};

use crate::Client;
use crate::failure::{Failure, is_broken};

/// How long it may take to reach the daemon, which may have to be started.
const CONNECT: Duration = Duration::from_secs(60);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// So many calls are under way at once; further ones wait.
const MAX_CALLS: usize = 8;

type Connecting = Pin<Box<dyn Future<Output = Result<Client, Failure>> + Send>>;

/// The daemon, wherever it runs and however often it starts again.
pub struct Daemon {
    connect: Box<dyn Fn() -> Connecting + Send + Sync>,
    client: Mutex<Option<Client>>,
    calls: Semaphore,
}

impl Daemon {
    /// A daemon that is reached through `connect`.
    pub fn new<C, F>(connect: C) -> Self
    where
        C: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<Client, Failure>> + Send + 'static,
    {
        Self {
            connect: Box::new(move || Box::pin(connect())),
            client: Mutex::new(None),
            calls: Semaphore::new(MAX_CALLS),
        }
    }

    /// Makes a call that changes nothing: when the connection breaks before the answer, it is made
    /// once more over a new one, under the same name.
    pub async fn call<T, F>(&self, call: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let id = RequestId::make();
        // Of the worst level, so that no level leaves it out.
        let span = error_span!("tool", request = id.as_str());
        id.scope(self.called(call)).instrument(span).await
    }

    async fn called<T, F>(&self, call: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let _permit = self.calls.acquire().await.expect("the semaphore is never closed");
        match answer(call(self.client().await?)).await? {
            Err(status) if is_broken(&status) => self.remember(None),
            answered => return answered.map_err(|status| Failure::from_status(&status)),
        }
        let answered = answer(call(self.client().await?)).await?;
        answered.map_err(|status| Failure::from_status(&status))
    }

    /// The client that served the last call, or a new one.
    async fn client(&self) -> Result<Client, Failure> {
        let known = self.known();
        if let Some(client) = known {
            return Ok(client);
        }
        let client = timeout(CONNECT, (self.connect)()).await.map_err(|_| {
            Failure::new(format!("ragterm's daemon could not be reached within {CONNECT:?}"))
                .hint("`ragterm doctor` looks for the reason")
        })??;
        self.remember(Some(client.clone()));
        Ok(client)
    }

    fn known(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, client: Option<Client>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

/// What was answered in time.
async fn answer<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Result<T, Status>, Failure> {
    match timeout(ANSWER, call).await {
        Ok(answered) => Ok(answered.map(Response::into_inner)),
        Err(_) => Err(Failure::new(format!("the daemon did not answer within {ANSWER:?}"))
            .hint("try again, or ask `status` what it is busy with")),
    }
}
