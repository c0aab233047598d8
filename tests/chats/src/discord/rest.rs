//! The REST interface: the journal, the token, limits, and which part answers.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::limits::{self, Scripted, Verdict};
use super::people::Person;
use super::world::{Call, World};
use super::{APPLICATION, Shared, TOKEN, commands, interactions, messages, shapes};

const MAX_BODY_BYTES: usize = 8 << 20;

/// Status and body of an answer.
pub(crate) type Answer = (u16, Value);

/// An error as Discord words it.
pub(crate) fn fault(status: u16, code: u32, message: &str) -> Answer {
    (status, json!({ "code": code, "message": message }))
}

pub(crate) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let path = parts.uri.path();
    let path = path.strip_prefix("/api/v10").unwrap_or(path).to_string();
    let authorization = parts.headers.get(header::AUTHORIZATION);
    let token = authorization.and_then(|given| given.to_str().ok()?.strip_prefix("Bot "));
    let token = token.unwrap_or_default().to_string();
    let call = Call { method: parts.method.to_string(), path, body, status: 0, at: Instant::now() };
    shared.change(|world| judge(world, call, &token))
}

fn judge(world: &mut World, mut call: Call, token: &str) -> Response {
    let segments: Vec<&str> = call.path.split('/').filter(|part| !part.is_empty()).collect();
    // What carries the token of an interaction needs no other.
    let is_open = matches!(segments[..], ["interactions" | "webhooks" | "gateway", ..]);
    let scripted = world.limits.scripted(&call.path);
    let rules = world.rules.clone();
    let verdict = world.limits.count(limits::bucket(&call.method, &segments), &rules);
    let (status, body) = match (&scripted, &verdict) {
        (Some(Scripted::Broken(status)), _) => fault(*status, 0, "Internal Server Error"),
        (Some(Scripted::TooMany(wait)), _) => too_many(*wait),
        (Some(Scripted::Unheard(status)), _) => {
            route(world, &call.method, &segments, &call.body);
            fault(*status, 0, "Internal Server Error")
        }
        (None, Some(Verdict { is_refused: true, resets_in, .. })) => too_many(*resets_in),
        _ if token != TOKEN && !is_open => fault(401, 0, "401: Unauthorized"),
        _ => route(world, &call.method, &segments, &call.body),
    };
    call.status = status;
    let retry_after = body["retry_after"].as_f64();
    world.calls.push(call);
    respond(status, &body, retry_after, verdict)
}

fn too_many(wait: Duration) -> Answer {
    let retry_after = wait.as_secs_f64();
    let message = "You are being rate limited.";
    (429, json!({ "message": message, "retry_after": retry_after, "global": false }))
}

fn route(world: &mut World, method: &str, segments: &[&str], body: &Value) -> Answer {
    match (method, segments) {
        ("GET", ["gateway"]) => (200, json!({ "url": world.gateway_url })),
        ("GET", ["gateway", "bot"]) => (200, gateway_bot(world)),
        ("GET", ["users", "@me"]) => (200, shapes::user(&Person::bot())),
        ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
            (200, application())
        }
        ("GET", ["guilds", guild, "roles"]) => (200, shapes::roles(guild)),
        (_, ["applications", _, ..]) => commands::route(world, method, &segments[2..], body),
        ("POST", ["interactions", id, token, "callback"]) => {
            interactions::acknowledge(world, (id, token), body)
        }
        (_, ["webhooks", _, token, rest @ ..]) => {
            interactions::webhook(world, (method, token, rest), body)
        }
        (_, ["channels", channel, rest @ ..]) => match channel.parse() {
            Ok(channel) => messages::route(world, (method, channel, rest), body),
            Err(_) => fault(404, 10_003, "Unknown Channel"),
        },
        _ => fault(404, 0, "404: Not Found"),
    }
}

fn gateway_bot(world: &World) -> Value {
    let limit = json!({ "total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1 });
    json!({ "url": world.gateway_url, "shards": 1, "session_start_limit": limit })
}

fn application() -> Value {
    json!({
        "id": APPLICATION.to_string(),
        "name": "ragterm",
        "icon": null,
        "description": "",
        "bot_public": false,
        "bot_require_code_grant": false,
        "verify_key": "00",
        "flags": 0,
    })
}

fn respond(
    status: u16,
    body: &Value,
    retry_after: Option<f64>,
    verdict: Option<Verdict>,
) -> Response {
    let mut response =
        Response::new(if status == 204 { Body::empty() } else { body.to_string().into() });
    *response.status_mut() = StatusCode::from_u16(status).expect("the statuses here are valid");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut set = |name: &'static str, value: String| {
        headers.insert(name, value.parse().expect("numbers and names are valid values"));
    };
    if let Some(verdict) = verdict {
        set("x-ratelimit-limit", verdict.limit.to_string());
        set("x-ratelimit-remaining", verdict.left.to_string());
        let resets = SystemTime::now() + verdict.resets_in;
        let resets = resets.duration_since(UNIX_EPOCH).unwrap_or_default();
        set("x-ratelimit-reset", format!("{:.3}", resets.as_secs_f64()));
        set("x-ratelimit-reset-after", format!("{:.3}", verdict.resets_in.as_secs_f64()));
        set("x-ratelimit-bucket", verdict.bucket);
    }
    if let Some(retry_after) = retry_after {
        // Discord's header counts whole seconds; the body is exact.
        set("retry-after", format!("{}", retry_after.ceil()));
        set("x-ratelimit-scope", "user".into());
    }
    response
}
