//! The Discord bot: commands, mentions, direct messages, threads and buttons over the core.
//!
//! serenity speaks the gateway and knows the shapes of events; calls to REST are our own
//! ([`rest`]): serenity's limiter ignores the address of a test server, lets all interactions share
//! one window, and keeps an entry for each interaction for ever.

mod addressed;
mod asking;
mod buttons;
mod channels;
mod commands;
mod gateway;
mod kept;
mod messages;
mod place;
mod pressing;
mod render;
mod rest;
mod searching;
mod showing;
mod text;
mod windows;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::core::{Core, Daemon, Limits, Repeats, Secret, now_ms};
use crate::{Error, Kind};
use channels::Channels;
use kept::Kept;
use rest::{Call, Fault, Rest};

/// Between tries to begin while Discord does not answer.
const PAUSE_MOST: Duration = Duration::from_secs(60);

/// See channels, send messages also in threads, begin threads, embed links, read the history.
const PERMISSIONS: u64 = (1 << 10) | (1 << 11) | (1 << 14) | (1 << 16) | (1 << 35) | (1 << 38);

/// How many events are remembered, to recognise those that come twice.
const EVENTS: usize = 10_000;

/// What the bot needs to know to run. `Debug` does not show the token.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token, from the developer portal.
    pub token: Secret,
    /// Guilds in which the commands are registered, which takes effect at once; empty: everywhere.
    pub guilds: Vec<u64>,
    /// What stands for `https://discord.com`; for tests.
    pub api_url: Option<String>,
    /// How much is taken on, and how long is waited.
    pub limits: Limits,
}

impl Settings {
    /// Settings with the usual limits and global commands.
    pub fn new(token: Secret) -> Self {
        Self { token, guilds: Vec::new(), api_url: None, limits: Limits::default() }
    }
}

/// What all tasks of the bot share.
#[derive(Debug)]
struct Bot {
    core: Core,
    rest: Rest,
    /// The bot's own user.
    me: u64,
    application: u64,
    seen: Repeats,
    kept: Kept,
    channels: Channels,
    /// When this run of the bot began, and how many answers it has begun: both name each answer.
    began_ms: i64,
    replies: AtomicU64,
    /// Whether messages that do not mention the bot come with their content.
    reads_along: AtomicBool,
}

/// Runs the bot until `stop` is cancelled. Breaks of the connection are mended; it ends with an
/// error when Discord refuses the token.
pub async fn run(settings: Settings, daemon: Daemon, stop: CancellationToken) -> Result<(), Error> {
    let rest = Rest::new(&settings)?;
    let core = Core::new(daemon, settings.limits.clone(), stop.clone());
    let begun = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        begun = begin(&rest, &settings) => begun?,
    };
    let bot = Arc::new(Bot {
        core,
        rest,
        me: begun.me,
        application: begun.application,
        seen: Repeats::new(EVENTS, settings.limits.remembered),
        kept: Kept::default(),
        channels: Channels::default(),
        began_ms: now_ms(),
        replies: AtomicU64::new(0),
        reads_along: AtomicBool::new(true),
    });
    let ended = gateway::run(&bot, &settings).await;
    // Also after an error: no task of the bot outlives it.
    stop.cancel();
    bot.core.close().await;
    ended
}

struct Begun {
    me: u64,
    application: u64,
}

/// Learns who the bot is and registers its commands, however long Discord takes to answer.
async fn begin(rest: &Rest, settings: &Settings) -> Result<Begun, Error> {
    let me = id(&insist(rest, Call::get("/users/@me")).await?)?;
    let application = id(&insist(rest, Call::get("/applications/@me")).await?)?;
    for (path, body) in commands::registrations(application, &settings.guilds) {
        match insist(rest, Call::put(&path, &body)).await {
            Err(error) if error.kind() == Kind::NotPermitted && path.contains("/guilds/") => {
                tracing::warn!(%path, "commands are not registered there: is the bot in this guild?");
            }
            registered => drop(registered?),
        }
    }
    let invite = format!(
        "https://discord.com/oauth2/authorize?client_id={application}\
         &scope=bot+applications.commands&permissions={PERMISSIONS}"
    );
    tracing::info!(%invite, guilds = settings.guilds.len(), "commands are registered");
    Ok(Begun { me, application })
}

async fn insist(rest: &Rest, call: Call<'_>) -> Result<Value, Error> {
    let mut pause = rest::PAUSE;
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

fn refused_token() -> Error {
    Error::new(Kind::NotPermitted, "discord does not accept the bot's token")
        .hint("make a new one in the developer portal: Bot, Reset Token")
}

fn id(reply: &Value) -> Result<u64, Error> {
    let id = reply["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Error::new(Kind::Unreachable, "discord did not say who the bot is"))
}
