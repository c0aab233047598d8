//! The commands that people see, and where they are registered.

use serde_json::{Value, json};

/// Option names, as they come back in interactions.
pub(super) const QUESTION: &str = "question";
pub(super) const QUERY: &str = "query";
pub(super) const SPACE: &str = "space";
pub(super) const PRIVATE: &str = "private";

/// Calls that register the commands: in each of these guilds, or for all if none is named. Those of
/// the other way are removed, or people would see each command twice.
pub(super) fn registrations(application: u64, guilds: &[u64]) -> Vec<(String, Value)> {
    let everywhere = format!("/applications/{application}/commands");
    if guilds.is_empty() {
        return vec![(everywhere, everywhere_but_among_others())];
    }
    let in_guild =
        |guild: &u64| (format!("/applications/{application}/guilds/{guild}/commands"), commands());
    let mut calls: Vec<_> = guilds.iter().map(in_guild).collect();
    calls.push((everywhere, json!([])));
    calls
}

/// The commands for all guilds and for direct messages with the bot; in other people's conversations
/// it has no business. Only commands for all may say so.
fn everywhere_but_among_others() -> Value {
    let mut commands = commands();
    for command in commands.as_array_mut().into_iter().flatten() {
        command["contexts"] = json!([0, 1]);
        command["integration_types"] = json!([0]);
    }
    commands
}

fn commands() -> Value {
    json!([
        command(
            ("ask", "Ask the company's documents", "회사 문서에 질문하기"),
            option(
                QUESTION,
                ("What you want to know", "알고 싶은 것"),
                &json!({ "required": true, "max_length": 4000 })
            ),
        ),
        command(
            ("search", "Search the company's documents", "회사 문서 검색하기"),
            option(
                QUERY,
                ("What to look for", "찾을 내용"),
                &json!({ "required": true, "max_length": 1000 })
            ),
        ),
    ])
}

fn command((name, english, korean): (&str, &str, &str), first: Value) -> Value {
    let space = ("Only in this space", "이 스페이스에서만");
    let private = ("Only you see the answer", "나에게만 보이기");
    json!({
        "name": name,
        "type": 1,
        "description": english,
        "description_localizations": { "ko": korean },
        "options": [
            first,
            option(SPACE, space, &json!({ "autocomplete": true, "max_length": 100 })),
            option(PRIVATE, private, &json!({ "type": 5 })),
        ],
    })
}

fn option(name: &str, (english, korean): (&str, &str), more: &Value) -> Value {
    let mut option = json!({
        "name": name,
        "type": 3,
        "description": english,
        "description_localizations": { "ko": korean },
    });
    if let (Some(option), Some(more)) = (option.as_object_mut(), more.as_object()) {
        option.extend(more.clone());
    }
    option
}
