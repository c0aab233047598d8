//! Answers from documents: retrieve, ask the model within its window, check what it cites.

mod asking;
mod cache;
mod check;
mod counts;
mod fence;
mod gather;
mod generate;
mod invisible;
mod looks;
mod prompt;
mod relevance;
mod spent;
mod standing;
mod steps;
mod support;
mod wording;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::access::Caller;
use crate::catalog::{
    Catalog, Feedback, MAX_SESSIONS, Session, Turn, days_ago_ms, unknown_session, unknown_turn,
};
use crate::config::{self, Config, Pipeline};
use crate::error::{Error, Result};
use crate::llm::{self, Llm};
use crate::search::Retriever;

pub use counts::Counts;
pub use gather::Given;
pub use spent::Asked;

use cache::Cache;
use counts::Counters;
use looks::Looks;
use steps::Pipelines;

/// Turns of one session in one list at the most.
const MAX_TURNS: u32 = 200;

/// Text of those turns at the most, in bytes.
const MAX_TURNS_BYTES: usize = 8 << 20;

/// A comment is no longer than this, in characters.
const MAX_COMMENT: usize = 4_000;

/// What is asked, by whom, and of what.
#[derive(Debug, Clone)]
pub struct Question {
    /// As it was asked.
    pub text: String,
    /// Who asks.
    pub caller: Caller,
    /// The session that it belongs to; `None` begins one, or goes on with that of the thread.
    pub session: Option<String>,
    /// The thread of a chat that it was asked in, by the chat's own name; empty: none.
    pub thread: String,
    /// Only these spaces; empty means every space of the grants.
    pub spaces: Vec<String>,
    /// Passages given to the model at the most; 0 means the pipeline's number.
    pub limit: usize,
    /// Only these extensions; empty means all.
    pub types: Vec<String>,
    /// Only paths that match this glob.
    pub path_glob: Option<String>,
    /// Only what was modified within this time.
    pub since: Option<Duration>,
}

/// What happens while a question is answered, in this order.
#[derive(Debug, Clone)]
pub enum Event {
    /// What the model will be given; once, before it is asked.
    Consulted(Consulted),
    /// The next piece of the answer.
    Text(String),
    /// The end.
    Answered(Box<Answered>),
}

/// What was found for a question.
#[derive(Debug, Clone)]
pub struct Consulted {
    /// The session's name.
    pub session: String,
    /// What was searched for.
    pub query: String,
    /// What the model is given.
    pub given: Vec<Given>,
    /// The model; empty when none is asked.
    pub model: String,
    /// Why the search is not all that it could be.
    pub degraded: Option<String>,
}

/// How a question ended.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The turn, as it is kept.
    pub turn: Turn,
    /// The session's name.
    pub session: String,
    /// What is cited; the best that was found when no model answered.
    pub sources: Vec<Given>,
    /// Why this is not all that it could be.
    pub degraded: Option<String>,
    /// From the question to the first piece of the answer.
    pub first_token: Option<Duration>,
    /// From the question to the end.
    pub took: Duration,
    /// Sentences without a source, [start, end) in characters, when they are asked for.
    pub unsupported: Vec<(u32, u32)>,
    /// Whether it was answered before.
    pub cached: bool,
}

/// The model that answers.
#[derive(Debug)]
enum Model {
    /// Nothing is configured.
    None,
    /// Why it cannot be used.
    Unusable(String),
    /// It can be asked.
    Ready(Arc<dyn Llm>),
}

/// Answers questions.
#[derive(Debug)]
pub struct Answerer {
    catalog: Catalog,
    retriever: Arc<Retriever>,
    model: Model,
    llm: config::Llm,
    settings: config::Answer,
    pipelines: Pipelines,
    cache: Cache,
    counters: Counters,
    looks: Looks,
    stop: CancellationToken,
}

impl Answerer {
    /// An answerer as the configuration has it; asks nobody yet.
    pub fn new(
        catalog: Catalog,
        retriever: Arc<Retriever>,
        config: &Config,
        stop: CancellationToken,
    ) -> Self {
        let model = match llm::connect(&config.llm) {
            Ok(None) => Model::None,
            Ok(Some(llm)) => Model::Ready(llm),
            Err(error) => {
                warn!(%error, "the model that answers cannot be used");
                Model::Unusable(error.to_string())
            }
        };
        Self {
            catalog,
            retriever,
            model,
            llm: config.llm.clone(),
            settings: config.answer.clone(),
            pipelines: Pipelines::new(config),
            cache: Cache::default(),
            counters: Counters::default(),
            looks: Looks::default(),
            stop,
        }
    }

    /// Answers a question, telling what happens on the way; the last event is the answer.
    ///
    /// `Usage` when the question cannot be asked, `NotFound` when the session is not the asker's.
    pub async fn ask(&self, question: Question, out: &mpsc::Sender<Event>) -> Result<Asked> {
        asking::ask(self, question, out).await
    }

    /// Keeps what somebody says of one of their answers.
    pub async fn rate(
        &self,
        caller: &Caller,
        turn: &str,
        (feedback, comment): (Feedback, &str),
    ) -> Result<()> {
        let comment: String = comment.chars().take(MAX_COMMENT).collect();
        self.catalog.keep_feedback((&caller.principal, turn), feedback, &comment).await
    }

    /// The sessions of a caller in which all of the words occur, the latest first.
    pub async fn sessions(&self, caller: &Caller, query: &str, limit: u32) -> Result<Vec<Session>> {
        let words: Vec<String> = query.split_whitespace().take(8).map(str::to_owned).collect();
        let limit = if limit == 0 { 50 } else { limit.min(MAX_SESSIONS) };
        let is_visible = |space: &str| caller.grants.sees(space);
        self.catalog.sessions(&caller.principal, (&words, &is_visible), limit).await
    }

    /// A session of a caller with those of its turns that may be seen, the first one first.
    pub async fn session(&self, caller: &Caller, id: &str) -> Result<(Session, Vec<Turn>)> {
        let session = self.catalog.session(&caller.principal, id).await?;
        let session = session.ok_or_else(|| unknown_session(id))?;
        let mut turns = self.visible_turns(caller, id, MAX_TURNS).await?;
        // The latest ones that fit into one message.
        let mut room = MAX_TURNS_BYTES;
        let is_fitting = |turn: &&Turn| {
            let taken = turn.question.len() + turn.query.len() + turn.answer.len();
            room.checked_sub(taken).map(|left| room = left).is_some()
        };
        let fitting = turns.iter().rev().take_while(is_fitting).count();
        turns.drain(..turns.len() - fitting);
        Ok((session, turns))
    }

    /// An answer that was given to `private`, if `public` may see all that went into it.
    pub async fn share(&self, private: &Caller, public: &Caller, turn: &str) -> Result<Turn> {
        let found = self.catalog.turn(&private.principal, turn).await?;
        let found = found.filter(|turn| is_visible(private, turn));
        let found = found.ok_or_else(|| unknown_turn(turn))?;
        match is_visible(public, &found) {
            true => Ok(found),
            false => Err(Error::denied("not all of this answer may be seen there")
                .hint("ask the question there: what may be seen there will answer it")),
        }
    }

    /// Of the last `limit` turns of a session, those that the caller may see.
    async fn visible_turns(&self, caller: &Caller, id: &str, limit: u32) -> Result<Vec<Turn>> {
        let mut turns = self.catalog.turns(id, limit).await?;
        turns.retain(|turn| is_visible(caller, turn));
        Ok(turns)
    }

    /// Forgets a session of a caller, or all of them; returns how many there were.
    pub async fn forget(&self, caller: &Caller, session: Option<&str>) -> Result<u64> {
        let forgotten = self.catalog.forget_sessions(&caller.principal, session).await?;
        match session {
            Some(session) if forgotten == 0 => Err(unknown_session(session)),
            _ => Ok(forgotten),
        }
    }

    /// Forgets what is older than the configured time; returns how many sessions that were.
    pub async fn forget_old(&self) -> Result<u64> {
        let before = days_ago_ms(self.settings.history_days);
        self.catalog.forget_sessions_before(before).await
    }

    /// How many sessions [`forget_old`](Self::forget_old) would forget.
    pub async fn count_old(&self) -> Result<u64> {
        self.catalog.count_sessions_before(days_ago_ms(self.settings.history_days)).await
    }

    /// How questions ended, since the start.
    pub fn counts(&self) -> Counts {
        self.counters.read(self.cache.counts())
    }

    /// The model that answers, for people; empty when none is configured.
    pub fn model_name(&self) -> String {
        match &self.model {
            Model::Ready(llm) => llm.name(),
            Model::None | Model::Unusable(_) => String::new(),
        }
    }

    /// Why the model cannot be asked, as far as its server says within `patience`; `None` when no
    /// model is configured. What it said is good for a while.
    pub async fn fault(&self, patience: Duration) -> Option<Option<String>> {
        let llm = match &self.model {
            Model::None => return None,
            Model::Unusable(reason) => return Some(Some(reason.clone())),
            Model::Ready(llm) => llm,
        };
        Some(self.looks.latest(llm.as_ref(), patience).await)
    }

    /// Whether the model could not be asked when it was last looked.
    pub fn is_faulty(&self) -> bool {
        matches!(self.model, Model::Unusable(_)) || self.looks.has_failed()
    }

    /// The pipeline of the spaces that are asked; when none is named, of all that the asker sees.
    async fn pipeline(&self, question: &Question) -> Result<&Pipeline> {
        let spaces = &question.spaces;
        if !spaces.is_empty() || self.pipelines.are_all_default() {
            return Ok(self.pipelines.of(spaces));
        }
        let sources = self.catalog.sources().await?.into_iter();
        let mut all: Vec<String> = sources.map(|source| source.registered.space).collect();
        all.retain(|space| question.caller.grants.sees(space));
        Ok(self.pipelines.of(&all))
    }

    fn usable(&self) -> std::result::Result<&Arc<dyn Llm>, String> {
        match &self.model {
            Model::Ready(llm) => Ok(llm),
            Model::None => Err("no model is configured that could answer (`llm.provider`), so \
                                these are the passages that were found"
                .into()),
            Model::Unusable(reason) => Err(reason.clone()),
        }
    }
}

/// Whether everything that went into a turn may still be seen.
fn is_visible(caller: &Caller, turn: &Turn) -> bool {
    turn.spaces.iter().all(|space| caller.grants.sees(space))
}

fn gone() -> Error {
    Error::unavailable("nobody waits for the answer any more")
}
