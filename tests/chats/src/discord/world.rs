//! What a Discord knows: channels, messages, interactions, and what the bot called.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::gateway::Gateway;
use super::limits::Limits;
use super::people::Person;

/// Times and limits; Discord's own unless a test shortens them.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How often the bot is to show that it lives.
    pub heartbeat: Duration,
    /// How long an interaction waits for its first answer.
    pub acknowledge_within: Duration,
    /// How long the token of an interaction lives.
    pub token_life: Duration,
    /// Whether the privileged intent for the content of messages is switched on.
    pub has_message_content: bool,
    /// Writes to one channel, or with one token, in [`Rules::window`].
    pub writes: u32,
    /// The window in which writes are counted.
    pub window: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_millis(41_250),
            acknowledge_within: Duration::from_secs(3),
            token_life: Duration::from_secs(15 * 60),
            has_message_content: true,
            writes: 5,
            window: Duration::from_secs(5),
        }
    }
}

/// One call of the bot.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST` …
    pub method: String,
    /// The path without the version of the interface.
    pub path: String,
    /// What was sent; null when nothing was.
    pub body: Value,
    /// What it was answered.
    pub status: u16,
    /// When.
    pub at: Instant,
}

/// The kinds of channels that matter to a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// A text channel of a guild.
    Text,
    /// Between one person and the bot.
    Direct,
    /// Between people who have the bot's commands, without the bot.
    Group,
    /// A thread in a text channel.
    Thread,
}

/// A place where messages stand.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id; of a thread that began with a message, that of the message.
    pub id: u64,
    /// What it is.
    pub kind: ChannelKind,
    /// Its guild; none for direct messages and groups.
    pub guild: Option<u64>,
    /// Of a thread: the channel that it is in.
    pub parent: Option<u64>,
    /// Of a thread: who began it.
    pub owner: Option<u64>,
    /// Its name.
    pub name: String,
}

/// A message as it stands now, and what it was.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: u64,
    /// Where it stands.
    pub channel: u64,
    /// Who wrote it.
    pub author: Person,
    /// Its text now.
    pub content: String,
    /// Its embeds now.
    pub embeds: Vec<Value>,
    /// Its rows of buttons now.
    pub components: Vec<Value>,
    /// Only its addressee sees it.
    pub is_ephemeral: bool,
    /// A deferred answer that has no content yet.
    pub is_thinking: bool,
    /// The interaction that it answers.
    pub interaction: Option<u64>,
    /// The message that it replies to.
    pub reply_to: Option<u64>,
    /// What `allowed_mentions` said at each write, null where it was missing.
    pub allowed_mentions: Vec<Value>,
    /// The texts that it had, with when each was set; the last is the text now.
    pub versions: Vec<(Instant, String)>,
    /// It was removed.
    pub is_deleted: bool,
    /// By which the bot names it, so that it is not made twice.
    pub nonce: Option<String>,
}

impl Message {
    /// The buttons now, as label and custom id.
    pub fn buttons(&self) -> Vec<(String, String)> {
        let in_rows = self.components.iter().filter_map(|row| row["components"].as_array());
        in_rows
            .flatten()
            .map(|button| {
                let text = |key: &str| button[key].as_str().unwrap_or_default().to_string();
                (text("label"), text("custom_id"))
            })
            .collect()
    }

    /// The custom id of the button whose label contains `label`.
    pub fn button(&self, label: &str) -> Option<String> {
        self.buttons().into_iter().find(|(shown, _)| shown.contains(label)).map(|(_, id)| id)
    }
}

/// The first answer to an interaction.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    /// The type of the callback: 4 a message, 5 deferred, 6 and 7 of a button, 8 choices.
    pub kind: u64,
    /// How long the person waited for it.
    pub after: Duration,
    /// What came with it.
    pub data: Value,
}

/// A command, a key stroke in one, or a press of a button.
#[derive(Clone, Debug)]
pub struct Interaction {
    /// Its id.
    pub id: u64,
    /// What answers need.
    pub token: String,
    /// Where it was made.
    pub channel: u64,
    /// Who made it.
    pub person: Person,
    /// When it was sent to the bot.
    pub sent: Instant,
    /// The first answer.
    pub acknowledged: Option<Acknowledgement>,
    /// The message that answers it, or that its button stands at.
    pub original: Option<u64>,
    /// What was sent to the bot.
    pub payload: Value,
}

/// All that a test may look at.
pub struct World {
    /// Times and limits.
    pub rules: Rules,
    /// By id.
    pub channels: BTreeMap<u64, Channel>,
    /// By id, so the oldest first.
    pub messages: BTreeMap<u64, Message>,
    /// By id, so the oldest first.
    pub interactions: BTreeMap<u64, Interaction>,
    /// The bot's commands: under none those for all guilds, else by guild.
    pub commands: BTreeMap<Option<u64>, Value>,
    /// What the bot called, the first first.
    pub calls: Vec<Call>,
    /// The connection.
    pub gateway: Gateway,
    pub(crate) limits: Limits,
    pub(crate) gateway_url: String,
    last_id: u64,
}

impl World {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            interactions: BTreeMap::new(),
            commands: BTreeMap::new(),
            calls: Vec::new(),
            gateway: Gateway::default(),
            limits: Limits::default(),
            gateway_url: String::new(),
            last_id: 1_100_000_000_000_000_000,
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// What the bot wrote in a channel and did not remove, the first first.
    pub fn by_bot(&self, channel: u64) -> Vec<&Message> {
        let is_its = |message: &&Message| {
            message.channel == channel && message.author.id == super::BOT && !message.is_deleted
        };
        self.messages.values().filter(is_its).collect()
    }

    /// All messages that answer an interaction, the first first.
    pub fn answers(&self, interaction: u64) -> Vec<&Message> {
        let is_one =
            |message: &&Message| message.interaction == Some(interaction) && !message.is_deleted;
        self.messages.values().filter(is_one).collect()
    }

    /// How often the bot was told to slow down.
    pub fn refusals(&self) -> usize {
        self.calls.iter().filter(|call| call.status == 429).count()
    }

    /// The last calls, for a test that fails.
    pub(crate) fn story(&self) -> String {
        let mut story = String::new();
        for call in self.calls.iter().rev().take(20).rev() {
            // Writing to a string does not fail.
            let _ = writeln!(story, "{} {} {} {}", call.status, call.method, call.path, call.body);
        }
        story
    }
}
