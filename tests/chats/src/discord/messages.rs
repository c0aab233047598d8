//! Channels, their messages and their threads.

use std::time::Instant;

use serde_json::{Value, json};

use super::people::Person;
use super::rest::{Answer, fault};
use super::world::{Channel, ChannelKind, Message, World};
use super::{BOT, checks, shapes};

/// Something that the bot writes.
pub(crate) struct Write<'a> {
    pub(crate) body: &'a Value,
    pub(crate) interaction: Option<u64>,
    pub(crate) is_ephemeral: bool,
    pub(crate) is_thinking: bool,
}

pub(crate) fn route(world: &mut World, call: (&str, u64, &[&str]), body: &Value) -> Answer {
    let (method, channel, rest) = call;
    let Some(known) = world.channels.get(&channel) else {
        return fault(404, 10_003, "Unknown Channel");
    };
    match (method, rest) {
        ("GET", []) => (200, shapes::channel(known)),
        ("POST", ["typing"]) => (204, Value::Null),
        ("POST", ["messages"]) => send(world, channel, body),
        ("POST", ["messages", message, "threads"]) => {
            begin_thread(world, (channel, message.parse().ok()), body)
        }
        (_, ["messages", message]) => {
            let is_here = |id: &u64| world.messages.get(id).is_some_and(|at| at.channel == channel);
            match message.parse().ok().filter(is_here) {
                Some(message) => at(world, method, message, body),
                None => fault(404, 10_008, "Unknown Message"),
            }
        }
        _ => fault(404, 0, "404: Not Found"),
    }
}

fn send(world: &mut World, channel: u64, body: &Value) -> Answer {
    if let Err(refused) = checks::message(body) {
        return refused;
    }
    if let Some(made) = made_before(world, channel, body) {
        return shown(world, made);
    }
    let write = Write { body, interaction: None, is_ephemeral: false, is_thinking: false };
    let id = add(world, channel, write);
    shown(world, id)
}

/// The message that carries the same nonce, where the bot wants that it is made once.
fn made_before(world: &World, channel: u64, body: &Value) -> Option<u64> {
    let nonce = body["nonce"].as_str().filter(|_| body["enforce_nonce"] == json!(true))?;
    let mut here = world.messages.values().filter(|message| message.channel == channel);
    here.find(|message| message.nonce.as_deref() == Some(nonce)).map(|message| message.id)
}

/// Reads, changes or removes one message.
pub(crate) fn at(world: &mut World, method: &str, id: u64, body: &Value) -> Answer {
    let Some(known) = world.messages.get(&id).filter(|known| !known.is_deleted) else {
        return fault(404, 10_008, "Unknown Message");
    };
    match method {
        "GET" => shown(world, id),
        _ if known.author.id != BOT => {
            fault(403, 50_005, "Cannot edit a message authored by another user")
        }
        "PATCH" => {
            if let Err(refused) = checks::edit(known, body) {
                return refused;
            }
            change(world, id, body);
            shown(world, id)
        }
        "DELETE" => {
            if let Some(message) = world.messages.get_mut(&id) {
                message.is_deleted = true;
            }
            (204, Value::Null)
        }
        _ => fault(405, 0, "405: Method Not Allowed"),
    }
}

fn shown(world: &World, id: u64) -> Answer {
    let message = &world.messages[&id];
    // What REST gives does not name the guild.
    (200, shapes::message(message, None))
}

pub(crate) fn add(world: &mut World, channel: u64, write: Write<'_>) -> u64 {
    let id = world.next_id();
    let body = write.body;
    let content = body["content"].as_str().unwrap_or_default().to_string();
    let replied = body["message_reference"]["message_id"].as_str();
    let message = Message {
        id,
        channel,
        author: Person::bot(),
        embeds: list(&body["embeds"]),
        components: list(&body["components"]),
        is_ephemeral: write.is_ephemeral,
        is_thinking: write.is_thinking,
        interaction: write.interaction,
        reply_to: replied.and_then(|id| id.parse().ok()),
        allowed_mentions: if write.is_thinking {
            Vec::new()
        } else {
            vec![body["allowed_mentions"].clone()]
        },
        versions: vec![(Instant::now(), content.clone())],
        content,
        is_deleted: false,
        nonce: body["nonce"].as_str().map(str::to_string),
    };
    world.messages.insert(id, message);
    id
}

pub(crate) fn change(world: &mut World, id: u64, body: &Value) {
    let Some(message) = world.messages.get_mut(&id) else { return };
    if !body["content"].is_null() {
        message.content = body["content"].as_str().unwrap_or_default().to_string();
        message.versions.push((Instant::now(), message.content.clone()));
    }
    if body["embeds"].is_array() {
        message.embeds = list(&body["embeds"]);
    }
    if body["components"].is_array() {
        message.components = list(&body["components"]);
    }
    message.is_thinking = false;
    message.allowed_mentions.push(body["allowed_mentions"].clone());
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn begin_thread(world: &mut World, (channel, at): (u64, Option<u64>), body: &Value) -> Answer {
    let is_here = |message: &&Message| message.channel == channel && !message.is_ephemeral;
    let message = at.and_then(|id| world.messages.get(&id)).filter(is_here);
    let parent = &world.channels[&channel];
    let name = body["name"].as_str().unwrap_or_default();
    match message {
        None => return fault(404, 10_008, "Unknown Message"),
        Some(_) if parent.kind != ChannelKind::Text => {
            return fault(400, 50_024, "Cannot execute action on this channel type");
        }
        Some(_) if !(1..=100).contains(&name.chars().count()) => {
            return checks::invalid("name", "Must be between 1 and 100 in length.");
        }
        Some(message) if world.channels.contains_key(&message.id) => {
            return fault(400, 160_004, "A thread has already been created for this message");
        }
        Some(_) => {}
    }
    let thread = Channel {
        id: at.unwrap_or_default(),
        kind: ChannelKind::Thread,
        guild: parent.guild,
        parent: Some(channel),
        owner: Some(BOT),
        name: name.to_string(),
    };
    let shape = shapes::channel(&thread);
    world.channels.insert(thread.id, thread);
    world.gateway.dispatch("THREAD_CREATE", with(&shape, "newly_created", json!(true)));
    (201, shape)
}

fn with(shape: &Value, key: &str, value: Value) -> Value {
    let mut shape = shape.clone();
    shape[key] = value;
    shape
}
