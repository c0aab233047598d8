//! What the bot does about commands, mentions and messages.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use ragterm_proto::v1::Asker;
use serde_json::json;

use super::display::{Posted, Responded};
use super::groups::Groups;
use super::incoming::{Command, Frame, Incoming, Message};
use super::look::Look;
use super::mrkdwn::{mrkdwn, speaks_to_another, written};
use super::render::{self, Buttons, Sharing};
use super::socket::Received;
use super::threads::Threads;
use super::web::{Fault, Identity, Place, Response, Web};
use crate::core::{
    Answer, Core, Display, Draft, Given, Kept, Language, Phrase, Question, Repeats, Search,
    Trouble, present,
};

/// Event ids that are remembered.
const EVENTS: usize = 20_000;

/// Answers that are kept for their buttons.
const ANSWERS: usize = 1_000;

/// Tasks that may run at once; what comes beyond is acknowledged and dropped.
const TASKS: usize = 2_000;

/// Hits of a search, shown and behind "show more".
const HITS: u32 = 20;

/// The bot, shared by its tasks.
pub(super) struct Bot {
    pub(super) core: Core,
    pub(super) web: Arc<Web>,
    pub(super) kept: Arc<Kept>,
    pub(super) repeats: Repeats,
    identity: Identity,
    groups: Arc<Groups>,
    threads: Threads,
}

impl Bot {
    pub(super) fn new(core: Core, web: Arc<Web>, identity: Identity, groups: Arc<Groups>) -> Self {
        Self {
            groups,
            repeats: Repeats::new(EVENTS, core.limits().remembered),
            kept: Arc::new(Kept::new(ANSWERS)),
            threads: Threads::new(),
            core,
            web,
            identity,
        }
    }

    /// Someone who asks where only he or she sees the answer.
    pub(super) fn asker(&self, team: &str, channel: &str, user: &str) -> Asker {
        Asker {
            platform: "slack".to_owned(),
            workspace: team.to_owned(),
            channel: channel.to_owned(),
            user: user.to_owned(),
            roles: self.groups.of(user),
            public: false,
        }
    }

    /// Takes a frame and says at once what to do about it; the work goes on in a task.
    pub(super) fn receive(self: &Arc<Self>, mut frame: Frame) -> Received {
        if frame.envelope_id.is_empty() {
            return Received::default();
        }
        let incoming = frame.incoming().unwrap_or_else(|error| {
            tracing::warn!(%error, kind = frame.kind, "an event of slack could not be read");
            None
        });
        let mut reply = json!({ "envelope_id": frame.envelope_id });
        let mut work = None;
        if let Some(incoming) = incoming
            && self.is_first(&frame.envelope_id, &incoming)
        {
            let is_full = self.core.tasks() >= TASKS;
            if let (true, Incoming::Command(command)) = (frame.accepts_response_payload, &incoming)
            {
                let sentence = if is_full { busy(command) } else { at_once(command).to_owned() };
                let text = mrkdwn(&sentence);
                reply["payload"] = json!({ "response_type": "ephemeral", "text": text });
            }
            match is_full {
                true => tracing::warn!("too much is going on; an event of slack is dropped"),
                false => {
                    let bot = self.clone();
                    work = Some(Box::new(move || bot.begin(incoming)) as Box<_>);
                }
            }
        }
        Received { reply: Some(reply.to_string()), work }
    }

    fn is_first(&self, envelope: &str, incoming: &Incoming) -> bool {
        let now = Instant::now();
        // Both are remembered, whatever the first says.
        let is_first_envelope = self.repeats.is_first(envelope, now);
        let is_first_event = incoming.id().is_none_or(|id| self.repeats.is_first(&id, now));
        is_first_envelope && is_first_event
    }

    fn begin(self: Arc<Self>, incoming: Incoming) {
        let core = self.core.clone();
        core.spawn(async move {
            match incoming {
                Incoming::Command(command) => self.command(command).await,
                Incoming::Message(message) => self.message(message).await,
                Incoming::Action(action) => self.action(action).await,
            }
        });
    }

    async fn command(&self, command: Command) {
        let text = written(&command.text, &self.identity.user_id);
        if text.is_empty() {
            // The acknowledgement has said how the command is used.
            return;
        }
        let asker = self.asker(&command.team_id, &command.channel_id, &command.user_id);
        if is_search(&command) {
            self.search(command, Search { text, asker, limit: HITS, ..Search::default() }).await;
            return;
        }
        let question = Question { text, asker, ..Question::default() };
        let sharing =
            if is_direct(&command.channel_id) { Sharing::Pointless } else { Sharing::Offered };
        let look = Look::new(self.kept.clone(), question.clone(), sharing);
        let place = Place { channel: command.channel_id, thread: None };
        let pause = self.core.limits().edits;
        let mut display = Responded::new(self.web.clone(), command.response_url, look, pause)
            .overflow(place, &command.user_id);
        present(self.core.ask(question), &mut display, pause).await;
    }

    async fn search(&self, command: Command, search: Search) {
        let language = search.language();
        let messages = match self.core.search(&search).await {
            Ok(found) => {
                let key = format!("search {}", command.trigger_id);
                let question =
                    Question { text: search.text, asker: search.asker, ..Question::default() };
                let buttons = Buttons { key, language, sharing: Sharing::Pointless };
                let messages = render::found(&found, language, &buttons);
                let sources = render::further(&found.hits).to_vec();
                let answer = Answer { sources, ..Answer::default() };
                self.kept.keep(&buttons.key, Given { question, answer });
                messages
            }
            Err(trouble) => vec![render::note(&trouble.say(language))],
        };
        self.respond_all(&command.response_url, &messages).await;
    }

    async fn message(&self, message: Message) {
        let Some(thread) = self.thread_to_answer(&message).await else { return };
        let Message { team, event, .. } = message;
        let is_direct = event.channel_type == "im" || is_direct(&event.channel);
        let mut asker = self.asker(&team, &event.channel, &event.user);
        asker.public = !is_direct;
        let place = Place { channel: event.channel, thread };
        if let Some(thread) = &place.thread {
            self.threads.join(&place.channel, thread);
        }
        let question = Question {
            text: written(&event.text, &self.identity.user_id),
            asker,
            thread: Some(session_of(&team, &place)),
            ..Question::default()
        };
        self.answer_in(place, question, None).await;
    }

    /// Answers `question` in a message of the bot; false when it may not write there.
    pub(super) async fn answer_in(
        &self,
        place: Place,
        question: Question,
        asked_by: Option<&str>,
    ) -> bool {
        let mut look = Look::new(self.kept.clone(), question.clone(), Sharing::Pointless);
        if let Some(user) = asked_by {
            look = look.asked_by(user);
        }
        let mut display = Posted::new(self.web.clone(), place, look);
        // It is seen to work before the daemon is asked.
        display.show(&Draft::Working).await;
        if display.refusal().is_none() {
            let pause = self.core.limits().edits;
            present(self.core.ask(question), &mut display, pause).await;
        }
        display.refusal().is_none()
    }

    /// The thread to answer in (none: beside the message), if the message is for the bot at all.
    async fn thread_to_answer(&self, message: &Message) -> Option<Option<String>> {
        let event = &message.event;
        let is_own = event.user == self.identity.user_id || event.user.is_empty();
        let is_said =
            matches!(event.subtype.as_deref(), None | Some("file_share" | "thread_broadcast"));
        if event.bot_id.is_some() || is_own || !is_said {
            return None;
        }
        if event.channel_type == "im" || is_direct(&event.channel) {
            return Some(event.thread_ts.clone());
        }
        if message.is_mention {
            return Some(Some(event.thread_ts.clone().unwrap_or_else(|| event.ts.clone())));
        }
        let thread = event.thread_ts.as_deref()?;
        let bot = &self.identity.user_id;
        // A mention of the bot arrives as an event of its own too; whichever comes first is answered.
        let is_for_another = speaks_to_another(&event.text, bot);
        let is_in = !is_for_another
            && self.threads.takes_part(&self.web, (&event.channel, thread), bot).await;
        is_in.then(|| Some(thread.to_owned()))
    }

    /// Sends `messages` to a response URL, the first in the place of what Slack showed.
    pub(super) async fn respond_all(&self, url: &str, messages: &[render::Message]) {
        let mut response = Response::Replace;
        for message in messages {
            let sent = patiently(|| self.web.respond(url, message, response)).await;
            if let Err(fault) = sent {
                tracing::warn!(%fault, "a reply to a command could not be shown in slack");
                return;
            }
            response = Response::Ephemeral;
        }
    }
}

/// Calls again after the pauses that Slack asks for, a few times.
pub(super) async fn patiently<T, F>(call: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    const TRIES: usize = 5;
    for _ in 1..TRIES {
        match call().await {
            Err(Fault::RateLimited(pause)) => tokio::time::sleep(pause).await,
            result => return result,
        }
    }
    call().await
}

/// Conversations between two have ids of their own kind.
pub(super) fn is_direct(channel: &str) -> bool {
    channel.starts_with('D')
}

/// The name of the session: the thread, or in a direct conversation without one, the day.
fn session_of(team: &str, place: &Place) -> String {
    let thread = match &place.thread {
        Some(thread) => thread.clone(),
        None => Timestamp::now().strftime("%Y-%m-%d").to_string(),
    };
    format!("slack:{team}/{}/{thread}", place.channel)
}

fn is_search(command: &Command) -> bool {
    command.command.contains("search")
}

/// What Slack shows for a command at once, without a call of the bot.
fn at_once(command: &Command) -> &'static str {
    let phrase = match (command.text.trim().is_empty(), is_search(command)) {
        (false, _) => Phrase::Working,
        (true, false) => Phrase::AskUsage,
        (true, true) => Phrase::SearchUsage,
    };
    phrase.say(Language::of(&command.text))
}

fn busy(command: &Command) -> String {
    Trouble::Busy.say(Language::of(&command.text))
}
