//! The Web API and response URLs, with Slack's limits.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Query, State as Extracted};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::journal::{Call, Message};
use super::{APP_TOKEN, BOT, BOT_TOKEN, Fault, Shared, State, TEAM};

/// How often a response URL can be used.
const USES: u32 = 5;

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
}

type Outcome = Result<Value, String>;

pub(crate) fn routes() -> Router<Fake> {
    Router::new()
        .route("/api/{method}", any(call))
        .route("/respond/{channel}/{user}/{n}", post(respond))
}

async fn call(
    Extracted(fake): Extracted<Fake>,
    Path(method): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let body = if body.is_empty() {
        json!(query)
    } else {
        serde_json::from_str(&body).unwrap_or(Value::Null)
    };
    let token = bearer(&headers);
    fake.shared.change(|state| {
        if let Some(response) = failing(state, &method, (&body, &token)) {
            return response;
        }
        let outcome = authorized(&method, &token)
            .and_then(|()| perform(state, &method, (&body, fake.address)));
        note(state, &method, (&body, &token), outcome.as_ref().map(|_| ()).map_err(Clone::clone));
        answered(outcome)
    })
}

fn bearer(headers: &HeaderMap) -> String {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned()
}

fn authorized(method: &str, token: &str) -> Result<(), String> {
    let expected = if method == "apps.connections.open" { APP_TOKEN } else { BOT_TOKEN };
    match token {
        "" => Err("not_authed".to_owned()),
        _ if token == expected => Ok(()),
        _ => Err("invalid_auth".to_owned()),
    }
}

fn note(
    state: &mut State,
    method: &str,
    (body, token): (&Value, &str),
    outcome: Result<(), String>,
) {
    state.journal.calls.push(Call {
        method: method.to_owned(),
        body: body.clone(),
        token: token.to_owned(),
        at: Instant::now(),
        outcome,
    });
}

/// The fault that a test has asked for, if it has.
fn failing(state: &mut State, method: &str, call: (&Value, &str)) -> Option<Response> {
    let failing = state.faults.get_mut(method).filter(|failing| failing.times > 0)?;
    failing.times -= 1;
    let fault = failing.fault.clone();
    note(state, method, call, Err(format!("{fault:?}")));
    Some(match fault {
        Fault::TooMany(seconds) => (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, seconds.to_string())],
            Json(json!({ "ok": false, "error": "ratelimited" })),
        )
            .into_response(),
        Fault::Refused(error) => answered(Err(error)),
        Fault::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, "<html>").into_response()
        }
    })
}

fn answered(outcome: Outcome) -> Response {
    match outcome {
        Ok(mut reply) => {
            reply["ok"] = json!(true);
            Json(reply).into_response()
        }
        Err(error) => Json(json!({ "ok": false, "error": error })).into_response(),
    }
}

fn perform(state: &mut State, method: &str, (body, address): (&Value, SocketAddr)) -> Outcome {
    match method {
        "auth.test" => Ok(json!({
            "url": "https://example.slack.com/", "team": "Example", "user": "ragterm",
            "team_id": TEAM, "user_id": BOT, "bot_id": "BBOT", "is_enterprise_install": false,
        })),
        "apps.connections.open" => {
            state.journal.opened += 1;
            let ticket = state.next();
            Ok(json!({ "url": format!("ws://{address}/link?ticket={ticket}&app_id=A1") }))
        }
        "chat.postMessage" => post_message(state, body),
        "chat.postEphemeral" => {
            let only = text(body, "user").ok_or("user_not_found")?;
            let message = accepted(state, body, Some(only))?;
            let ts = message.ts.clone();
            state.journal.messages.push(message);
            Ok(json!({ "message_ts": ts }))
        }
        "chat.update" => update(state, body),
        "conversations.replies" => Ok(replies(state, body)),
        "usergroups.list" => {
            let with_users = body["include_users"] == "true";
            let group = |(id, users): &(String, Vec<String>)| match with_users {
                true => json!({ "id": id, "handle": id, "users": users }),
                false => json!({ "id": id, "handle": id }),
            };
            Ok(json!({ "usergroups": state.groups.iter().map(group).collect::<Vec<_>>() }))
        }
        "users.info" => Ok(json!({ "user": { "id": body["user"], "name": "somebody" } })),
        "conversations.info" => {
            Ok(json!({ "channel": { "id": body["channel"], "name": "general" } }))
        }
        _ => Err("unknown_method".to_owned()),
    }
}

fn post_message(state: &mut State, body: &Value) -> Outcome {
    let message = accepted(state, body, None)?;
    let reply = json!({
        "channel": message.channel, "ts": message.ts,
        "message": { "type": "message", "ts": message.ts, "user": BOT, "text": message.text },
    });
    state.journal.messages.push(message);
    Ok(reply)
}

fn update(state: &mut State, body: &Value) -> Outcome {
    let fresh = accepted(state, body, None)?;
    let ts = text(body, "ts").unwrap_or_default();
    let messages = &mut state.journal.messages;
    let old = messages.iter_mut().find(|it| it.ts == ts && it.channel == fresh.channel);
    let old = old.filter(|it| it.only.is_none()).ok_or("message_not_found")?;
    old.text = fresh.text;
    old.blocks = fresh.blocks;
    old.edits += 1;
    Ok(json!({ "channel": old.channel, "ts": ts, "text": old.text, "message": {} }))
}

fn replies(state: &State, body: &Value) -> Value {
    let thread = text(body, "ts").unwrap_or_default();
    let is_in = |message: &&Message| {
        body["channel"] == message.channel.as_str() && message.thread.as_deref() == Some(&thread)
    };
    let own = state.journal.messages.iter().filter(is_in);
    let own = own.map(|message| json!({ "user": BOT, "ts": message.ts, "text": message.text }));
    let parent = json!({ "user": "U1", "ts": thread, "text": "the first message" });
    let messages: Vec<_> = std::iter::once(parent).chain(own).collect();
    json!({ "messages": messages, "has_more": false })
}

fn text(body: &Value, key: &str) -> Option<String> {
    body[key].as_str().map(str::to_owned)
}

/// The message in `body`, if Slack would take it.
fn accepted(state: &mut State, body: &Value, only: Option<String>) -> Result<Message, String> {
    let channel = text(body, "channel").ok_or("channel_not_found")?;
    check(body)?;
    Ok(Message {
        channel,
        ts: state.timestamp(),
        thread: text(body, "thread_ts"),
        only,
        text: text(body, "text").unwrap_or_default(),
        blocks: body["blocks"].clone(),
        edits: 0,
        url: None,
    })
}

/// Slack's limits: of blocks, of the text in one and in all of them.
fn check(body: &Value) -> Result<(), String> {
    let no_blocks = Vec::new();
    let blocks = body["blocks"].as_array().unwrap_or(&no_blocks);
    if blocks.is_empty() && body["text"].as_str().unwrap_or_default().is_empty() {
        return Err("no_text".to_owned());
    }
    if body["text"].as_str().unwrap_or_default().encode_utf16().count() > 4_000 {
        return Err("msg_too_long".to_owned());
    }
    if blocks.len() > 50 || !blocks.iter().all(is_valid) {
        return Err("invalid_blocks".to_owned());
    }
    if Value::Array(blocks.clone()).to_string().encode_utf16().count() > 13_200 {
        return Err("msg_blocks_too_long".to_owned());
    }
    Ok(())
}

fn is_valid(block: &Value) -> bool {
    let fits = |text: &Value| {
        let length = text["text"].as_str().unwrap_or_default().encode_utf16().count();
        (1..=3_000).contains(&length)
    };
    let elements = block["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    match block["type"].as_str() {
        Some("section") => fits(&block["text"]),
        Some("context") => (1..=10).contains(&elements.len()) && elements.iter().all(fits),
        Some("actions") => {
            (1..=25).contains(&elements.len())
                && elements.iter().all(|element| {
                    fits(&element["text"])
                        && element["value"].as_str().is_none_or(|value| value.len() <= 2_000)
                })
        }
        Some("divider") => true,
        _ => false,
    }
}

async fn respond(
    Extracted(fake): Extracted<Fake>,
    Path((channel, user, _)): Path<(String, String, u64)>,
    uri: Uri,
    Json(body): Json<Value>,
) -> Response {
    let mut body = body;
    body["channel"] = json!(channel);
    let url = uri.path().to_owned();
    fake.shared.change(|state| {
        if let Some(response) = failing(state, "respond", (&body, "")) {
            return response;
        }
        let outcome = use_url(state, &url, (&body, user));
        note(state, "respond", (&body, ""), outcome.clone());
        match outcome {
            Ok(()) => "ok".into_response(),
            Err(error) => (StatusCode::NOT_FOUND, Json(json!({ "ok": false, "error": error })))
                .into_response(),
        }
    })
}

fn use_url(state: &mut State, url: &str, (body, user): (&Value, String)) -> Result<(), String> {
    if state.uses.get(url).copied().unwrap_or_default() >= USES {
        return Err("used_url".to_owned());
    }
    let only = (body["response_type"] != "in_channel").then_some(user);
    let mut message = accepted(state, body, only)?;
    message.url = Some(url.to_owned());
    *state.uses.entry(url.to_owned()).or_default() += 1;
    let messages = &mut state.journal.messages;
    let old = messages.iter_mut().find(|it| it.url.as_deref() == Some(url));
    match old.filter(|_| body["replace_original"] == json!(true)) {
        Some(old) => {
            old.text = message.text;
            old.blocks = message.blocks;
            old.edits += 1;
        }
        None => messages.push(message),
    }
    Ok(())
}
