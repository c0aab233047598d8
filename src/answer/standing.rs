//! What a follow-up question goes on from, and what it is when it stands alone.

use std::time::{Duration, Instant};

use super::asking::Asking;
use super::prompt::{self, Exchange};
use super::{Answerer, Question, generate, gone};
use crate::catalog::unknown_session;
use crate::error::{Error, Result};

/// Earlier questions that a follow-up can refer to.
const RECALLED: u32 = 4;

/// How long a model may take to rewrite a question.
const REWRITING: Duration = Duration::from_secs(10);

/// What a question becomes when it stands alone.
pub struct Standing {
    /// What is searched for, and what the model is asked.
    pub query: String,
    /// The spaces of what it was made from, besides the question.
    pub spaces: Vec<String>,
}

/// The session that a question goes on with; `NotFound` when it names one that is not the
/// asker's.
pub async fn session_of(answerer: &Answerer, question: &Question) -> Result<Option<String>> {
    let (catalog, principal) = (&answerer.catalog, &question.caller.principal);
    match &question.session {
        Some(session) if catalog.session(principal, session).await?.is_none() => {
            Err(unknown_session(session))
        }
        Some(session) => Ok(Some(session.clone())),
        None if question.thread.is_empty() => Ok(None),
        None => catalog.session_of_thread(principal, &question.thread).await,
    }
}

impl Asking<'_> {
    /// The question as it can be searched for: a follow-up takes in what it refers to.
    pub async fn stand_alone(&self, notes: &mut Vec<String>) -> Result<Standing> {
        let alone = Standing { query: self.question.text.clone(), spaces: Vec::new() };
        let answerer = self.answerer;
        let Ok(llm) = answerer.usable() else { return Ok(alone) };
        if self.is_new || !self.pipeline.rewrite || !self.pipeline.generate {
            return Ok(alone);
        }
        let caller = &self.question.caller;
        let turns = answerer.visible_turns(caller, &self.session, RECALLED).await?;
        if turns.is_empty() {
            return Ok(alone);
        }
        let earlier: Vec<Exchange<'_>> = turns
            .iter()
            .map(|turn| Exchange { question: &turn.question, answer: &turn.answer })
            .collect();
        let prompt = prompt::rewriting(&self.question.text, &earlier, &self.manner());
        let begin = Instant::now();
        let rewriting = tokio::select! {
            () = answerer.stop.cancelled() => return Err(generate::ending()),
            () = self.out.closed() => return Err(gone()),
            said = tokio::time::timeout(REWRITING, generate::whole(llm.as_ref(), &prompt)) => said,
        };
        let said = rewriting.unwrap_or_else(|_| {
            let message = format!("the model did not rewrite it within {} s", REWRITING.as_secs());
            Err(Error::unavailable(message))
        });
        let end = said.as_ref().ok().map(|(_, end)| end);
        self.spend(|spent| spent.generated(begin, end));
        match said.map(|(said, _)| prompt::rewritten(&said, &self.question.text, &earlier)) {
            Ok(Some(query)) => {
                let spaces = turns.into_iter().flat_map(|turn| turn.spaces).collect();
                Ok(Standing { query, spaces })
            }
            Ok(None) => {
                notes.push(
                    "the question was searched for as it stands: the model did not rewrite it"
                        .into(),
                );
                Ok(alone)
            }
            Err(error) => {
                notes.push(format!("the question was searched for as it stands: {error}"));
                Ok(alone)
            }
        }
    }
}
