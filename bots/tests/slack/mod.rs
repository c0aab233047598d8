//! The Slack bot through the fake Slack, against a scripted daemon.

mod answers;
mod buttons;
mod connection;
mod limits;
mod load;
mod talk;

use std::time::Duration;

use ragterm_bots::core::{Limits, Secret};
use ragterm_bots::slack::{Connection, Settings, run};
use ragterm_bots::{Error, Kind};
use ragterm_chats::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Message};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::daemon::{DEADLINE, NEVER, ScriptedDaemon};

/// A bot that runs between a fake Slack and a scripted daemon.
pub struct Instance {
    pub slack: FakeSlack,
    pub daemon: ScriptedDaemon,
    settings: Settings,
    runtime: Runtime,
    stop: CancellationToken,
    bot: Option<JoinHandle<Result<(), Error>>>,
}

impl Instance {
    /// Is back when the bot is connected.
    pub fn start() -> Self {
        Self::with(ScriptedDaemon::start(), |_| {})
    }

    pub fn with(daemon: ScriptedDaemon, change: impl FnOnce(&mut Settings)) -> Self {
        let instance = Self::unconnected(FakeSlack::start(), daemon, change);
        instance.slack.until_connected(1);
        instance
    }

    pub fn unconnected(
        slack: FakeSlack,
        daemon: ScriptedDaemon,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let mut settings = Settings::new(Secret::new(APP_TOKEN), Secret::new(BOT_TOKEN));
        settings.api_url = Some(slack.api_url());
        settings.limits = limits();
        settings.connection = connection();
        change(&mut settings);
        let stop = CancellationToken::new();
        let mut instance =
            Self { slack, daemon, settings, runtime: runtime.unwrap(), stop, bot: None };
        instance.run();
        instance
    }

    fn run(&mut self) {
        self.stop = CancellationToken::new();
        let _entered = self.runtime.enter();
        let bot = run(self.settings.clone(), self.daemon.for_bot(), self.stop.clone());
        self.bot = Some(self.runtime.spawn(bot));
    }

    /// Stops the bot and starts another one; is back when that is connected.
    pub fn restart(&mut self) {
        self.stopped().unwrap();
        let connections = self.slack.journal().connections;
        self.run();
        self.slack.until_connected(connections + 1);
    }

    /// Stops the bot and tells how it ended.
    pub fn stopped(&mut self) -> Result<(), Error> {
        self.stop.cancel();
        self.ended()
    }

    /// How the bot ends of itself.
    pub fn ended(&mut self) -> Result<(), Error> {
        let bot = self.bot.take().unwrap();
        let ended = self.runtime.block_on(async { tokio::time::timeout(DEADLINE, bot).await });
        ended.expect("the bot ends in time").unwrap()
    }

    /// The kind of the error with which the bot ends of itself.
    pub fn failure(&mut self) -> (Kind, String) {
        let error = self.ended().unwrap_err();
        (error.kind(), format!("{error}; {}", error.next_step().unwrap_or_default()))
    }

    /// Waits for a message of the bot in which all of `texts` can be read.
    pub fn sees(&self, texts: &[&str]) -> Message {
        self.slack.until(&format!("a message with {texts:?}"), |journal| {
            let mut messages = journal.messages.iter().rev();
            messages.find(|it| texts.iter().all(|text| it.shown().contains(text))).cloned()
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Limits with pauses that a test does not wait for, and patience for a busy machine.
pub fn limits() -> Limits {
    Limits {
        patience: NEVER,
        slow: NEVER,
        pause_first: Duration::from_millis(5),
        pause_most: Duration::from_millis(20),
        edits: Duration::from_millis(10),
        ..Limits::default()
    }
}

pub fn connection() -> Connection {
    Connection {
        pause_first: Duration::from_millis(5),
        pause_most: Duration::from_millis(40),
        settled: DEADLINE,
        ..Connection::default()
    }
}
