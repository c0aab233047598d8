//! The message in which an answer grows: one of the bot's own, or the one behind a response URL.

use std::sync::Arc;
use std::time::Duration;

use super::look::Look;
use super::refusals::is_about_blocks;
use super::render::{Message, note};
use super::web::{Fault, Place, Response, Web};
use crate::core::{Display, Draft, Phrase, Shown};

/// How often Slack takes a message through one response URL.
const USES: u32 = 5;

/// Of these, so many at the most show what is not the end yet.
const USES_BEFORE_END: u32 = 2;

/// How often the end is tried while Slack cannot be reached, and the pause between.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// A message of the bot that is edited; what does not fit follows it.
pub(super) struct Posted {
    web: Arc<Web>,
    place: Place,
    look: Look,
    ts: Option<String>,
    shown: Message,
    ending: Ending,
}

impl Posted {
    pub(super) fn new(web: Arc<Web>, place: Place, look: Look) -> Self {
        Self { web, place, look, ts: None, shown: Message::default(), ending: Ending::default() }
    }

    /// Why nothing could be shown, in Slack's word.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.ending.refusal.as_deref()
    }

    async fn put(&mut self, message: &Message) -> Result<(), Fault> {
        if let Some(ts) = &self.ts {
            return self.web.update(&self.place.channel, ts, message).await;
        }
        self.ts = Some(self.web.post_message(&self.place, message).await?);
        Ok(())
    }
}

impl Display for Posted {
    async fn show(&mut self, draft: &Draft) -> Shown {
        if !draft.is_last() {
            let message = self.look.draft(draft);
            if message == self.shown {
                return Shown::Skipped;
            }
            return match self.put(&message).await {
                Ok(()) => {
                    self.shown = message;
                    Shown::Yes
                }
                Err(fault) => self.ending.before_end(fault),
            };
        }
        let messages = self.ending.messages(&self.look, draft);
        while let Some(message) = messages.get(self.ending.sent) {
            let result = match self.ending.sent {
                0 => self.put(message).await,
                _ => self.web.post_message(&self.place, message).await.map(drop),
            };
            match result {
                Ok(()) => self.ending.sent += 1,
                Err(fault) => return self.ending.at_end(fault),
            }
        }
        Shown::Yes
    }
}

/// The message that Slack showed for a command, seen by the asker alone. Its response URL takes only
/// five messages, so few of them are spent before the end.
pub(super) struct Responded {
    web: Arc<Web>,
    url: String,
    place: Place,
    user: String,
    look: Look,
    pause: Duration,
    began: tokio::time::Instant,
    used: u32,
    ending: Ending,
}

impl Responded {
    /// `pause` is the usual time between two edits.
    pub(super) fn new(web: Arc<Web>, url: String, look: Look, pause: Duration) -> Self {
        Self {
            web,
            url,
            place: Place::default(),
            user: String::new(),
            look,
            pause,
            began: tokio::time::Instant::now(),
            used: 0,
            ending: Ending::default(),
        }
    }

    /// Where what the URL no longer takes is shown, to whom.
    #[must_use]
    pub(super) fn overflow(mut self, place: Place, user: &str) -> Self {
        self.place = place;
        user.clone_into(&mut self.user);
        self
    }

    /// Whether one of the few uses is spent on `draft`.
    fn is_worth(&self, draft: &Draft) -> bool {
        let least = match (draft, self.used) {
            (Draft::Working, _) => return false,
            (Draft::Waiting(_), _) => Duration::ZERO,
            (_, 0) => self.pause * 3,
            _ => self.pause * 10,
        };
        self.used < USES_BEFORE_END && self.began.elapsed() >= least
    }

    /// The first message takes the place of the one that Slack showed.
    async fn respond(&mut self, message: &Message) -> Result<(), Fault> {
        let response = if self.ending.sent == 0 { Response::Replace } else { Response::Ephemeral };
        let result = self.web.respond(&self.url, message, response).await;
        match &result {
            Ok(()) => self.used += 1,
            // Its time is over: the rest goes the other way.
            Err(Fault::Refused(code)) if !is_about_blocks(code) => self.used = USES,
            Err(_) => {}
        }
        result
    }

    /// Sends the next of `messages`: through the URL while it has uses to spare.
    async fn send_next(&mut self, messages: &[Message]) -> Result<(), Fault> {
        let message = &messages[self.ending.sent];
        let left = USES.saturating_sub(self.used);
        let remaining = messages.len() - self.ending.sent;
        if left > 1 || (left == 1 && remaining == 1) {
            return match self.respond(message).await {
                Err(Fault::Refused(code)) if !is_about_blocks(&code) => {
                    self.web.post_ephemeral(&self.place, &self.user, message).await
                }
                result => result,
            };
        }
        let result = self.web.post_ephemeral(&self.place, &self.user, message).await;
        if let (Err(Fault::Refused(_)), 1) = (&result, left) {
            let note = note(Phrase::RestElsewhere.say(self.look.language()));
            self.ending.sent = messages.len() - 1;
            return self.respond(&note).await;
        }
        result
    }
}

impl Display for Responded {
    async fn show(&mut self, draft: &Draft) -> Shown {
        if !draft.is_last() {
            if !self.is_worth(draft) {
                return Shown::Skipped;
            }
            let message = self.look.draft(draft);
            return match self.respond(&message).await {
                Ok(()) => Shown::Yes,
                // The end can go another way than this URL.
                Err(Fault::Refused(_)) => Shown::Skipped,
                Err(fault) => self.ending.before_end(fault),
            };
        }
        let messages = self.ending.messages(&self.look, draft);
        while self.ending.sent < messages.len() {
            match self.send_next(&messages).await {
                Ok(()) => self.ending.sent += 1,
                Err(fault) => return self.ending.at_end(fault),
            }
        }
        Shown::Yes
    }
}

/// How far the end of an answer has been shown.
#[derive(Default)]
struct Ending {
    /// Messages of the end that Slack has taken.
    sent: usize,
    tries: u32,
    is_plain: bool,
    refusal: Option<String>,
}

impl Ending {
    fn messages(&self, look: &Look, draft: &Draft) -> Vec<Message> {
        let messages = look.ending(draft);
        if self.is_plain {
            return messages.iter().map(Message::without_blocks).collect();
        }
        messages
    }

    /// What is not the end may be left out.
    fn before_end(&mut self, fault: Fault) -> Shown {
        match fault {
            Fault::RateLimited(pause) => Shown::After(pause),
            Fault::Unreachable(reason) => {
                tracing::debug!(reason, "slack could not be reached for an edit");
                Shown::Skipped
            }
            Fault::Refused(code) if is_about_blocks(&code) => Shown::Skipped,
            Fault::Refused(code) => self.lost(code),
        }
    }

    fn at_end(&mut self, fault: Fault) -> Shown {
        self.tries += 1;
        match fault {
            Fault::RateLimited(pause) if self.tries < TRIES * 3 => Shown::After(pause),
            Fault::Unreachable(_) if self.tries < TRIES => Shown::After(PAUSE),
            Fault::Refused(code) if is_about_blocks(&code) && !self.is_plain => {
                tracing::warn!(code, "slack refused the blocks of an answer; sending plain text");
                self.is_plain = true;
                Shown::After(Duration::ZERO)
            }
            fault => self.lost(fault.to_string()),
        }
    }

    fn lost(&mut self, reason: String) -> Shown {
        tracing::warn!(reason, "an answer could not be shown in slack");
        self.refusal = Some(reason);
        Shown::Lost
    }
}
