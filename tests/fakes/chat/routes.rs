//! Where the protocols are spoken, and what is refused before there is a stream.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::super::vectors::tokens;
use super::frames::Counts;
use super::{Asked, MODEL, Protocol, Reply, State, Then};

pub fn router(state: Arc<State>) -> Router {
    let router = match state.protocol {
        Protocol::Ollama => Router::new()
            .route("/api/version", get(async || Json(json!({ "version": "0.13.5" }))))
            .route("/api/show", post(show))
            .route("/api/chat", post(chat)),
        Protocol::OpenAi => {
            Router::new().route("/v1/models", get(models)).route("/v1/chat/completions", post(chat))
        }
        Protocol::Anthropic => {
            Router::new().route("/v1/models/{model}", get(model)).route("/v1/messages", post(chat))
        }
    };
    router.with_state(state)
}

async fn show(Shared(state): Shared<Arc<State>>, Json(body): Json<Value>) -> Response {
    let model = body["model"].as_str().unwrap();
    if !is_known(model) {
        return refuse(&state, 404, &format!("model '{model}' not found"));
    }
    let thinking = state.nature.thinks.then_some("thinking");
    let capabilities: Vec<&str> = ["completion"].into_iter().chain(thinking).collect();
    Json(json!({
        "modelfile": "FROM model", "parameters": "num_ctx 2048", "template": "{{ .Prompt }}",
        "details": { "format": "gguf", "family": "llama", "parameter_size": "8.0B" },
        "model_info": {
            "general.architecture": "llama", "llama.context_length": state.nature.context,
        },
        "capabilities": capabilities,
    }))
    .into_response()
}

/// As vLLM does.
async fn models(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let model = json!({ "id": MODEL, "object": "model", "owned_by": "vllm",
        "max_model_len": state.nature.context });
    Json(json!({ "object": "list", "data": [model] }))
}

async fn model(Shared(state): Shared<Arc<State>>, Path(model): Path<String>) -> Response {
    if state.nature.tells_nothing {
        return refuse(&state, 404, "nope");
    }
    match is_known(&model) {
        true => {
            Json(json!({ "id": model, "type": "model", "max_input_tokens": state.nature.context }))
                .into_response()
        }
        false => refuse(&state, 404, &format!("model: {model}")),
    }
}

async fn chat(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let asked = Asked { headers, body };
    state.asked.lock().unwrap().push(asked.clone());
    if let Some(refusal) = refusal(&state, &asked) {
        return refusal;
    }
    let mut held = state.held.subscribe();
    // Its sender is as old as the server.
    let _there = held.wait_for(|held| !held).await.is_ok();
    let reply = (state.script)(&asked);
    match reply.then {
        Then::Refuse(status, message) => refuse(&state, status, message),
        Then::Busy(status, wait) => {
            let mut response = refuse(&state, status, "too many requests");
            response.headers_mut().insert("retry-after", wait.parse().unwrap());
            response
        }
        Then::Silence => {
            let _until_nobody_waits = Open::count(state);
            std::future::pending().await
        }
        _ => streamed(state, &asked, reply),
    }
}

/// What the real server would refuse too.
fn refusal(state: &State, asked: &Asked) -> Option<Response> {
    let Asked { headers, body } = asked;
    let is_anthropic = state.protocol == Protocol::Anthropic;
    if is_anthropic && headers.get("anthropic-version").is_none() {
        return Some(refuse(state, 400, "anthropic-version: header is required"));
    }
    let header = if is_anthropic { "x-api-key" } else { "authorization" };
    if let Some(key) = state.nature.key
        && headers.get(header).is_none_or(|sent| sent != key)
    {
        return Some(refuse(state, 401, "invalid key: sk-wrong-key"));
    }
    let model = body["model"].as_str().unwrap();
    if !is_known(model) {
        let words = format!("The model `{model}` was not found");
        return Some(refuse(state, 404, &words));
    }
    if let Some(refused) = state.nature.refuses
        && has(body, refused)
    {
        return Some(refuse(state, 400, &format!("Unsupported parameter: '{refused}'")));
    }
    let is_cut = state.nature.cuts || body["truncate"] == true;
    let is_long = prompt_tokens(body) > window(state, body) && !is_cut;
    is_long.then(|| refuse(state, 400, "the input length exceeds the context length"))
}

fn has(body: &Value, part: &str) -> bool {
    match part {
        "system role" => body["messages"][0]["role"] == "system",
        part => !body[part].is_null(),
    }
}

fn window(state: &State, body: &Value) -> u64 {
    match state.protocol {
        Protocol::Ollama => body["options"]["num_ctx"].as_u64().unwrap_or(4_096),
        Protocol::OpenAi | Protocol::Anthropic => state.nature.context,
    }
    .min(state.nature.context)
}

fn prompt_tokens(body: &Value) -> u64 {
    let texts = body["messages"].as_array().unwrap().iter();
    let texts = texts.map(|message| &message["content"]).chain([&body["system"]]);
    texts.filter_map(Value::as_str).map(|text| tokens(text) as u64).sum()
}

type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, std::io::Error>> + Send>>;

fn streamed(state: Arc<State>, asked: &Asked, reply: Reply) -> Response {
    let protocol = state.protocol;
    let counts = Counts {
        prompt: prompt_tokens(&asked.body).min(window(&state, &asked.body)),
        output: (reply.thoughts.len() + reply.pieces.len()) as u64,
        are_wanted: asked.body["stream_options"]["include_usage"] == true,
    };
    let thinks = asked.body["think"] != false;
    let thoughts = reply.thoughts.iter().filter(|_| thinks).map(|text| protocol.thought(text));
    let said = reply.pieces.iter().map(|text| protocol.piece(text));
    let begin: String = protocol.opening(counts);
    let mut frames: Vec<Vec<u8>> =
        [begin].into_iter().chain(thoughts).chain(said).map(String::into_bytes).collect();
    let mut endless: Option<Frames> = None;
    match reply.then {
        Then::Stall => endless = Some(Box::pin(stream::pending())),
        Then::Drop => endless = Some(Box::pin(stream::once(broken()))),
        Then::Forever => {
            let last = Bytes::from(protocol.piece(reply.pieces.last().unwrap()));
            endless = Some(Box::pin(stream::repeat_with(move || Ok(last.clone()))));
        }
        Then::Trouble(kind, message) => frames.push(protocol.trouble(kind, message).into_bytes()),
        Then::Bytes(bytes) => frames.push(bytes.to_vec()),
        Then::Close => {}
        then => frames.push(protocol.closing(then, counts).into_bytes()),
    }
    let pieces = cut(frames, &reply).into_iter().map(|piece| Ok(Bytes::from(piece)));
    let frames = stream::iter(pieces).chain(endless.unwrap_or_else(|| Box::pin(stream::empty())));
    let body = Body::from_stream(counted(state, Box::pin(frames)));
    ([("content-type", protocol.content_type())], body).into_response()
}

/// Breaks the connection when what was said before is on its way: the server writes out what it has
/// whenever the stream has nothing more for now.
async fn broken() -> Result<Bytes, std::io::Error> {
    tokio::task::yield_now().await;
    Err(std::io::Error::other("gone"))
}

/// The stream as it arrives: whole events, or pieces that have nothing to do with them.
fn cut(frames: Vec<Vec<u8>>, reply: &Reply) -> Vec<Vec<u8>> {
    let ended = |frame: Vec<u8>| match reply.line_end {
        "\n" => frame,
        end => String::from_utf8(frame).unwrap().replace('\n', end).into_bytes(),
    };
    let frames: Vec<Vec<u8>> = frames.into_iter().map(ended).collect();
    match reply.cut {
        0 => frames.into_iter().filter(|frame| !frame.is_empty()).collect(),
        size => frames.concat().chunks(size).map(<[u8]>::to_vec).collect(),
    }
}

/// An answer that somebody waits for.
struct Open(Arc<State>);

impl Open {
    fn count(state: Arc<State>) -> Self {
        state.open.fetch_add(1, Ordering::Relaxed);
        Self(state)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts the stream as open until it is over or nobody reads it any more.
fn counted(state: Arc<State>, frames: Frames) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let open = Open::count(state);
    frames.map(move |frame| {
        let _until_here = &open;
        frame
    })
}

fn is_known(model: &str) -> bool {
    model == MODEL || format!("{model}:latest") == MODEL
}

fn refuse(state: &State, status: u16, message: &str) -> Response {
    let code = StatusCode::from_u16(status).unwrap();
    (code, Json(state.protocol.refusal(status, message))).into_response()
}
