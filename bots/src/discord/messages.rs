//! Messages: mentions, direct messages, and follow-ups in threads.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use serenity::model::channel::Message;

use super::Bot;
use super::addressed::{is_for_others, is_written, mentions, question, replied};
use super::asking::answer;
use super::buttons::Action;
use super::channels::Nature;
use super::kept::Asked;
use super::place::{Place, PlaceKind};
use super::pressing::begin_thread;
use super::render::Look;
use super::rest::Call;
use super::showing::{Reply, Target};
use crate::core::{Display, Draft, Language, Question, now_ms};

impl Bot {
    /// Whether messages come with their content, also those that do not mention the bot.
    pub(super) fn reads_along(&self) -> bool {
        self.reads_along.load(Ordering::Relaxed)
    }
}

/// Somebody wrote a message that the bot can see.
pub(super) async fn message(bot: Arc<Bot>, message: Message) {
    if !is_written(&message) {
        return;
    }
    let Some(kind) = kind(&bot, &message).await else { return };
    let roles = message.member.as_ref().map(|member| &member.roles);
    let place = Place {
        guild: message.guild_id.map(|guild| guild.get()),
        channel: message.channel_id.get(),
        kind,
        user: message.author.id.get(),
        roles: roles.map(|roles| roles.iter().map(|role| role.get()).collect()).unwrap_or_default(),
    };
    reply(&bot, &message, place).await;
}

/// Where the message stands, if it is for the bot.
async fn kind(bot: &Bot, message: &Message) -> Option<PlaceKind> {
    if message.guild_id.is_none() {
        return Some(PlaceKind::Direct);
    }
    let is_mentioned = mentions(message, bot.me);
    // Without a mention it can only be a follow-up, which has to have a text.
    if !is_mentioned && (message.content.trim().is_empty() || is_for_others(message, bot.me)) {
        return None;
    }
    match bot.nature(message.channel_id.get()).await {
        Some(Nature::Thread { parent, owner }) if is_mentioned || owner == bot.me => {
            Some(PlaceKind::Thread { parent })
        }
        Some(Nature::Plain) | None if is_mentioned => Some(PlaceKind::Channel),
        _ => None,
    }
}

async fn reply(bot: &Arc<Bot>, message: &Message, place: Place) {
    show_typing(bot, place.channel);
    let text = question(&message.content, bot.me);
    let language = Language::of(&text);
    let (channel, thread) = conversation(bot, message, &place).await;
    let reply_to = (channel == place.channel && place.guild.is_some()).then(|| message.id.get());
    let actions = vec![Action::Helpful, Action::NotHelpful, Action::ShowMore];
    let look = Look { language, quote: None, actions, now_ms: now_ms() };
    let asked = Asked { text: text.clone(), spaces: Vec::new() };
    let mut reply = Reply::new(bot, Target::Channel { channel, reply_to }, look, asked);
    // The first message comes before the answer begins.
    reply.show(&Draft::Working).await;
    let asker = place.in_public();
    let question = Question { text, asker, thread: Some(thread), spaces: Vec::new() };
    answer(bot, question, reply).await;
}

/// People see at once that they were heard, also when messages have to wait for their turn.
fn show_typing(bot: &Arc<Bot>, channel: u64) {
    let ours = Arc::clone(bot);
    bot.core.spawn(async move {
        let path = format!("/channels/{channel}/typing");
        if let Err(fault) = ours.rest.call(&Call::post(&path, &json!({}))).await {
            tracing::debug!(channel, %fault, "typing could not be shown");
        }
    });
}

/// The channel in which to answer, and the session. In a channel each mention begins a thread: at
/// the message, or at that of the bot to which it replies.
async fn conversation(bot: &Bot, message: &Message, place: &Place) -> (u64, String) {
    let here = (place.channel, place.session(place.channel));
    if place.kind != PlaceKind::Channel {
        return here;
    }
    let at = replied(message, bot.me).unwrap_or(message.id.get());
    let name = question(&message.content, bot.me);
    match begin_thread(bot, (place.channel, at), &name).await {
        Ok(thread) => (thread, place.session(thread)),
        Err(fault) => {
            tracing::info!(%fault, "no thread could be begun, answering in the channel");
            (place.channel, place.session(at))
        }
    }
}
