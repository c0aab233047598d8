//! Ollama's own API: version, tags, show, embed, pull.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::behind::{self, Behind};
use super::vectors::{cut, tokens, vector};
use super::{Answers, Behaviour, Fake, OnLong, State, error};

/// Ollama with the default behaviour.
pub fn start() -> Fake {
    start_with(Behaviour::default())
}

/// Ollama that does what it is told.
pub fn start_with(behaviour: Behaviour) -> Fake {
    Fake::start(behaviour, router)
}

/// Ollama at an address where it may have been before.
pub fn start_at(address: SocketAddr) -> Fake {
    Fake::start_at(address, Behaviour::default(), router)
}

/// Ollama with all-MiniLM-L6-v2, whose vectors are those of a real server.
pub fn in_front_of(behind: Behind) -> Fake {
    start_with(Behaviour {
        models: vec!["all-minilm:latest".into()],
        dimensions: 384,
        context: 512,
        behind: Some(behind),
        ..Behaviour::default()
    })
}

fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/api/version", get(async || Json(json!({ "version": "0.13.5" }))))
        .route("/api/tags", get(tags))
        .route("/api/show", post(show))
        .route("/api/embed", post(embed))
        .route("/api/pull", post(pull))
        .with_state(state)
}

async fn tags(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let model = |name: &String| {
        json!({
            "name": name, "model": name, "modified_at": "2026-01-02T03:04:05Z",
            "size": 274_302_450, "digest": blake3::hash(name.as_bytes()).to_hex().to_string(),
            "details": { "format": "gguf", "family": "nomic-bert", "quantization_level": "F16" },
        })
    };
    let models: Vec<Value> = state.behaviour().models.iter().map(model).collect();
    Json(json!({ "models": models }))
}

async fn show(Shared(state): Shared<Arc<State>>, Json(body): Json<Value>) -> Response {
    let model = body["model"].as_str().unwrap();
    if !has(&state, model) {
        return error(404, &format!("model '{model}' not found"));
    }
    let Behaviour { dimensions, context, .. } = *state.behaviour();
    Json(json!({
        "modelfile": "FROM model", "parameters": "", "template": "{{ .Prompt }}",
        "details": { "format": "gguf", "family": "nomic-bert", "parameter_size": "137M" },
        "model_info": {
            "general.architecture": "nomic-bert",
            "nomic-bert.context_length": context,
            "nomic-bert.embedding_length": dimensions,
        },
        "capabilities": ["embedding"],
    }))
    .into_response()
}

async fn embed(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let texts = state.record("/api/embed", &headers, body.clone());
    let model = body["model"].as_str().unwrap();
    if !has(&state, model) {
        return error(404, &format!("model \"{model}\" not found, try pulling it first"));
    }
    if let Some(trouble) = state.trouble(texts.len()).await {
        return trouble;
    }
    let behaviour = state.behaviour().clone();
    if let Some(key) = behaviour.key
        && headers.get("authorization").is_none_or(|sent| sent != key)
    {
        return error(401, "unauthorized");
    }
    if let Some(behind) = &behaviour.behind {
        let answer = behind.embed(&texts).await;
        state.served();
        return passed_on(model, answer);
    }
    let has_poison = |text: &String| behaviour.poison.is_some_and(|word| text.contains(word));
    if texts.iter().any(has_poison) {
        return error(500, "failed to encode response: the runner crashed");
    }
    let is_long = |text: &String| tokens(text) > behaviour.limit;
    if behaviour.on_long == OnLong::Refuse && texts.iter().any(is_long) {
        return error(400, "the input length exceeds the context length");
    }
    let counted: usize = texts.iter().map(|text| tokens(text).min(behaviour.limit)).sum();
    let dimensions = body["dimensions"].as_u64().map_or(behaviour.dimensions, |d| d as usize);
    answered(model, embeddings(&texts, dimensions, &behaviour), counted as u64)
}

fn answered(model: &str, embeddings: Vec<Value>, counted: u64) -> Response {
    Json(json!({
        "model": model, "embeddings": embeddings,
        "total_duration": 14_143_917, "load_duration": 1_019_500, "prompt_eval_count": counted,
    }))
    .into_response()
}

/// What the server behind it said, in Ollama's way.
fn passed_on(model: &str, answer: behind::Answer) -> Response {
    match answer {
        behind::Answer::Vectors(vectors, counted) => answered(model, vectors, counted),
        behind::Answer::TooLong => error(400, "the input length exceeds the context length"),
        behind::Answer::Failed(message) => error(500, &message),
    }
}

fn embeddings(texts: &[String], dimensions: usize, behaviour: &Behaviour) -> Vec<Value> {
    let dimensions = match behaviour.answers {
        Answers::Shorter => dimensions / 2,
        _ => dimensions,
    };
    let missing = usize::from(behaviour.answers == Answers::TooFew);
    let one = |text: &String| {
        let mut vector = json!(vector(&cut(text, behaviour.limit), dimensions, 1.0));
        if behaviour.answers == Answers::Null && text.contains("numberless") {
            vector[0] = Value::Null;
        }
        vector
    };
    texts.iter().skip(missing).map(one).collect()
}

/// Two layers, each in four steps, one line each.
async fn pull(Shared(state): Shared<Arc<State>>, Json(body): Json<Value>) -> Response {
    let model = body["model"].as_str().unwrap().to_owned();
    let known = state.behaviour().library.clone();
    let mut lines = vec![json!({ "status": "pulling manifest" })];
    if known.as_ref().is_none_or(|known| *known != model) {
        lines.push(json!({ "error": "pull model manifest: file does not exist" }));
    } else {
        for digest in ["970aa74c0a90", "c71d239df917"] {
            for step in 1..=4 {
                lines.push(json!({
                    "status": format!("pulling {digest}"), "digest": format!("sha256:{digest}"),
                    "total": 4_000, "completed": step * 1_000,
                }));
            }
        }
        for status in ["verifying sha256 digest", "writing manifest", "success"] {
            lines.push(json!({ "status": status }));
        }
        state.behaviour().models.push(format!("{model}:latest"));
    }
    // In pieces that have nothing to do with the lines.
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let pieces: Vec<Bytes> = text.as_bytes().chunks(37).map(Bytes::copy_from_slice).collect();
    let body = Body::from_stream(stream::iter(pieces).map(Ok::<_, std::io::Error>));
    ([("content-type", "application/x-ndjson")], body).into_response()
}

fn has(state: &State, model: &str) -> bool {
    let tagged = if model.contains(':') { model.to_owned() } else { format!("{model}:latest") };
    state.behaviour().models.contains(&tagged)
}
