//! Questions with their answers, and what was said of them.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use unicode_normalization::UnicodeNormalization;

use super::Catalog;
use super::sessions::unknown_session;
use crate::error::{Error, Result};

/// Questions of one session that are kept; the oldest go first.
const MAX_TURNS: i64 = 200;

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnOutcome {
    /// With an answer.
    Answered,
    /// Nothing relevant was found, and no model was asked.
    Refused,
    /// With the beginning of an answer.
    Partial,
    /// With passages alone.
    Passages,
}

/// What was said of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Feedback {
    /// Nothing.
    #[default]
    None,
    /// It helped.
    Helpful,
    /// It did not.
    Unhelpful,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Its name, unique and sorted by age.
    pub id: String,
    /// As it was asked.
    pub question: String,
    /// As it was searched for.
    pub query: String,
    /// All of it.
    pub answer: String,
    /// What it cites.
    pub sources: Vec<TurnSource>,
    /// How it ended.
    pub outcome: TurnOutcome,
    /// The model that answered; empty when none did.
    pub model: String,
    /// When it was asked, in milliseconds since the epoch.
    pub asked_ms: i64,
    /// What was said of it…
    pub feedback: Feedback,
    /// …in words.
    pub comment: String,
    /// The spaces whose documents went into it, those of the turns that it refers to among them.
    pub spaces: Vec<String>,
}

/// Where a cited passage stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnSource {
    /// Its number in the answer.
    pub n: u32,
    /// The document's id.
    pub document: String,
    /// The passage's index in the document.
    pub ordinal: u32,
}

/// The error of an answer that is not the caller's, or not there.
pub fn unknown_turn(turn: &str) -> Error {
    Error::not_found(format!("there is no answer `{turn}` of yours"))
        .hint("`ragterm sessions` lists what you asked; it may have been deleted since")
}

/// The session that a turn belongs to.
#[derive(Debug, Clone, Copy)]
pub enum InSession<'s> {
    /// One that begins with the turn.
    New {
        /// Its name.
        id: &'s str,
        /// The thread of a chat that it is held in, by the chat's own name; empty: none.
        thread: &'s str,
    },
    /// One that has begun.
    Known(&'s str),
}

impl Catalog {
    /// Keeps a turn at the end of a session of `principal`.
    ///
    /// `NotFound` when the session is somebody else's, or was deleted meanwhile.
    pub async fn keep_turn(
        &self,
        principal: &str,
        session: InSession<'_>,
        turn: &Turn,
    ) -> Result<()> {
        let task = "keep an answer";
        let mut transaction = self.notes()?.begin().await.map_err(self.failed(task))?;
        let statement = match session {
            InSession::New { .. } => {
                "INSERT INTO sessions (id, principal, title, began_ms, asked_ms, thread) \
                 VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT DO NOTHING"
            }
            // One that was deleted meanwhile does not come back.
            InSession::Known(_) => {
                "UPDATE sessions SET asked_ms = $4 WHERE id = $1 AND principal = $2 \
                 AND $3 = $3 AND $5 = $5"
            }
        };
        let (session, thread) = match session {
            InSession::New { id, thread } => (id, thread),
            InSession::Known(id) => (id, ""),
        };
        let kept = sqlx::query(statement)
            .bind(session)
            .bind(principal)
            .bind(&turn.question)
            .bind(turn.asked_ms)
            .bind(thread)
            .execute(&mut *transaction)
            .await
            .map_err(self.failed(task))?;
        // Another first question of the thread may have been quicker: the session is its.
        let begun = match kept.rows_affected() {
            0 if !thread.is_empty() => self.session_of_thread(principal, thread).await?,
            0 => None,
            _ => Some(session.to_owned()),
        };
        let session = begun.ok_or_else(|| unknown_session(session))?;
        sqlx::query(
            "INSERT INTO turns (id, session, question, query, answer, sources, outcome, model, \
             asked_ms, feedback, comment, spaces, folded) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', $10, $11)",
        )
        .bind(&turn.id)
        .bind(&session)
        .bind(&turn.question)
        .bind(&turn.query)
        .bind(&turn.answer)
        .bind(serde_json::to_string(&turn.sources).unwrap_or_default())
        .bind(turn.outcome.number())
        .bind(&turn.model)
        .bind(turn.asked_ms)
        .bind(serde_json::to_string(&turn.spaces).unwrap_or_default())
        .bind(folded(&format!("{} {}", turn.question, turn.answer)))
        .execute(&mut *transaction)
        .await
        .map_err(self.failed(task))?;
        sqlx::query(
            "DELETE FROM turns WHERE session = $1 AND id NOT IN \
             (SELECT id FROM turns WHERE session = $1 ORDER BY id DESC LIMIT $2)",
        )
        .bind(&session)
        .bind(MAX_TURNS)
        .execute(&mut *transaction)
        .await
        .map_err(self.failed(task))?;
        transaction.commit().await.map_err(self.failed(task))
    }

    /// One turn of `principal`; `None` when there is none of this name.
    pub async fn turn(&self, principal: &str, turn: &str) -> Result<Option<Turn>> {
        sqlx::query_as(
            "SELECT t.id, t.question, t.query, t.answer, t.sources, t.outcome, t.model, \
             t.asked_ms, t.feedback, t.comment, t.spaces FROM turns t \
             JOIN sessions s ON t.session = s.id WHERE t.id = $2 AND s.principal = $1",
        )
        .bind(principal)
        .bind(turn)
        .fetch_optional(&self.inner.readers)
        .await
        .map_err(self.failed("read an answer"))
    }

    /// The last `limit` turns of a session, the first of them first.
    pub async fn turns(&self, session: &str, limit: u32) -> Result<Vec<Turn>> {
        let mut turns: Vec<Turn> = sqlx::query_as(
            "SELECT id, question, query, answer, sources, outcome, model, asked_ms, feedback, \
             comment, spaces FROM turns WHERE session = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(session)
        .bind(i64::from(limit))
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed("read a session"))?;
        turns.reverse();
        Ok(turns)
    }

    /// Keeps what `principal` says of one of its answers.
    pub async fn keep_feedback(
        &self,
        (principal, turn): (&str, &str),
        feedback: Feedback,
        comment: &str,
    ) -> Result<()> {
        let kept = sqlx::query(
            "UPDATE turns SET feedback = $3, comment = $4 WHERE id = $2 AND session IN \
             (SELECT id FROM sessions WHERE principal = $1)",
        )
        .bind(principal)
        .bind(turn)
        .bind(feedback.number())
        .bind(comment)
        .execute(self.notes()?)
        .await
        .map_err(self.failed("keep feedback"))?;
        match kept.rows_affected() {
            0 => Err(unknown_turn(turn)),
            _ => Ok(()),
        }
    }
}

pub(super) fn spaces_of(list: &str) -> Vec<String> {
    serde_json::from_str(list).unwrap_or_default()
}

/// Text as it is searched: SQLite itself knows the cases of ASCII only.
pub(super) fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

impl TurnOutcome {
    const ALL: [Self; 4] = [Self::Answered, Self::Refused, Self::Partial, Self::Passages];

    fn number(self) -> i16 {
        Self::ALL.iter().zip(0..).find(|(one, _)| **one == self).map_or(0, |(_, number)| number)
    }
}

impl Feedback {
    const ALL: [Self; 3] = [Self::None, Self::Helpful, Self::Unhelpful];

    fn number(self) -> i16 {
        Self::ALL.iter().zip(0..).find(|(one, _)| **one == self).map_or(0, |(_, number)| number)
    }
}

impl FromRow<'_, AnyRow> for Turn {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let sources: String = row.try_get("sources")?;
        let outcome = row.try_get::<i64, _>("outcome")? as usize;
        let feedback = row.try_get::<i64, _>("feedback")? as usize;
        Ok(Self {
            id: row.try_get("id")?,
            question: row.try_get("question")?,
            query: row.try_get("query")?,
            answer: row.try_get("answer")?,
            sources: serde_json::from_str(&sources).unwrap_or_default(),
            outcome: TurnOutcome::ALL.get(outcome).copied().unwrap_or(TurnOutcome::Answered),
            model: row.try_get("model")?,
            asked_ms: row.try_get("asked_ms")?,
            feedback: Feedback::ALL.get(feedback).copied().unwrap_or_default(),
            comment: row.try_get("comment")?,
            spaces: spaces_of(&row.try_get::<String, _>("spaces")?),
        })
    }
}
