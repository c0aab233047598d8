//! Questions, answers and sessions, each caller's own.

use std::time::Instant;

use tokio::sync::mpsc;

use super::Gate;
use crate::access::Caller;
use crate::answer::{Event, Question};
use crate::catalog::{Document, Feedback, Session, Source, Turn};
use crate::chunk::Chunk;
use crate::error::Result;
use crate::id::DocumentId;

impl Gate {
    /// Runs what answers a question; the end of the daemon waits until what was said is kept.
    pub fn spawn_asking(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.engine.spawn("answer", task);
    }

    /// Answers a question from what its caller may see.
    pub async fn ask(&self, question: Question, out: &mpsc::Sender<Event>) -> Result<()> {
        let (caller, text) = (question.caller.clone(), question.text.clone());
        let spaces = question.spaces.clone();
        let began = Instant::now();
        let asked = self.engine.answerer.ask(question, out).await;
        if let Ok(asked) = &asked {
            self.metrics.stages(&asked.stages);
            self.metrics.used(&asked.usage);
        }
        self.tell_ask(&caller, (&text, spaces.len()), (began, &asked));
        self.note(&caller, ("ask", &text, &spaces), &asked).await;
        asked.map(drop)
    }

    /// Keeps what the caller says of an answer of theirs.
    pub async fn rate(&self, caller: &Caller, turn: &str, said: (Feedback, &str)) -> Result<()> {
        self.engine.answerer.rate(caller, turn, said).await?;
        match said.0 {
            Feedback::None => {}
            verdict => self.metrics.rated(verdict == Feedback::Helpful),
        }
        Ok(())
    }

    /// The caller's sessions in which all words of `query` occur, the latest first.
    pub async fn sessions(&self, caller: &Caller, query: &str, limit: u32) -> Result<Vec<Session>> {
        self.engine.answerer.sessions(caller, query, limit).await
    }

    /// A session of the caller, with the turns that they may see.
    pub async fn session(&self, caller: &Caller, id: &str) -> Result<(Session, Vec<Turn>)> {
        self.engine.answerer.session(caller, id).await
    }

    /// Forgets a session of the caller, or all of them.
    pub async fn forget(&self, caller: &Caller, session: Option<&str>) -> Result<u64> {
        self.engine.answerer.forget(caller, session).await
    }

    /// An answer of `private`, if `public` may see it too.
    pub async fn share(&self, private: &Caller, public: &Caller, turn: &str) -> Result<Turn> {
        let shared = self.engine.answerer.share(private, public, turn).await;
        self.note(public, ("share_answer", turn, &[]), &shared).await;
        shared
    }

    /// One passage of a document that the caller may see; `None` when there is none, or not for
    /// them.
    pub async fn passage(&self, caller: &Caller, id: DocumentId, ordinal: u32) -> Option<Chunk> {
        let read = self.engine.retriever.read(id, &caller.grants, (ordinal, 1)).await.ok()?;
        read.1.passages.into_iter().next().map(|(_, passage)| passage)
    }

    /// Those of some documents that are there and that the caller may see, with their sources.
    pub async fn documents(
        &self,
        caller: &Caller,
        ids: &[DocumentId],
    ) -> Result<Vec<(Document, Source)>> {
        let documents = self.engine.catalog.documents(ids).await?;
        let sources = self.engine.catalog.sources().await?;
        let seen = documents.into_iter().filter_map(|document| {
            let source = sources.iter().find(|source| source.id == document.source)?;
            let is_seen = caller.grants.sees(&source.registered.space);
            is_seen.then(|| (document, source.clone()))
        });
        Ok(seen.collect())
    }
}
