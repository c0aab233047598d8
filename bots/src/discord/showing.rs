//! Shows drafts on Discord: one message that is edited, and those that follow when it gets long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::Bot;
use super::kept::Asked;
use super::render::{Look, messages};
use super::rest::{Call, Fault};
use crate::core::{Display, Draft, Shown, now_ms};

/// Only the asker sees the message.
pub(super) const EPHEMERAL: u64 = 64;

/// Tries of one write that does not get through.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_secs(1);

/// Where messages are written.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// With the token of an interaction, which lives for 15 minutes.
    Interaction { token: String, channel: u64, flags: u64 },
    /// As the bot itself, perhaps in reply to a message.
    Channel { channel: u64, reply_to: Option<u64> },
}

/// One of our messages as it stands now.
#[derive(Debug)]
struct Written {
    /// None: the original answer of the interaction, whose id was not told yet.
    id: Option<u64>,
    body: Value,
}

/// The messages of one answer.
#[derive(Debug)]
pub(super) struct Reply {
    bot: Arc<Bot>,
    target: Target,
    look: Look,
    asked: Asked,
    written: Vec<Written>,
    failures: u32,
    /// Of this answer, among all of the bot.
    name: String,
}

/// Why a write is not to be tried again as it is.
enum Stop {
    Wait(Duration),
    Lost,
}

impl Reply {
    /// Shows in messages that are yet to be written.
    pub(super) fn new(bot: &Arc<Bot>, target: Target, look: Look, asked: Asked) -> Self {
        let count = bot.replies.fetch_add(1, Ordering::Relaxed);
        let name = format!("{:x}-{:x}", bot.began_ms, count);
        let bot = Arc::clone(bot);
        Self { bot, target, look, asked, written: Vec::new(), failures: 0, name }
    }

    /// Shows in the message that stands there since an interaction was deferred.
    #[must_use]
    pub(super) fn in_deferred(mut self) -> Self {
        self.written.push(Written { id: None, body: Value::Null });
        self
    }

    /// The id of the first message, once it was written.
    pub(super) fn first(&self) -> Option<u64> {
        self.written.first()?.id
    }

    async fn write(&mut self, at: usize, body: &Value) -> Result<(), Stop> {
        let (path, is_new) = self.path(at);
        let mut sent = body.clone();
        if is_new {
            self.complete(&mut sent);
        }
        let call = if is_new { Call::post(&path, &sent) } else { Call::patch(&path, &sent) };
        match self.bot.rest.call(&call).await {
            Ok(reply) => {
                let id = reply["id"].as_str().and_then(|id| id.parse().ok());
                let written = Written { id, body: body.clone() };
                match self.written.get_mut(at) {
                    Some(known) => *known = written,
                    None => self.written.push(written),
                }
                self.failures = 0;
                Ok(())
            }
            Err(fault) => Err(self.judge(fault)),
        }
    }

    /// The path of message `at`, and whether it is yet to be made.
    fn path(&self, at: usize) -> (String, bool) {
        let known = self.written.get(at);
        match &self.target {
            Target::Interaction { token, .. } => {
                let base = format!("/webhooks/{}/{token}", self.bot.application);
                match known {
                    None => (base, true),
                    Some(Written { id: Some(id), .. }) => (format!("{base}/messages/{id}"), false),
                    Some(Written { id: None, .. }) => (format!("{base}/messages/@original"), false),
                }
            }
            Target::Channel { channel, .. } => match known.and_then(|known| known.id) {
                Some(id) => (format!("/channels/{channel}/messages/{id}"), false),
                None => (format!("/channels/{channel}/messages"), true),
            },
        }
    }

    /// What only a new message carries.
    fn complete(&self, body: &mut Value) {
        match &self.target {
            Target::Interaction { flags, .. } => body["flags"] = json!(flags),
            Target::Channel { reply_to, .. } => {
                // What was made and not heard of is not made again.
                body["nonce"] = json!(format!("{}-{}", self.name, self.written.len()));
                body["enforce_nonce"] = json!(true);
                if let (Some(id), true) = (reply_to, self.written.is_empty()) {
                    let id = id.to_string();
                    body["message_reference"] =
                        json!({ "message_id": id, "fail_if_not_exists": false });
                }
            }
        }
    }

    fn judge(&mut self, fault: Fault) -> Stop {
        match fault {
            Fault::SlowDown(wait) => return Stop::Wait(wait),
            Fault::Refused { status, code, .. } if status < 500 => {
                if self.outlived(status, code) {
                    return Stop::Wait(Duration::ZERO);
                }
                tracing::warn!(status, code, "discord does not take a message");
                return Stop::Lost;
            }
            fault => {
                self.failures += 1;
                tracing::debug!(%fault, failures = self.failures, "a message did not get through");
            }
        }
        if self.failures < TRIES { Stop::Wait(PAUSE) } else { Stop::Lost }
    }

    /// When the token of an interaction has expired, the bot goes on as itself, if others may see it.
    fn outlived(&mut self, status: u16, code: u64) -> bool {
        let is_expired = status == 401 || matches!(code, 10_015 | 50_027);
        let Target::Interaction { channel, flags: 0, .. } = self.target else {
            return false;
        };
        if is_expired {
            self.target = Target::Channel { channel, reply_to: None };
        }
        is_expired
    }

    /// Takes back a message that is not needed any more.
    async fn remove_last(&mut self) {
        let (path, _) = self.path(self.written.len().saturating_sub(1));
        self.written.pop();
        if let Err(fault) = self.bot.rest.patiently(&Call::delete(&path)).await {
            tracing::debug!(%fault, "a message could not be taken back");
        }
    }

    async fn update(&mut self, wanted: &[Value], most: usize) -> Result<(), Stop> {
        let mut writes = 0;
        for (at, body) in wanted.iter().enumerate() {
            if self.written.get(at).is_some_and(|known| known.body == *body) {
                continue;
            }
            if writes == most {
                return Ok(());
            }
            self.write(at, body).await?;
            writes += 1;
        }
        while self.written.len() > wanted.len() {
            self.remove_last().await;
        }
        Ok(())
    }
}

impl Display for Reply {
    async fn show(&mut self, draft: &Draft) -> Shown {
        if let Draft::Done(answer) = draft
            && !answer.turn.is_empty()
        {
            self.bot.kept.put(&answer.turn, self.asked.clone());
        }
        self.look.now_ms = now_ms();
        let wanted = messages(draft, &self.look);
        // While the text grows, each showing is one call.
        let most = if draft.is_last() { usize::MAX } else { 1 };
        match self.update(&wanted, most).await {
            Ok(()) => Shown::Yes,
            Err(Stop::Wait(wait)) => Shown::After(wait),
            Err(Stop::Lost) => Shown::Lost,
        }
    }
}
