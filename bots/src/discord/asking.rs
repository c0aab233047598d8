//! The commands: acknowledged at once, answered when the daemon has an answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use serenity::model::application::{CommandDataOptionValue, CommandInteraction, Interaction};

use super::Bot;
use super::buttons::Action;
use super::commands::{PRIVATE, QUERY, QUESTION, SPACE};
use super::kept::Asked;
use super::place::{Audience, Place, PlaceKind, Told};
use super::render::{Look, note};
use super::rest::{Call, Fault};
use super::showing::{EPHEMERAL, Reply, Target};
use crate::core::{Display, Draft, Language, Question, Trouble, now_ms, present};

/// Before a first answer that failed is given again.
const AGAIN: Duration = Duration::from_millis(100);

const MAX_CHOICES: usize = 25;
const MAX_CHOICE: usize = 100;

/// What a person wrote into the options of a command.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) text: String,
    pub(super) spaces: Vec<String>,
    pub(super) audience: Audience,
}

impl Options {
    fn read(command: &CommandInteraction) -> Self {
        let audience = Audience::Everyone;
        let mut options = Self { text: String::new(), spaces: Vec::new(), audience };
        for option in &command.data.options {
            match (option.name.as_str(), &option.value) {
                (QUESTION | QUERY, CommandDataOptionValue::String(text)) => {
                    options.text.clone_from(text);
                }
                (SPACE, CommandDataOptionValue::String(space)) if !space.trim().is_empty() => {
                    options.spaces = vec![space.trim().to_owned()];
                }
                (PRIVATE, CommandDataOptionValue::Boolean(true)) => {
                    options.audience = Audience::Asker;
                }
                _ => {}
            }
        }
        options
    }
}

fn told(command: &CommandInteraction) -> Told<'_> {
    Told {
        guild: command.guild_id,
        channel: command.channel_id,
        details: command.channel.as_ref(),
        context: command.context,
        user: &command.user,
        member: command.member.as_deref(),
    }
}

/// Gives an interaction its first answer. Whether it arrived in time.
pub(super) async fn acknowledge(bot: &Bot, (id, token): (u64, &str), answer: &Value) -> bool {
    let path = format!("/interactions/{id}/{token}/callback");
    let deadline = Instant::now() + bot.times.acknowledge;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let call = Call::post(&path, answer);
        let fault = match tokio::time::timeout(left, bot.rest.call(&call)).await {
            Ok(Ok(_)) => return true,
            Ok(Err(fault)) => fault,
            Err(_) => Fault::Unreachable("it took too long".into()),
        };
        if !fault.passes() || Instant::now() + AGAIN >= deadline {
            tracing::warn!(id, %fault, "an interaction could not be acknowledged");
            return false;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Says that too much is going on.
pub(super) async fn refuse(bot: Arc<Bot>, interaction: Interaction) {
    let (id, token, text) = match &interaction {
        Interaction::Command(command) => (command.id, &command.token, Options::read(command).text),
        Interaction::Component(press) => (press.id, &press.token, String::new()),
        _ => return,
    };
    let mut data = note(&Trouble::Busy.say(Language::of(&text)));
    data["flags"] = json!(EPHEMERAL);
    acknowledge(&bot, (id.get(), token), &json!({ "type": 4, "data": data })).await;
}

/// The callback that shows that the bot works on it.
pub(super) fn deferred(flags: u64) -> Value {
    json!({ "type": 5, "data": { "flags": flags } })
}

/// A command that was acknowledged.
pub(super) struct Taken {
    pub(super) place: Place,
    pub(super) options: Options,
    pub(super) token: String,
    pub(super) audience: Audience,
    /// Of each of its messages.
    pub(super) flags: u64,
}

async fn take(bot: &Bot, command: &CommandInteraction) -> Option<Taken> {
    let options = Options::read(command);
    // A guild's message to one person, and any message in a conversation of others, is ephemeral;
    // in direct messages there is nobody to hide it from.
    let is_guild = command.guild_id.is_some();
    let is_group = !is_guild && !is_with_bot(command);
    let is_hidden = is_group || (is_guild && options.audience == Audience::Asker);
    let flags = if is_hidden { EPHEMERAL } else { 0 };
    let id = (command.id.get(), command.token.as_str());
    if !acknowledge(bot, id, &deferred(flags)).await {
        return None;
    }
    let place = bot.place(told(command)).await;
    let is_private = is_hidden || place.is_private();
    let audience = if is_private { Audience::Asker } else { Audience::Everyone };
    Some(Taken { place, options, token: command.token.clone(), audience, flags })
}

fn is_with_bot(command: &CommandInteraction) -> bool {
    use serenity::model::application::InteractionContext::BotDm;
    use serenity::model::channel::ChannelType::Private;
    match command.context {
        Some(context) => context == BotDm,
        None => command.channel.as_ref().is_some_and(|channel| channel.kind == Private),
    }
}

/// `/ask` and `/search`.
pub(super) async fn command(bot: Arc<Bot>, command: CommandInteraction) {
    let name = command.data.name.as_str();
    if !matches!(name, "ask" | "search") {
        tracing::debug!(name, "a command of somebody else");
        return;
    }
    let Some(taken) = take(&bot, &command).await else { return };
    match name {
        "ask" => ask(&bot, taken).await,
        _ => super::searching::search(&bot, taken).await,
    }
}

async fn ask(bot: &Arc<Bot>, taken: Taken) {
    let Taken { place, options, token, audience, flags } = taken;
    let asker = place.asker(audience);
    let language = Language::of(&options.text);
    let actions = actions(&place, audience);
    let look = Look { language, quote: Some(options.text.clone()), actions, now_ms: now_ms() };
    let target = Target::Interaction { token, channel: place.channel, flags };
    let asked = Asked { text: options.text.clone(), spaces: options.spaces.clone() };
    let mut reply = Reply::new(bot, target, look, asked).in_deferred();
    // It tells the id of the message, by which a thread that begins there is known later.
    reply.show(&Draft::Working).await;
    // What only the asker sees in a guild is no part of what others talk about.
    let is_shared = flags & EPHEMERAL == 0;
    let thread = place.conversation(reply.first()).filter(|_| is_shared);
    let question = Question { text: options.text, asker, thread, spaces: options.spaces };
    answer(bot, question, reply).await;
}

/// Asks, and shows what comes; none if it could not be shown to its end.
pub(super) async fn answer(bot: &Bot, question: Question, mut reply: Reply) -> Option<Draft> {
    let events = bot.core.ask(question);
    let last = present(events, &mut reply, bot.core.limits().edits).await;
    if last.is_none() {
        tracing::info!("an answer could not be shown to its end");
    }
    last
}

/// The buttons that make sense at an answer.
pub(super) fn actions(place: &Place, audience: Audience) -> Vec<Action> {
    let further = match place.kind {
        PlaceKind::Channel | PlaceKind::Thread { .. } if audience == Audience::Asker => {
            Some(Action::MakePublic)
        }
        PlaceKind::Channel => Some(Action::FollowUp),
        _ => None,
    };
    [Action::Helpful, Action::NotHelpful, Action::ShowMore].into_iter().chain(further).collect()
}

/// Offers the spaces that an answer would be drawn from.
pub(super) async fn complete(bot: Arc<Bot>, command: CommandInteraction) {
    let typed = command.data.autocomplete().map(|option| option.value.trim().to_lowercase());
    let audience = Options::read(&command).audience;
    let spaces = async {
        let place = bot.place(told(&command)).await;
        let asker = place.asker(audience);
        bot.core.who_am_i(&asker).await.map(|who| who.spaces).unwrap_or_default()
    };
    let spaces = tokio::time::timeout(bot.times.choices, spaces).await.unwrap_or_default();
    let typed = typed.unwrap_or_default();
    let fits =
        |name: &String| name.to_lowercase().contains(&typed) && name.chars().count() <= MAX_CHOICE;
    let names = spaces.into_iter().map(|grant| grant.space).filter(fits).take(MAX_CHOICES);
    let choices: Vec<Value> = names.map(|name| json!({ "name": name, "value": name })).collect();
    let answer = json!({ "type": 8, "data": { "choices": choices } });
    acknowledge(&bot, (command.id.get(), &command.token), &answer).await;
}
