//! What the fake has seen, and what people would see in Slack.

use std::time::{Duration, Instant};

use serde_json::Value;

/// One call of the Web API or of a response URL (then `method` is `respond`).
#[derive(Debug, Clone)]
pub struct Call {
    /// Such as `chat.postMessage`.
    pub method: String,
    /// The body, or the query.
    pub body: Value,
    /// The token behind `Bearer`, if there was one.
    pub token: String,
    /// When it came.
    pub at: Instant,
    /// What was answered: HTTP status, and `error` if there was one.
    pub outcome: Result<(), String>,
}

/// A message as people see it now.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its channel.
    pub channel: String,
    /// Names it within its channel.
    pub ts: String,
    /// The thread that it is in.
    pub thread: Option<String>,
    /// The only user who sees it; `None`: everyone in the channel.
    pub only: Option<String>,
    /// The text for notifications.
    pub text: String,
    /// The blocks.
    pub blocks: Value,
    /// How often it was changed after it came.
    pub edits: u32,
    /// The response URL that it belongs to, by its path.
    pub(crate) url: Option<String>,
}

impl Message {
    /// All that can be read in the message: the texts of its blocks, or its text without blocks.
    pub fn shown(&self) -> String {
        let mut texts = Vec::new();
        collect(&self.blocks, &mut texts);
        if texts.is_empty() { self.text.clone() } else { texts.join("\n") }
    }

    /// The value of the button `action_id`, if the message has it.
    pub fn button(&self, action_id: &str) -> Option<String> {
        let blocks = self.blocks.as_array()?;
        let elements = blocks.iter().filter_map(|block| block["elements"].as_array()).flatten();
        let mut buttons = elements.filter(|element| element["action_id"] == action_id);
        Some(buttons.next()?["value"].as_str()?.to_owned())
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => match fields.get("text") {
            Some(Value::String(text)) => texts.push(text.clone()),
            _ => fields.values().for_each(|value| collect(value, texts)),
        },
        _ => {}
    }
}

/// An envelope that was sent over the socket.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its id.
    pub envelope: String,
    /// When it was sent.
    pub sent: Instant,
    /// When it was acknowledged, with the payload of that.
    pub acknowledged: Option<(Instant, Value)>,
}

impl Delivered {
    /// How long the acknowledgement took, if it came.
    pub fn took(&self) -> Option<Duration> {
        self.acknowledged.as_ref().map(|(at, _)| at.duration_since(self.sent))
    }
}

/// All of it, in order.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Every call of the bot.
    pub calls: Vec<Call>,
    /// Every message of the bot that can be seen, ephemeral ones too.
    pub messages: Vec<Message>,
    /// Every envelope.
    pub delivered: Vec<Delivered>,
    /// How often a bot connected.
    pub connections: usize,
    /// How often the bot asked for a sign of life.
    pub pings: usize,
    /// How often `apps.connections.open` was called.
    pub opened: usize,
}

impl Journal {
    /// The calls of one method.
    pub fn calls_of(&self, method: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.method == method).collect()
    }

    /// The newest message in which `text` can be read.
    pub fn message(&self, text: &str) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.shown().contains(text))
    }

    /// The envelope with this id.
    pub fn envelope(&self, id: &str) -> Option<&Delivered> {
        self.delivered.iter().find(|delivered| delivered.envelope == id)
    }
}
