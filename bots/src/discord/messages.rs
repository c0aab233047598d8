//! Messages: mentions, direct messages, and follow-ups in threads.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use serenity::model::channel::Message;

use super::Bot;
use super::addressed::{Address, address, is_written, question, replied};
use super::asking::answer;
use super::buttons::Action;
use super::channels::Nature;
use super::kept::Asked;
use super::place::{Audience, Place, PlaceKind};
use super::pressing::begin_thread;
use super::render::Look;
use super::rest::Call;
use super::showing::{Reply, Target};
use crate::core::{Display, Draft, Question, now_ms};

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
    let role = mentioned_role(&bot, &message).await;
    let address = address(&message, bot.me, role);
    let Some(kind) = kind(&bot, &message, address).await else { return };
    let roles = message.member.as_ref().map(|member| &member.roles);
    let place = Place {
        guild: message.guild_id.map(|guild| guild.get()),
        channel: message.channel_id.get(),
        kind,
        user: message.author.id.get(),
        roles: roles.map(|roles| roles.iter().map(|role| role.get()).collect()).unwrap_or_default(),
    };
    show_typing(&bot, place.channel);
    let text = question(&message.content, bot.me, role);
    let at = replied(&message, bot.me).unwrap_or(message.id.get());
    let (channel, thread) = conversation(&bot, &place, (at, &text)).await;
    let reply_to = (channel == place.channel && place.guild.is_some()).then(|| message.id.get());
    let target = Target::Channel { channel, reply_to };
    let asker = place.asker(Audience::Everyone);
    let question = Question { text, asker, thread: Some(thread), spaces: Vec::new() };
    reply(&bot, target, question).await;
}

/// The bot's role, if it is mentioned.
async fn mentioned_role(bot: &Bot, message: &Message) -> Option<u64> {
    let guild = message.guild_id.filter(|_| !message.mention_roles.is_empty())?;
    let own = bot.own_role(guild.get()).await?;
    message.mention_roles.iter().map(|role| role.get()).find(|role| *role == own)
}

/// Where the message stands, if it is for the bot.
async fn kind(bot: &Bot, message: &Message, address: Address) -> Option<PlaceKind> {
    if message.guild_id.is_none() {
        return Some(PlaceKind::Direct);
    }
    let is_mentioned = address == Address::Bot;
    // Without a mention it can only be a follow-up, which has to have a text.
    if address == Address::Others || (!is_mentioned && message.content.trim().is_empty()) {
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

async fn reply(bot: &Arc<Bot>, target: Target, question: Question) {
    let actions = vec![Action::Helpful, Action::NotHelpful, Action::ShowMore];
    let look = Look { language: question.language(), quote: None, actions, now_ms: now_ms() };
    let asked = Asked { text: question.text.clone(), spaces: Vec::new() };
    let mut reply = Reply::new(bot, target, look, asked);
    // The first message comes before the answer begins.
    reply.show(&Draft::Working).await;
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
/// the message, or at that of the bot to which it replies. Whoever may not ask there gets none.
async fn conversation(bot: &Bot, place: &Place, (at, text): (u64, &str)) -> (u64, String) {
    let here = (place.channel, place.session(place.channel));
    if place.kind != PlaceKind::Channel {
        return here;
    }
    if !is_welcome(bot, place).await {
        return (place.channel, place.session(at));
    }
    match begin_thread(bot, (place.channel, at), text).await {
        Ok(thread) => (thread, place.session(thread)),
        Err(fault) => {
            tracing::info!(%fault, "no thread could be begun, answering in the channel");
            (place.channel, place.session(at))
        }
    }
}

/// Whether there is anything to be answered from. What may be seen, the daemon decides later.
async fn is_welcome(bot: &Bot, place: &Place) -> bool {
    let asker = place.asker(Audience::Everyone);
    let who = tokio::time::timeout(bot.times.welcome, bot.core.who_am_i(&asker)).await;
    matches!(who, Ok(Ok(who)) if who.may_ask && (who.everything || !who.spaces.is_empty()))
}
