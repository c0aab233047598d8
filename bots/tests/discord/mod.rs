//! The Discord bot through a fake Discord, against a scripted daemon.

mod asking;
mod buttons;
mod connection;
mod faults;
mod hostile;
mod leaks;
mod load;
mod threads;

use std::time::Duration;

use ragterm_bots::Error;
use ragterm_bots::core::{Limits, Secret};
use ragterm_bots::discord::{Settings, Times, run};
use ragterm_chats::discord::{FakeDiscord, Message, Person, Rules, TOKEN};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::daemon::{DEADLINE, NEVER, ScriptedDaemon};

const GUILD: u64 = 900;

/// A Discord, a daemon, and the bot between them.
struct Instance {
    discord: FakeDiscord,
    daemon: ScriptedDaemon,
    runtime: Runtime,
    stop: CancellationToken,
    bot: Option<JoinHandle<Result<(), Error>>>,
}

/// Short pauses, so that no test waits for them, and patience for a busy machine.
fn limits() -> Limits {
    Limits {
        patience: NEVER,
        slow: NEVER,
        pause_first: Duration::from_millis(5),
        pause_most: Duration::from_millis(50),
        edits: Duration::from_millis(20),
        ..Limits::default()
    }
}

/// Discord's rules, except that it waits for the first answer as long as it takes.
fn patient() -> Rules {
    Rules { acknowledge_within: NEVER, ..Rules::default() }
}

/// Discord without limits on writes, for tests that are about something else.
fn generous() -> Rules {
    Rules { writes: 10_000, ..patient() }
}

fn times() -> Times {
    Times { acknowledge: NEVER, choices: NEVER, welcome: NEVER, begin: NEVER }
}

fn ann() -> Person {
    Person::new(501, "ann").with_roles(&[61, 62])
}

fn ben() -> Person {
    Person::new(502, "ben")
}

impl Instance {
    /// Connected and ready.
    fn new() -> Self {
        Self::with(generous(), limits())
    }

    fn with(rules: Rules, limits: Limits) -> Self {
        let mut instance = Self::unstarted(rules);
        instance.start(limits, &[GUILD]);
        instance.discord.until_ready();
        instance
    }

    fn unstarted(rules: Rules) -> Self {
        // The first test of this process installs it for all.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self {
            discord: FakeDiscord::with(rules),
            daemon: ScriptedDaemon::start(),
            runtime: runtime.unwrap(),
            stop: CancellationToken::new(),
            bot: None,
        }
    }

    fn start(&mut self, limits: Limits, guilds: &[u64]) {
        self.start_as(Settings {
            guilds: guilds.to_vec(),
            api_url: Some(self.discord.url()),
            limits,
            times: times(),
            ..Settings::new(Secret::new(TOKEN))
        });
    }

    fn start_as(&mut self, settings: Settings) {
        let _entered = self.runtime.enter();
        let bot = run(settings, self.daemon.for_bot(), self.stop.clone());
        self.bot = Some(self.runtime.spawn(bot));
    }

    /// What became of the bot, which is to end by itself or was stopped.
    fn ended(&mut self) -> Result<(), Error> {
        let bot = self.bot.take().unwrap();
        let waited = self.runtime.block_on(async { tokio::time::timeout(DEADLINE, bot).await });
        waited.expect("the bot ends in time").unwrap()
    }

    /// Waits until there are answers to an interaction, and they are as wanted.
    #[track_caller]
    fn shown(
        &self,
        interaction: u64,
        what: &str,
        is: impl Fn(&[&Message]) -> bool,
    ) -> Vec<Message> {
        self.discord.until(what, |world| {
            let answers = world.answers(interaction);
            (!answers.is_empty() && is(&answers)).then(|| answers.into_iter().cloned().collect())
        })
    }

    /// Waits until what the bot wrote in a channel is as wanted.
    #[track_caller]
    fn said(&self, channel: u64, what: &str, is: impl Fn(&[&Message]) -> bool) -> Vec<Message> {
        self.discord.until(what, |world| {
            let messages = world.by_bot(channel);
            is(&messages).then(|| messages.into_iter().cloned().collect())
        })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Whether the last message is a whole answer.
fn is_done(messages: &[&Message]) -> bool {
    messages.last().is_some_and(|message| message.button("Helpful").is_some())
}

fn content(messages: &[Message]) -> String {
    messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n")
}
