//! Sessions: questions that belong together, owned by who asked.

use sqlx::any::AnyRow;
use sqlx::{AnyPool, FromRow, Row};
use uuid::Uuid;

use super::turns::{folded, spaces_of};
use super::{Access, Catalog, now_ms};
use crate::error::{Error, ErrorKind, Result};

/// Sessions in one list at the most.
pub const MAX_SESSIONS: u32 = 500;

/// Questions and answers that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name, unique and sorted by age.
    pub id: String,
    /// Its first question.
    pub title: String,
    /// How many questions were asked.
    pub turns: u64,
    /// When the first one was asked, in milliseconds since the epoch.
    pub began_ms: i64,
    /// When the latest one was asked, in milliseconds since the epoch.
    pub asked_ms: i64,
}

/// Whether a space may be seen.
pub type Visible<'v> = &'v (dyn Fn(&str) -> bool + Sync);

/// A name that was never used before; names sort by age.
pub fn new_name() -> String {
    Uuid::now_v7().simple().to_string()
}

impl Catalog {
    /// A session of `principal`; `None` when there is none of this name.
    pub async fn session(&self, principal: &str, id: &str) -> Result<Option<Session>> {
        sqlx::query_as(
            "SELECT s.id, s.title, s.began_ms, s.asked_ms, \
             (SELECT COUNT(*) FROM turns t WHERE t.session = s.id) AS turns \
             FROM sessions s WHERE s.id = $1 AND s.principal = $2",
        )
        .bind(id)
        .bind(principal)
        .fetch_optional(&self.inner.readers)
        .await
        .map_err(self.failed("read a session"))
    }

    /// The session that `principal` holds in a thread of a chat; `None` before the first turn.
    pub async fn session_of_thread(&self, principal: &str, thread: &str) -> Result<Option<String>> {
        let row = sqlx::query("SELECT id FROM sessions WHERE principal = $1 AND thread = $2")
            .bind(principal)
            .bind(thread)
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed("look up a session"))?;
        row.map(|row| row.try_get(0)).transpose().map_err(self.failed("look up a session"))
    }

    /// The sessions of `principal` in which each of the words occurs in a visible turn, the latest
    /// first.
    pub async fn sessions(
        &self,
        principal: &str,
        (words, is_visible): (&[String], Visible<'_>),
        limit: u32,
    ) -> Result<Vec<Session>> {
        let shown = match words {
            [] => String::new(),
            _ => self.shown(principal, is_visible).await?,
        };
        let said: String = (0..words.len())
            .map(|number| {
                format!(
                    " AND EXISTS (SELECT 1 FROM turns t WHERE t.session = s.id{shown} \
                     AND CASE WHEN t.folded = '' THEN LOWER(t.question || ' ' || t.answer) \
                     ELSE t.folded END LIKE ${} ESCAPE '\\')",
                    number + 3
                )
            })
            .collect();
        let statement = format!(
            "SELECT s.id, s.title, s.began_ms, s.asked_ms, \
             (SELECT COUNT(*) FROM turns t WHERE t.session = s.id) AS turns \
             FROM sessions s WHERE s.principal = $1{said} \
             ORDER BY s.asked_ms DESC, s.id DESC LIMIT $2"
        );
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(principal)
            .bind(i64::from(limit.min(MAX_SESSIONS)));
        for word in words {
            query = query.bind(pattern(word));
        }
        query.fetch_all(&self.inner.readers).await.map_err(self.failed("list sessions"))
    }

    /// The condition that a turn `t` of `principal` is visible; empty when all of them are.
    ///
    /// Turns are of few different sets of spaces: those that are visible are named by an example.
    async fn shown(&self, principal: &str, is_visible: Visible<'_>) -> Result<String> {
        let task = "list sessions";
        let rows = sqlx::query(
            "SELECT t.spaces, MIN(t.id) FROM turns t JOIN sessions s ON t.session = s.id \
             WHERE s.principal = $1 GROUP BY t.spaces",
        )
        .bind(principal)
        .fetch_all(&self.inner.readers)
        .await
        .map_err(self.failed(task))?;
        let mut examples = Vec::new();
        let mut is_all = true;
        for row in &rows {
            let spaces: String = row.try_get(0).map_err(self.failed(task))?;
            let example: String = row.try_get(1).map_err(self.failed(task))?;
            match spaces_of(&spaces).iter().all(|space| is_visible(space)) {
                // Names of turns are our own: hexadecimal digits.
                true if example.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    examples.push(format!("'{example}'"));
                }
                _ => is_all = false,
            }
        }
        Ok(match (is_all, examples.is_empty()) {
            (true, _) => String::new(),
            (false, true) => " AND 1 = 0".to_owned(),
            (false, false) => format!(
                " AND t.spaces IN (SELECT v.spaces FROM turns v WHERE v.id IN ({}))",
                examples.join(", ")
            ),
        })
    }

    /// Forgets one session of `principal`, or all of them; returns how many there were.
    pub async fn forget_sessions(&self, principal: &str, session: Option<&str>) -> Result<u64> {
        self.forget_where("principal = $1 AND ($2 = '' OR id = $2)", (principal, session)).await
    }

    /// How many sessions there are of everybody in which nothing was asked since.
    pub async fn count_sessions_before(&self, asked_ms: i64) -> Result<u64> {
        let task = "count old sessions";
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions WHERE asked_ms < $1")
            .bind(asked_ms)
            .fetch_one(&self.inner.readers)
            .await
            .map_err(self.failed(task))?;
        Ok(count as u64)
    }

    /// Forgets the sessions of everybody in which nothing was asked since; returns how many.
    pub async fn forget_sessions_before(&self, asked_ms: i64) -> Result<u64> {
        self.forget_where(
            "asked_ms < CAST($1 AS BIGINT) AND $2 = ''",
            (&asked_ms.to_string(), None),
        )
        .await
    }

    async fn forget_where(
        &self,
        condition: &str,
        (first, second): (&str, Option<&str>),
    ) -> Result<u64> {
        let task = "forget sessions";
        let mut transaction = self.notes()?.begin().await.map_err(self.failed(task))?;
        let turns = format!(
            "DELETE FROM turns WHERE session IN (SELECT id FROM sessions WHERE {condition})"
        );
        let sessions = format!("DELETE FROM sessions WHERE {condition}");
        let mut deleted = 0;
        for statement in [turns, sessions] {
            deleted = sqlx::query(sqlx::AssertSqlSafe(statement))
                .bind(first)
                .bind(second.unwrap_or_default())
                .execute(&mut *transaction)
                .await
                .map_err(self.failed(task))?
                .rows_affected();
        }
        transaction.commit().await.map_err(self.failed(task))?;
        Ok(deleted)
    }

    /// What writes sessions: also a daemon that only answers, for nothing follows them.
    pub(super) fn notes(&self) -> Result<&AnyPool> {
        match self.inner.access {
            Access::Follow => Ok(&self.inner.readers),
            Access::Write => self.writer(),
        }
    }
}

/// The error of a session that is not the caller's, or not there.
pub fn unknown_session(session: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no session `{session}` of yours"))
        .hint("`ragterm sessions` lists them; without `--session` a new one begins")
}

/// A pattern for LIKE that finds a word literally, in any case.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in folded(word).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl FromRow<'_, AnyRow> for Session {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            turns: row.try_get::<i64, _>("turns")? as u64,
            began_ms: row.try_get("began_ms")?,
            asked_ms: row.try_get("asked_ms")?,
        })
    }
}

/// When a session must have been used last, to be kept for so many days.
pub fn days_ago_ms(days: u32) -> i64 {
    now_ms().saturating_sub(i64::from(days) * 24 * 60 * 60 * 1000)
}
