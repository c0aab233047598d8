//! Before the bot connects: who it is, how it is invited, and its commands.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Bot;
use super::commands::registrations;
use super::rest::{Call, Fault, PAUSE, Rest};
use crate::{Error, Kind};

/// Between tries while Discord does not answer.
const PAUSE_MOST: Duration = Duration::from_secs(60);

/// Between tries to register commands in a guild that the bot may be invited to yet.
const INVITED_FIRST: Duration = Duration::from_secs(5);
const INVITED_MOST: Duration = Duration::from_secs(300);

/// See channels, send messages also in threads, begin threads, embed links, read the history.
const PERMISSIONS: u64 = (1 << 10) | (1 << 11) | (1 << 14) | (1 << 16) | (1 << 35) | (1 << 38);

/// What is known once Discord has answered.
pub(super) struct Begun {
    pub(super) me: u64,
    pub(super) application: u64,
    /// Registrations in guilds that the bot is not in.
    pub(super) pending: Vec<Registration>,
}

/// A path and the commands to put there.
pub(super) type Registration = (String, Value);

/// Learns who the bot is and registers its commands, however long Discord takes to answer.
pub(super) async fn begin(rest: &Rest, guilds: &[u64]) -> Result<Begun, Error> {
    let me = id(&insist(rest, Call::get("/users/@me")).await?)?;
    let application = id(&insist(rest, Call::get("/applications/@me")).await?)?;
    let invite = format!(
        "https://discord.com/oauth2/authorize?client_id={application}\
         &scope=bot+applications.commands&permissions={PERMISSIONS}"
    );
    tracing::info!(%invite, "discord knows the bot");
    let mut pending = Vec::new();
    for (path, commands) in registrations(application, guilds) {
        match insist(rest, Call::put(&path, &commands)).await {
            Err(error) if error.kind() == Kind::NotPermitted && path.contains("/guilds/") => {
                tracing::warn!(%path, "the bot is not in this guild yet: open the link to invite it");
                pending.push((path, commands));
            }
            registered => drop(registered?),
        }
    }
    Ok(Begun { me, application, pending })
}

/// Registers commands in guilds as soon as the bot is invited there.
pub(super) async fn register_later(bot: Arc<Bot>, mut pending: Vec<Registration>) {
    let mut pause = INVITED_FIRST;
    while !pending.is_empty() {
        tokio::select! {
            () = bot.core.stop().cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(INVITED_MOST),
        }
        let mut refused = Vec::new();
        for (path, commands) in pending {
            match bot.rest.patiently(&Call::put(&path, &commands)).await {
                Ok(_) => tracing::info!(%path, "commands are registered"),
                Err(fault) => {
                    tracing::debug!(%path, %fault, "commands are not registered yet");
                    refused.push((path, commands));
                }
            }
        }
        pending = refused;
    }
}

async fn insist(rest: &Rest, call: Call<'_>) -> Result<Value, Error> {
    let mut pause = PAUSE;
    loop {
        match rest.patiently(&call).await {
            Ok(reply) => return Ok(reply),
            Err(Fault::Refused { status: 401, .. }) => return Err(refused_token()),
            Err(Fault::Refused { status: 403 | 404, message, .. }) => {
                let text = format!("discord does not permit {}: {message}", call.path);
                return Err(Error::new(Kind::NotPermitted, text)
                    .hint("invite the bot with the scopes bot and applications.commands"));
            }
            Err(Fault::Refused { status, message, .. }) if status < 500 => {
                let text = format!("discord refused {} with status {status}: {message}", call.path);
                return Err(Error::new(Kind::Settings, text));
            }
            Err(fault) => {
                tracing::warn!(%fault, path = call.path, "discord does not answer, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MOST);
            }
        }
    }
}

pub(super) fn refused_token() -> Error {
    Error::new(Kind::NotPermitted, "discord does not accept the bot's token")
        .hint("make a new one in the developer portal: Bot, Reset Token")
}

fn id(reply: &Value) -> Result<u64, Error> {
    let id = reply["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::new(Kind::Unreachable, "discord did not say who the bot is"))
}
