//! The one way from the services to the engine: what a caller may not do or see ends here.

mod asking;
mod entrance;
mod sources;
mod tokens;
mod told;
mod watching;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::access::{Audited, Auditor, Authority, Caller, Credentials};
use crate::catalog::{Source, Stretch};
use crate::config::SpaceRole;
use crate::engine::{Engine, Status};
use crate::error::{ErrorKind, Result};
use crate::id::DocumentId;
use crate::metrics::Metrics;
use crate::search::{Answer, Request};
use crate::telemetry::Seldom;

pub use entrance::Entrance;
pub use tokens::NewToken;

/// How often the counts of those who have gone are forgotten.
const TIDYING: std::time::Duration = std::time::Duration::from_secs(60);

/// The engine behind its rules; clones share both.
#[derive(Debug, Clone)]
pub struct Gate {
    engine: Engine,
    authority: Arc<Authority>,
    auditor: Arc<Auditor>,
    metrics: Arc<Metrics>,
    scraping: Arc<tokio::sync::Mutex<()>>,
    refusals: Arc<Seldom>,
}

impl Gate {
    /// A gate before `engine`, with the rules of its configuration.
    pub fn new(engine: Engine) -> Result<Self> {
        let (config, catalog) = (&engine.config, &engine.catalog);
        let authority = Arc::new(Authority::new(catalog.clone(), config));
        let directory = &engine.paths.data_dir;
        let auditor = Auditor::new(config.access.audit, directory, catalog.identity());
        let metrics = Arc::new(Metrics::new()?);
        let (refusals, scraping) = (Arc::default(), Arc::default());
        Ok(Self { authority, auditor: Arc::new(auditor), metrics, scraping, refusals, engine })
    }

    /// Starts what runs beside the calls, until `stop`.
    pub fn start(&self, stop: CancellationToken) {
        let (auditor, authority) = (Arc::clone(&self.auditor), Arc::clone(&self.authority));
        self.engine.spawn("audit log", async move { auditor.run().await });
        let (gate, ending) = (self.clone(), stop.clone());
        self.engine.spawn("metrics", async move { gate.count_degraded(ending).await });
        self.engine.spawn("rates of calls", async move {
            let mut tidying = tokio::time::interval(TIDYING);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = tidying.tick() => authority.tidy(),
                }
            }
        });
    }

    /// Who calls; see [`Authority::resolve`].
    pub async fn caller(&self, credentials: Credentials) -> Result<Caller> {
        let caller = self.authority.resolve(credentials.clone()).await;
        if let Err(error) = &caller {
            self.tell_refusal(&credentials, error);
        }
        caller
    }

    /// The whole engine, for those who may do everything; `call` is written down.
    pub async fn whole(&self, caller: &Caller, call: &'static str) -> Result<&Engine> {
        let permitted = caller.grants.require_everything();
        self.note(caller, (call, "", &[]), &permitted).await;
        permitted.map(|()| &self.engine)
    }

    /// Ends the audit log once no call is served any more.
    pub fn close(&self) {
        self.auditor.close();
    }

    /// What should be known of the rules themselves.
    fn notices(&self) -> Option<String> {
        self.auditor.fault()
    }

    /// Does what changes something to its end, also when its caller does not wait for it, so that
    /// it is written down.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.engine.see_through(work).await
    }

    /// Searches what the caller may see; `request.grants` is set here.
    pub async fn search(&self, caller: &Caller, request: Request) -> Result<Answer> {
        let request = Request { grants: Arc::clone(&caller.grants), ..request };
        let began = Instant::now();
        let answer = self.engine.retriever.search(&request).await;
        if let Ok(answer) = &answer {
            self.metrics.stages(&answer.stages);
            if answer.hits.is_empty() {
                self.metrics.found_nothing();
            }
        }
        self.tell_search(caller, &request, (began, &answer));
        self.note(caller, ("search", &request.text, &request.spaces), &answer).await;
        answer
    }

    /// A part of a document that the caller may see; see [`crate::search::Retriever::read`].
    pub async fn read(
        &self,
        caller: &Caller,
        document: DocumentId,
        (from, limit): (u32, u32),
    ) -> Result<(Arc<Source>, Stretch)> {
        let read = self.engine.retriever.read(document, &caller.grants, (from, limit)).await;
        let space = read.iter().map(|(source, _)| source.registered.space.clone());
        let space: Vec<String> = space.collect();
        self.note(caller, ("read", &document.to_string(), &space), &read).await;
        read
    }

    /// The state of what the caller may see; `problems` are the numbers of those that are named.
    pub async fn status(&self, caller: &Caller, problems: Range<u32>) -> Result<Status> {
        let mut status = self.engine.status(&caller.grants, problems).await?;
        if caller.grants.is_everything() {
            status.notices.extend(self.notices());
        }
        Ok(status)
    }

    /// The spaces that the caller may see, with its role in each, by name: those that are granted
    /// by name and, for who sees everything, those that have a source.
    pub async fn spaces(&self, caller: &Caller) -> Result<Vec<(String, SpaceRole)>> {
        let named = caller.grants.named().map(|(space, role)| (space.to_owned(), role));
        let mut spaces: BTreeMap<String, SpaceRole> = named.collect();
        if caller.grants.sees_everything() {
            for source in self.engine.catalog.sources().await? {
                let space = source.registered.space;
                if let Some(role) = caller.grants.role(&space) {
                    spaces.insert(space, role);
                }
            }
        }
        Ok(spaces.into_iter().collect())
    }

    /// What tells how far the sources are that a caller was let follow.
    pub fn follower(&self) -> Engine {
        self.engine.clone()
    }

    /// Writes a call down.
    async fn note<T>(
        &self,
        caller: &Caller,
        (call, text, spaces): (&'static str, &str, &[String]),
        result: &Result<T>,
    ) {
        let outcome: std::result::Result<(), ErrorKind> = match result {
            Ok(_) => Ok(()),
            Err(error) => Err(error.kind()),
        };
        if outcome == Err(ErrorKind::Denied) {
            self.tell_denied(caller, call);
        }
        // Where none is named, all that the caller sees is asked.
        let seen = if spaces.is_empty() { caller.grants.names() } else { spaces.to_vec() };
        self.auditor.note(caller, Audited { call, text, spaces: &seen, outcome }).await;
    }
}
