//! The bot's commands: bulk overwriting and listing, globally and per guild.

use serde_json::{Value, json};

use super::APPLICATION;
use super::checks;
use super::rest::{Answer, fault};
use super::world::World;

pub(crate) fn route(world: &mut World, method: &str, rest: &[&str], body: &Value) -> Answer {
    let guild = match rest {
        ["commands"] => None,
        ["guilds", guild, "commands"] => match guild.parse() {
            Ok(guild) => Some(guild),
            Err(_) => return fault(404, 10_004, "Unknown Guild"),
        },
        _ => return fault(404, 0, "404: Not Found"),
    };
    match method {
        "PUT" => overwrite(world, guild, body),
        "GET" => (200, world.commands.get(&guild).cloned().unwrap_or(json!([]))),
        _ => fault(405, 0, "405: Method Not Allowed"),
    }
}

fn overwrite(world: &mut World, guild: Option<u64>, body: &Value) -> Answer {
    let Some(wanted) = body.as_array() else { return fault(400, 50_035, "Invalid Form Body") };
    let mut kept = Vec::new();
    for (id, command) in (31_u64..).zip(wanted) {
        if let Err(refused) = checks::command(command) {
            return refused;
        }
        if guild.is_some()
            && !(command["contexts"].is_null() && command["integration_types"].is_null())
        {
            return checks::invalid("contexts", "Only commands for all guilds have contexts");
        }
        let mut command = command.clone();
        command["id"] = json!(id.to_string());
        command["application_id"] = json!(APPLICATION.to_string());
        command["version"] = json!("1");
        if let Some(guild) = guild {
            command["guild_id"] = json!(guild.to_string());
        }
        kept.push(command);
    }
    let kept = Value::Array(kept);
    world.commands.insert(guild, kept.clone());
    (200, kept)
}
