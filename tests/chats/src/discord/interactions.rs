//! Answers to interactions: the callback, the original answer and what follows it.

use std::time::Instant;

use serde_json::{Value, json};

use super::checks;
use super::messages::{self, Write};
use super::rest::{Answer, fault};
use super::shapes;
use super::world::{Acknowledgement, World};

const EPHEMERAL: u64 = 64;

pub(crate) fn acknowledge(world: &mut World, (id, token): (&str, &str), body: &Value) -> Answer {
    let now = Instant::now();
    let within = world.rules.acknowledge_within;
    let known = id.parse().ok().and_then(|id: u64| world.interactions.get(&id));
    let Some(known) = known.filter(|known| known.token == token) else {
        return fault(404, 10_062, "Unknown interaction");
    };
    let after = now - known.sent;
    if known.acknowledged.is_some() {
        return fault(400, 40_060, "Interaction has already been acknowledged.");
    }
    if after > within {
        return fault(404, 10_062, "Unknown interaction");
    }
    let (id, asked, kind) = (known.id, known.payload["type"].clone(), body["type"].as_u64());
    let Some(kind) = kind.filter(|kind| checks::suits(asked.as_u64(), *kind)) else {
        return fault(400, 50_035, "Invalid Form Body");
    };
    if let Err(refused) = checks::callback(kind, &body["data"]) {
        return refused;
    }
    let given = Acknowledgement { kind, after, data: body["data"].clone() };
    show(world, id, &given);
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.acknowledged = Some(given);
    }
    (204, Value::Null)
}

/// Makes visible what the first answer brings.
fn show(world: &mut World, id: u64, given: &Acknowledgement) {
    match given.kind {
        4 | 5 => {
            let write = Write {
                body: &given.data,
                interaction: Some(id),
                is_ephemeral: is_ephemeral(&given.data),
                is_thinking: given.kind == 5,
            };
            let channel = world.interactions[&id].channel;
            let message = messages::add(world, channel, write);
            if let Some(interaction) = world.interactions.get_mut(&id) {
                interaction.original = Some(message);
            }
        }
        7 => {
            if let Some(message) = world.interactions[&id].original {
                messages::change(world, message, &given.data);
            }
        }
        _ => {}
    }
}

fn is_ephemeral(data: &Value) -> bool {
    data["flags"].as_u64().unwrap_or_default() & EPHEMERAL != 0
}

/// What is written with the token of an interaction.
pub(crate) fn webhook(world: &mut World, call: (&str, &str, &[&str]), body: &Value) -> Answer {
    let (method, token, rest) = call;
    let life = world.rules.token_life;
    let found = world.interactions.values().find(|known| known.token == token);
    let Some(interaction) = found.filter(|known| known.sent.elapsed() < life) else {
        return fault(401, 50_027, "Invalid Webhook Token");
    };
    if interaction.acknowledged.is_none() {
        return fault(404, 10_015, "Unknown Webhook");
    }
    let (id, channel, original) = (interaction.id, interaction.channel, interaction.original);
    let named = match rest {
        ["messages", "@original"] => original,
        ["messages", message] => message.parse().ok(),
        [] if method == "POST" => return follow_up(world, (id, channel), body),
        _ => None,
    };
    let is_of_token = |message: &u64| {
        let found = world.messages.get(message);
        found.is_some_and(|found| found.interaction == Some(id) || original == Some(*message))
    };
    match named.filter(is_of_token) {
        Some(message) => messages::at(world, method, message, body),
        None => fault(404, 10_008, "Unknown Message"),
    }
}

fn follow_up(world: &mut World, (id, channel): (u64, u64), body: &Value) -> Answer {
    if let Err(refused) = checks::message(body) {
        return refused;
    }
    let write =
        Write { body, interaction: Some(id), is_ephemeral: is_ephemeral(body), is_thinking: false };
    let message = messages::add(world, channel, write);
    let guild = world.channels[&channel].guild;
    let shape = world.messages.get(&message).map(|message| shapes::message(message, guild));
    (200, shape.unwrap_or(json!(null)))
}
