//! The JSON of users, members, channels, messages and interactions, as Discord sends them.

use serde_json::{Value, json};

use super::people::Person;
use super::world::{Channel, ChannelKind, Message};
use super::{APPLICATION, BOT, BOT_ROLE};

const A_TIME: &str = "2026-01-02T03:04:05.000000+00:00";

pub(crate) fn user(person: &Person) -> Value {
    json!({
        "id": person.id.to_string(),
        "username": person.name,
        "global_name": person.name,
        "discriminator": "0",
        "avatar": null,
        "bot": person.is_bot,
        "public_flags": 0,
    })
}

/// Without the user, as it comes with a message.
pub(crate) fn member(person: &Person) -> Value {
    json!({
        "roles": person.roles.iter().map(u64::to_string).collect::<Vec<_>>(),
        "joined_at": A_TIME,
        "premium_since": null,
        "nick": null,
        "avatar": null,
        "deaf": false,
        "mute": false,
        "pending": false,
        "flags": 0,
        "communication_disabled_until": null,
    })
}

/// The roles of a guild: that of everyone, and that of the bot.
pub(crate) fn roles(guild: &str) -> Value {
    let role = |id: &str, name: &str| {
        json!({
            "id": id, "name": name, "color": 0, "hoist": false, "position": 0,
            "permissions": "0", "managed": false, "mentionable": false, "flags": 0,
        })
    };
    let mut bots = role(&BOT_ROLE.to_string(), "ragterm");
    bots["managed"] = json!(true);
    bots["tags"] = json!({ "bot_id": BOT.to_string() });
    json!([role(guild, "@everyone"), bots])
}

fn kind(kind: ChannelKind) -> u8 {
    match kind {
        ChannelKind::Text => 0,
        ChannelKind::Direct => 1,
        ChannelKind::Group => 3,
        ChannelKind::Thread => 11,
    }
}

pub(crate) fn channel(channel: &Channel) -> Value {
    let mut shape = json!({
        "id": channel.id.to_string(),
        "type": kind(channel.kind),
        "name": channel.name,
        "last_message_id": null,
        "flags": 0,
    });
    match channel.kind {
        ChannelKind::Direct => shape["recipients"] = json!([user(&Person::new(1, &channel.name))]),
        ChannelKind::Text => shape["position"] = json!(0),
        ChannelKind::Group => {}
        ChannelKind::Thread => {
            shape["owner_id"] = json!(channel.owner.map(|id| id.to_string()));
            shape["parent_id"] = json!(channel.parent.map(|id| id.to_string()));
            shape["thread_metadata"] = thread_metadata();
        }
    }
    if let Some(guild) = channel.guild {
        shape["guild_id"] = json!(guild.to_string());
    }
    shape
}

fn thread_metadata() -> Value {
    json!({
        "archived": false,
        "auto_archive_duration": 1440,
        "archive_timestamp": A_TIME,
        "locked": false,
        "create_timestamp": A_TIME,
    })
}

pub(crate) fn message(message: &Message, guild: Option<u64>) -> Value {
    let ephemeral = if message.is_ephemeral { 64 } else { 0 };
    let thinking = if message.is_thinking { 128 } else { 0 };
    let mut shape = json!({
        "id": message.id.to_string(),
        "channel_id": message.channel.to_string(),
        "author": user(&message.author),
        "content": message.content,
        "timestamp": A_TIME,
        "edited_timestamp": null,
        "tts": false,
        "mention_everyone": false,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": message.embeds,
        "components": message.components,
        "pinned": false,
        "type": if message.interaction.is_some() { 20 } else { 0 },
        "flags": ephemeral | thinking,
    });
    if message.interaction.is_some() {
        shape["application_id"] = json!(APPLICATION.to_string());
        shape["webhook_id"] = json!(APPLICATION.to_string());
    }
    if let Some(guild) = guild {
        shape["guild_id"] = json!(guild.to_string());
    }
    shape
}

/// All of an interaction but its type, its data and the message that it was made at.
pub(crate) fn interaction(id: u64, token: &str, person: &Person, place: &Channel) -> Value {
    let mut shape = json!({
        "id": id.to_string(),
        "application_id": APPLICATION.to_string(),
        "channel_id": place.id.to_string(),
        "channel": channel(place),
        "token": token,
        "version": 1,
        "app_permissions": "562949953601536",
        "locale": "en-GB",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": context(place.kind),
        "attachment_size_limit": 524_288,
    });
    if let Some(guild) = place.guild {
        shape["guild_id"] = json!(guild.to_string());
        shape["guild_locale"] = json!("en-GB");
        shape["member"] = member(person);
        shape["member"]["user"] = user(person);
        shape["member"]["permissions"] = json!("562949953601536");
    } else {
        shape["user"] = user(person);
    }
    shape
}

fn context(kind: ChannelKind) -> u8 {
    match kind {
        ChannelKind::Text | ChannelKind::Thread => 0,
        ChannelKind::Direct => 1,
        ChannelKind::Group => 2,
    }
}

/// An object of names and values as the options of a command.
pub(crate) fn options(values: &Value) -> Value {
    let Some(values) = values.as_object() else { return json!([]) };
    let option = |(name, value): (&String, &Value)| {
        if let Some(typed) = value.get("typed") {
            return json!({ "name": name, "type": 3, "value": typed, "focused": true });
        }
        let kind = match value {
            Value::Bool(_) => 5,
            Value::Number(_) => 4,
            _ => 3,
        };
        json!({ "name": name, "type": kind, "value": value })
    };
    values.iter().map(option).collect()
}
