//! What Discord refuses: texts, embeds, buttons and commands beyond its limits.

use serde_json::{Value, json};

use super::rest::{Answer, fault};
use super::world::Message;

type Checked = Result<(), Answer>;

/// `Invalid Form Body`, with the field.
pub(crate) fn invalid(field: &str, reason: &str) -> Answer {
    let errors =
        json!({ field: { "_errors": [{ "code": "BASE_TYPE_BAD_LENGTH", "message": reason }] } });
    (400, json!({ "code": 50_035, "message": "Invalid Form Body", "errors": errors }))
}

fn characters(value: &Value) -> usize {
    value.as_str().unwrap_or_default().chars().count()
}

fn at_most(field: &str, value: &Value, most: usize) -> Checked {
    if characters(value) > most {
        return Err(invalid(field, &format!("Must be {most} or fewer in length.")));
    }
    Ok(())
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether a kind of callback may answer a kind of interaction.
pub(crate) fn suits(asked: Option<u64>, kind: u64) -> bool {
    match asked {
        Some(2) => matches!(kind, 4 | 5 | 9),
        Some(3) => matches!(kind, 4..=7 | 9),
        Some(4) => kind == 8,
        _ => false,
    }
}

pub(crate) fn callback(kind: u64, data: &Value) -> Checked {
    match kind {
        4 => message(data),
        7 => limits(data),
        8 => choices(data),
        _ => Ok(()),
    }
}

fn choices(data: &Value) -> Checked {
    let choices = items(&data["choices"]);
    if choices.len() > 25 {
        return Err(invalid("choices", "Must be 25 or fewer in length."));
    }
    for choice in choices {
        if !(1..=100).contains(&characters(&choice["name"])) {
            return Err(invalid("name", "Must be between 1 and 100 in length."));
        }
        at_most("value", &choice["value"], 100)?;
    }
    Ok(())
}

/// A new message.
pub(crate) fn message(body: &Value) -> Checked {
    if characters(&body["content"]) == 0 && items(&body["embeds"]).is_empty() {
        return Err(fault(400, 50_006, "Cannot send an empty message"));
    }
    limits(body)
}

/// A change of a message: what it does not name stays.
pub(crate) fn edit(known: &Message, body: &Value) -> Checked {
    let text = if body["content"].is_string() {
        characters(&body["content"])
    } else {
        known.content.len()
    };
    let embeds =
        if body["embeds"].is_array() { items(&body["embeds"]).len() } else { known.embeds.len() };
    if text == 0 && embeds == 0 {
        return Err(fault(400, 50_006, "Cannot send an empty message"));
    }
    limits(body)
}

fn limits(body: &Value) -> Checked {
    at_most("content", &body["content"], 2_000)?;
    at_most("nonce", &body["nonce"], 25)?;
    embeds(items(&body["embeds"]))?;
    buttons(items(&body["components"]))
}

fn embeds(embeds: &[Value]) -> Checked {
    if embeds.len() > 10 {
        return Err(invalid("embeds", "Must be 10 or fewer in length."));
    }
    let mut total = 0;
    for embed in embeds {
        at_most("title", &embed["title"], 256)?;
        at_most("description", &embed["description"], 4_096)?;
        at_most("footer", &embed["footer"]["text"], 2_048)?;
        at_most("author", &embed["author"]["name"], 256)?;
        let fields = items(&embed["fields"]);
        if fields.len() > 25 {
            return Err(invalid("fields", "Must be 25 or fewer in length."));
        }
        for field in fields {
            if characters(&field["name"]) == 0 || characters(&field["value"]) == 0 {
                return Err(invalid("fields", "This field is required"));
            }
            at_most("name", &field["name"], 256)?;
            at_most("value", &field["value"], 1_024)?;
            total += characters(&field["name"]) + characters(&field["value"]);
        }
        address(&embed["url"])?;
        total += characters(&embed["title"]) + characters(&embed["description"]);
        total += characters(&embed["footer"]["text"]) + characters(&embed["author"]["name"]);
    }
    if total > 6_000 {
        return Err(invalid("embeds", "Embed size exceeds maximum size of 6000"));
    }
    Ok(())
}

fn address(url: &Value) -> Checked {
    let is_fine = |url: &str| url.starts_with("http://") || url.starts_with("https://");
    match url.as_str() {
        Some(url) if !is_fine(url) => Err(invalid("url", "Scheme must be one of http, https.")),
        _ => Ok(()),
    }
}

fn buttons(rows: &[Value]) -> Checked {
    if rows.len() > 5 {
        return Err(invalid("components", "Must be 5 or fewer in length."));
    }
    let mut seen = Vec::new();
    for row in rows {
        let buttons = items(&row["components"]);
        if !(1..=5).contains(&buttons.len()) {
            return Err(invalid("components", "Must be between 1 and 5 in length."));
        }
        for button in buttons {
            at_most("label", &button["label"], 80)?;
            at_most("custom_id", &button["custom_id"], 100)?;
            let custom_id = &button["custom_id"];
            if custom_id.is_string() && seen.contains(&custom_id) {
                return Err(invalid("custom_id", "Component custom id cannot be duplicated"));
            }
            seen.push(custom_id);
        }
    }
    Ok(())
}

/// A command with its options: names, lengths, and what is required stands first.
pub(crate) fn command(command: &Value) -> Checked {
    named(command)?;
    let mut may_require = true;
    for option in items(&command["options"]) {
        named(option)?;
        let is_required = option["required"].as_bool().unwrap_or_default();
        if is_required && !may_require {
            return Err(invalid("options", "Required options must be placed before optional ones"));
        }
        may_require = is_required;
    }
    Ok(())
}

fn named(item: &Value) -> Checked {
    let name = item["name"].as_str().unwrap_or_default();
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !(1..=32).contains(&name.len()) || !name.chars().all(is_fine) {
        return Err(invalid("name", "Command name is invalid"));
    }
    if !(1..=100).contains(&characters(&item["description"])) {
        return Err(invalid("description", "Must be between 1 and 100 in length."));
    }
    Ok(())
}
