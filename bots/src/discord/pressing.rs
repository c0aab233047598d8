//! The buttons: feedback, more passages, sharing with the channel, and a thread to ask on in.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use serenity::model::application::ComponentInteraction;
use serenity::model::channel::MessageFlags;

use super::Bot;
use super::asking::{acknowledge, actions, answer, deferred};
use super::buttons::{Action, Pressed};
use super::channels::Nature;
use super::kept::Asked;
use super::place::{Audience, Place, Told};
use super::render::{self, Look};
use super::rest::{Call, Fault};
use super::searching::{HITS, finish, look_for};
use super::showing::{EPHEMERAL, Reply, Target};
use super::text::shortened;
use super::words::Words;
use crate::core::{
    Display, Draft, Language, Phrase, Question, Search, Shareable, Shown, Trouble, Verdict, now_ms,
};

/// A day, in Discord's minutes: then a silent thread is put away.
const THREAD_MINUTES: u32 = 1_440;
const MAX_THREAD_NAME: usize = 100;
/// A thread stands at the message already.
const HAS_THREAD: u64 = 160_004;

/// A press that was acknowledged.
struct Press {
    place: Place,
    pressed: Pressed,
    token: String,
    message: u64,
    /// Who sees the message with the button.
    audience: Audience,
}

/// A button was pressed.
pub(super) async fn press(bot: Arc<Bot>, interaction: ComponentInteraction) {
    let Some(pressed) = Pressed::parse(&interaction.data.custom_id) else {
        tracing::debug!("a button of somebody else");
        return;
    };
    // What a button leads to is first of all for the one who pressed it.
    let id = (interaction.id.get(), interaction.token.as_str());
    if !acknowledge(&bot, id, &deferred(EPHEMERAL)).await {
        return;
    }
    let told = Told {
        guild: interaction.guild_id,
        channel: interaction.channel_id,
        details: interaction.channel.as_ref(),
        context: interaction.context,
        user: &interaction.user,
        member: interaction.member.as_ref(),
    };
    let place = bot.place(told).await;
    let flags = interaction.message.flags.unwrap_or_default();
    let is_hidden = flags.contains(MessageFlags::EPHEMERAL);
    let audience = if is_hidden { Audience::Asker } else { Audience::Everyone };
    let message = interaction.message.id.get();
    let press = Press { place, pressed, token: interaction.token, message, audience };
    match press.pressed.action {
        Action::Helpful => feedback(&bot, &press, Verdict::Helpful).await,
        Action::NotHelpful => feedback(&bot, &press, Verdict::NotHelpful).await,
        Action::ShowMore => show_more(&bot, &press).await,
        Action::MakePublic => make_public(&bot, &press).await,
        Action::FollowUp => follow_up(&bot, &press).await,
    }
}

impl Press {
    fn language(&self) -> Language {
        self.pressed.language
    }

    async fn say(&self, bot: &Bot, text: &str) {
        finish(bot, &self.token, &render::note(text)).await;
    }

    async fn say_trouble(&self, bot: &Bot, trouble: &Trouble) {
        self.say(bot, &trouble.say(self.language())).await;
    }

    fn look(&self, quote: Option<String>, actions: Vec<Action>) -> Look {
        Look { language: self.language(), quote, actions, now_ms: now_ms() }
    }
}

async fn feedback(bot: &Bot, press: &Press, verdict: Verdict) {
    let asker = press.place.asker(press.audience);
    match bot.core.feedback(&asker, &press.pressed.turn, verdict).await {
        Ok(()) => press.say(bot, Phrase::Thanks.say(press.language())).await,
        Err(trouble) => press.say_trouble(bot, &trouble).await,
    }
}

/// Shows passages for the question, with the eyes of the one who pressed: nobody else sees them.
async fn show_more(bot: &Bot, press: &Press) {
    let Some(asked) = bot.kept.get(&press.pressed.turn) else {
        return press.say(bot, Phrase::TooOld.say(press.language())).await;
    };
    let asker = press.place.asker(Audience::Asker);
    let search = Search { text: asked.text.clone(), asker, spaces: asked.spaces, limit: HITS };
    match look_for(bot, &search).await {
        Ok(found) => {
            let look = press.look(Some(asked.text), Vec::new());
            finish(bot, &press.token, &render::found(&found, &look)).await;
        }
        Err(trouble) => press.say_trouble(bot, &trouble).await,
    }
}

/// Shows the answer to the channel, if the daemon lets it; else asks again for the channel. Pressed
/// twice, it is shown once.
async fn make_public(bot: &Arc<Bot>, press: &Press) {
    let id = format!("public {} {}", press.pressed.turn, press.place.channel);
    if !bot.seen.is_first(&id, Instant::now()) {
        return press.say(bot, Phrase::Shared.say(press.language())).await;
    }
    let shared =
        match bot.core.share(&press.place.asker(Audience::Everyone), &press.pressed.turn).await {
            Ok(shareable) => share(bot, press, shareable).await,
            Err(Trouble::Denied) => match bot.kept.get(&press.pressed.turn) {
                Some(asked) => {
                    press.say(bot, Phrase::AskedAgain.say(press.language())).await;
                    ask_again(bot, press, asked).await
                }
                None => Err(Phrase::TooOld.say(press.language()).to_owned()),
            },
            Err(trouble) => Err(trouble.say(press.language())),
        };
    if let Err(reason) = shared {
        bot.seen.forget(&id);
        press.say(bot, &reason).await;
    }
}

async fn share(bot: &Arc<Bot>, press: &Press, shareable: Shareable) -> Result<(), String> {
    // The first message of a press is for the one who pressed; only the next ones can be public.
    press.say(bot, Phrase::Shared.say(press.language())).await;
    let asked = Asked { text: shareable.question, spaces: Vec::new() };
    let mut reply = public(bot, press, asked);
    let draft = Draft::Done(Box::new(shareable.answer));
    loop {
        match reply.show(&draft).await {
            Shown::After(wait) => tokio::time::sleep(wait).await,
            Shown::Lost => return Err(not_shown(press)),
            Shown::Yes | Shown::Skipped => return Ok(()),
        }
    }
}

fn not_shown(press: &Press) -> String {
    Words::NotShown.say(press.language()).to_owned()
}

async fn ask_again(bot: &Arc<Bot>, press: &Press, asked: Asked) -> Result<(), String> {
    let (text, spaces) = (asked.text.clone(), asked.spaces.clone());
    let mut reply = public(bot, press, asked);
    reply.show(&Draft::Working).await;
    let thread = press.place.conversation(reply.first());
    let question = Question { text, asker: press.place.asker(Audience::Everyone), thread, spaces };
    answer(bot, question, reply).await.ok_or_else(|| not_shown(press)).map(drop)
}

/// A reply to everyone, after one to the asker.
fn public(bot: &Arc<Bot>, press: &Press, asked: Asked) -> Reply {
    let look = press.look(Some(asked.text.clone()), actions(&press.place, Audience::Everyone));
    let channel = press.place.channel;
    let target = Target::Interaction { token: press.token.clone(), channel, flags: 0 };
    Reply::new(bot, target, look, asked)
}

/// Begins a thread at the answer; its questions are of one session with it.
async fn follow_up(bot: &Bot, press: &Press) {
    let name = bot.kept.get(&press.pressed.turn).map(|asked| asked.text).unwrap_or_default();
    let language = press.language();
    match begin_thread(bot, (press.place.channel, press.message), &name).await {
        Ok(thread) => {
            let words = if bot.reads_along() { Words::AskOn } else { Words::AskOnByName };
            let note = render::note(words.say(language));
            let path = format!("/channels/{thread}/messages");
            if let Err(fault) = bot.rest.patiently(&Call::post(&path, &note)).await {
                tracing::debug!(thread, %fault, "a thread was begun in silence");
            }
            press.say(bot, &format!("{} <#{thread}>", Words::Began.say(language))).await;
        }
        Err(fault) => {
            tracing::info!(%fault, "a thread could not be begun");
            press.say(bot, Words::NoThread.say(language)).await;
        }
    }
}

/// Begins a thread at a message, or finds the one that stands there: both have the message's id.
pub(super) async fn begin_thread(
    bot: &Bot,
    (channel, message): (u64, u64),
    question: &str,
) -> Result<u64, Fault> {
    let name = shortened(&plain_name(question), MAX_THREAD_NAME);
    let body: Value = json!({ "name": name, "auto_archive_duration": THREAD_MINUTES });
    let path = format!("/channels/{channel}/messages/{message}/threads");
    let call = Call::post(&path, &body);
    let late = || Fault::Unreachable("it took too long".into());
    let begun = tokio::time::timeout(bot.times.begin, bot.rest.patiently(&call)).await;
    match begun.unwrap_or_else(|_| Err(late())) {
        Ok(_) => {
            bot.channels.put(message, Nature::Thread { parent: channel, owner: bot.me });
            Ok(message)
        }
        Err(Fault::Refused { code: HAS_THREAD, .. }) => Ok(message),
        Err(fault) => Err(fault),
    }
}

fn plain_name(question: &str) -> String {
    let name = question.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { "ragterm".to_owned() } else { crate::core::neutral(&name) }
}
