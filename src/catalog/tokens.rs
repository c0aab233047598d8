//! Tokens: who may call over the network, or for the users of a chat.

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

use super::Catalog;
use crate::config::SpaceRole;
use crate::error::{Error, Result};

/// Tokens at the most.
const MAX_TOKENS: i64 = 1_000;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Unique among the tokens.
    pub name: String,
    /// The spaces that it opens; `*` is all of them.
    pub spaces: Vec<String>,
    /// What it allows there.
    pub role: SpaceRole,
    /// The platforms for whose users its holder may call.
    pub acts_for: Vec<String>,
    /// When it was made, in milliseconds since the epoch.
    pub created_ms: i64,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: Option<i64>,
    /// When it was last used, to the minute, in milliseconds since the epoch.
    pub used_ms: Option<i64>,
}

/// What is kept of a token's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash {
    /// The part of the secret by which the token is found.
    pub key: String,
    /// The hash of the whole secret, in hexadecimal digits.
    pub hash: String,
}

impl Token {
    /// Whether it has ended by `now_ms`.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms)
    }
}

impl Catalog {
    /// Keeps a new token; `Usage` when there is one of its name, or there are too many.
    pub async fn keep_token(&self, token: &Token, secret: &TokenHash) -> Result<()> {
        let kept = sqlx::query(
            "INSERT INTO tokens \
             (name, key, hash, spaces, role, acts_for, created_ms, expires_ms, used_ms) \
             SELECT $1, $2, $3, $4, CAST($5 AS SMALLINT), $6, CAST($7 AS BIGINT), \
             CAST($8 AS BIGINT), 0 WHERE (SELECT COUNT(*) FROM tokens) < $9 \
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(&token.name)
        .bind(&secret.key)
        .bind(&secret.hash)
        .bind(list(&token.spaces))
        .bind(number(token.role))
        .bind(list(&token.acts_for))
        .bind(token.created_ms)
        .bind(token.expires_ms.unwrap_or_default())
        .bind(MAX_TOKENS)
        .execute(self.notes()?)
        .await
        .map_err(self.failed("keep a token"))?;
        match kept.rows_affected() {
            0 => Err(Error::usage(format!(
                "the token `{}` cannot be made: there is one of this name, or there are \
                 {MAX_TOKENS}",
                token.name
            ))
            .hint("`ragterm token list` shows them, `ragterm token revoke NAME` ends one")),
            _ => Ok(()),
        }
    }

    /// The token that this part of a secret finds, with the hash of the whole.
    pub async fn token(&self, key: &str) -> Result<Option<(Token, String)>> {
        let row = sqlx::query("SELECT * FROM tokens WHERE key = $1")
            .bind(key)
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed("look up a token"))?;
        let read = |row: AnyRow| Ok((Token::from_row(&row)?, row.try_get("hash")?));
        row.map(read).transpose().map_err(self.failed("look up a token"))
    }

    /// All tokens, by name.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        sqlx::query_as("SELECT * FROM tokens ORDER BY name")
            .fetch_all(&self.inner.readers)
            .await
            .map_err(self.failed("list the tokens"))
    }

    /// Notes when a token was used.
    pub async fn token_was_used(&self, name: &str, at_ms: i64) -> Result<()> {
        sqlx::query("UPDATE tokens SET used_ms = $2 WHERE name = $1")
            .bind(name)
            .bind(at_ms)
            .execute(self.notes()?)
            .await
            .map_err(self.failed("note the use of a token"))?;
        Ok(())
    }

    /// Ends a token at once; `NotFound` when there is none of this name.
    pub async fn revoke_token(&self, name: &str) -> Result<()> {
        let revoked = sqlx::query("DELETE FROM tokens WHERE name = $1")
            .bind(name)
            .execute(self.notes()?)
            .await
            .map_err(self.failed("revoke a token"))?;
        match revoked.rows_affected() {
            0 => Err(Error::not_found(format!("there is no token `{name}`"))
                .hint("`ragterm token list` shows them")),
            _ => Ok(()),
        }
    }
}

const ROLES: [SpaceRole; 3] = [SpaceRole::Read, SpaceRole::Write, SpaceRole::Admin];

fn number(role: SpaceRole) -> i16 {
    ROLES.iter().zip(0..).find(|(one, _)| **one == role).map_or(0, |(_, number)| number)
}

fn list(names: &[String]) -> String {
    serde_json::to_string(names).unwrap_or_default()
}

fn names(list: &str) -> Vec<String> {
    // What cannot be read grants nothing.
    serde_json::from_str(list).unwrap_or_default()
}

impl FromRow<'_, AnyRow> for Token {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let time = |column| -> sqlx::Result<Option<i64>> {
            let time: i64 = row.try_get(column)?;
            Ok((time > 0).then_some(time))
        };
        let role = row.try_get::<i64, _>("role")? as usize;
        Ok(Self {
            name: row.try_get("name")?,
            spaces: names(&row.try_get::<String, _>("spaces")?),
            role: ROLES.get(role).copied().unwrap_or(SpaceRole::Read),
            acts_for: names(&row.try_get::<String, _>("acts_for")?),
            created_ms: row.try_get("created_ms")?,
            expires_ms: time("expires_ms")?,
            used_ms: time("used_ms")?,
        })
    }
}
