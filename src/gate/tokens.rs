//! Tokens, made, listed and revoked by those who may do everything.

use std::time::Duration;

use super::Gate;
use crate::access::{Caller, Secret};
use crate::catalog::{Token, now_ms};
use crate::config::{EVERY_SPACE, Platform, SpaceRole, check_name};
use crate::error::{Error, Result};

/// Spaces that one token can name.
const MAX_SPACES: usize = 256;

/// A token that is to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its name.
    pub name: String,
    /// The spaces that it opens; `*` is all of them.
    pub spaces: Vec<String>,
    /// What it allows there.
    pub role: SpaceRole,
    /// The platforms for whose users its holder may call.
    pub acts_for: Vec<String>,
    /// How long it is valid; `None` is for ever.
    pub expires: Option<Duration>,
}

impl Gate {
    /// Makes a token; its secret is told this once.
    pub async fn create_token(&self, caller: &Caller, new: NewToken) -> Result<(Token, String)> {
        let engine = self.whole(caller)?;
        let token = checked(new)?;
        let secret = Secret::new()?;
        let kept = engine.catalog.keep_token(&token, &secret.hash()).await;
        self.note(caller, ("create_token", &token.name, &token.spaces), &kept).await;
        kept.map(|()| (token, secret.reveal()))
    }

    /// All tokens, by name.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<Token>> {
        self.whole(caller)?.catalog.tokens().await
    }

    /// Ends a token at once.
    pub async fn revoke_token(&self, caller: &Caller, name: &str) -> Result<()> {
        let revoked = self.whole(caller)?.catalog.revoke_token(name).await;
        self.note(caller, ("revoke_token", name, &[]), &revoked).await;
        revoked
    }
}

fn checked(new: NewToken) -> Result<Token> {
    let name = check_name(&new.name)?;
    if new.spaces.is_empty() || new.spaces.len() > MAX_SPACES {
        return Err(Error::usage(format!("a token opens 1 to {MAX_SPACES} spaces"))
            .hint("name them with --space, or all of them with --space '*'"));
    }
    let space = |space: &String| match space.as_str() {
        EVERY_SPACE => Ok(space.clone()),
        space => check_name(space),
    };
    let spaces = new.spaces.iter().map(space).collect::<Result<Vec<_>>>()?;
    for platform in &new.acts_for {
        Platform::named(platform).ok_or_else(|| {
            Error::usage(format!("`{platform}` is no chat that a bot speaks for"))
                .hint("there are: slack, discord")
        })?;
    }
    let created_ms = now_ms();
    let expires = new.expires.map(|time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    Ok(Token {
        name,
        spaces,
        role: new.role,
        acts_for: new.acts_for,
        created_ms,
        expires_ms: expires.map(|time| created_ms.saturating_add(time)),
        used_ms: None,
    })
}
