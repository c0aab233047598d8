//! Tokens, made, listed and revoked by those who may do everything.

use std::time::Duration;

use super::Gate;
use crate::access::{Caller, Secret};
use crate::catalog::{Token, now_ms};
use crate::config::{DEFAULT_SPACE, EVERY_SPACE, Platform, Space, SpaceRole, check_name};
use crate::error::{Error, Result};

/// Spaces that one token can name.
const MAX_SPACES: usize = 256;

/// The longest time that a token can be given.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

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
        let (gate, caller) = (self.clone(), caller.clone());
        self.to_the_end(async move {
            let engine = gate.whole(&caller, "create_token").await?;
            let token = checked(new, &engine.config.spaces)?;
            let secret = Secret::new()?;
            engine.catalog.keep_token(&token, &secret.hash()).await?;
            gate.note(&caller, ("token_created", &token.name, &token.spaces), &Ok(())).await;
            Ok((token, secret.reveal()))
        })
        .await
    }

    /// All tokens, by name.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<Token>> {
        self.whole(caller, "list_tokens").await?.catalog.tokens().await
    }

    /// Ends a token at once, and forgets what was asked with it: another of its name is another one.
    pub async fn revoke_token(&self, caller: &Caller, name: &str) -> Result<()> {
        let (gate, caller, name) = (self.clone(), caller.clone(), name.to_owned());
        self.to_the_end(async move {
            let catalog = &gate.whole(&caller, "revoke_token").await?.catalog;
            catalog.revoke_token(&name).await?;
            catalog.forget_sessions(&format!("token:{name}"), None).await?;
            gate.note(&caller, ("token_revoked", &name, &[]), &Ok(())).await;
            Ok(())
        })
        .await
    }
}

fn checked(new: NewToken, declared: &[Space]) -> Result<Token> {
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
    let is_known = |space: &String| {
        let usual = [EVERY_SPACE, DEFAULT_SPACE];
        declared.is_empty()
            || usual.contains(&space.as_str())
            || declared.iter().any(|declared| declared.name == *space)
    };
    if let Some(unknown) = spaces.iter().find(|space| !is_known(space)) {
        return Err(Error::usage(format!("`{unknown}` is not among the declared `[[spaces]]`"))
            .hint("declare it in config.toml, or check how it is spelt"));
    }
    if new.expires.is_some_and(|time| time.is_zero() || time > LONGEST) {
        return Err(Error::usage("a token is valid for 1 second to 100 years")
            .hint("leave `--expires` out for one that does not end"));
    }
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
