//! The Discord bot: commands, mentions, direct messages, threads and buttons over the core.
//!
//! serenity speaks the gateway and knows the shapes of events; calls to REST are our own
//! ([`rest`]): serenity's limiter ignores the address of a test server, lets all interactions share
//! one window, and keeps an entry for each interaction for ever.

mod addressed;
mod asking;
mod beginning;
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

use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::core::{Core, Daemon, Limits, Repeats, Secret, now_ms};
use beginning::begin;
use channels::Channels;
use kept::Kept;
use rest::Rest;

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
    /// How long Discord and people wait for what the bot does.
    pub times: Times,
}

/// Times within which something has to be done, or is given up; tests lengthen them.
#[derive(Debug, Clone)]
pub struct Times {
    /// The first answer to an interaction: Discord waits 3 seconds, later ones are in vain.
    pub acknowledge: Duration,
    /// Choices for the space: they must come before the person has typed on.
    pub choices: Duration,
    /// How long the daemon may take to say whether a thread is worth while.
    pub welcome: Duration,
    /// Beginning a thread: somebody waits for the answer that is to stand in it.
    pub begin: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            acknowledge: Duration::from_millis(2_900),
            choices: Duration::from_secs(2),
            welcome: Duration::from_secs(1),
            begin: Duration::from_secs(5),
        }
    }
}

impl Settings {
    /// Settings with the usual limits and global commands.
    pub fn new(token: Secret) -> Self {
        let (limits, times) = (Limits::default(), Times::default());
        Self { token, guilds: Vec::new(), api_url: None, limits, times }
    }
}

/// What all tasks of the bot share.
#[derive(Debug)]
struct Bot {
    core: Core,
    rest: Rest,
    times: Times,
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
        begun = begin(&rest, &settings.guilds) => begun?,
    };
    let bot = Arc::new(Bot {
        core,
        rest,
        times: settings.times.clone(),
        me: begun.me,
        application: begun.application,
        seen: Repeats::new(EVENTS, settings.limits.remembered),
        kept: Kept::default(),
        channels: Channels::default(),
        began_ms: now_ms(),
        replies: AtomicU64::new(0),
        reads_along: AtomicBool::new(true),
    });
    if !begun.pending.is_empty() {
        bot.core.spawn(beginning::register_later(Arc::clone(&bot), begun.pending));
    }
    let ended = gateway::run(&bot, &settings).await;
    // Also after an error: no task of the bot outlives it.
    stop.cancel();
    bot.core.close().await;
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_comes_before_discord_gives_up() {
        assert!(Times::default().acknowledge < Duration::from_secs(3));
    }
}
