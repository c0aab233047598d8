//! OpenAI's `/v1/embeddings` and `/v1/models`.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::vectors::{cut, tokens, vector};
use super::{Answers, Behaviour, Fake, OnLong, State};

/// A server that does what it is told; its URL ends in `/v1`.
pub fn start_with(behaviour: Behaviour) -> Fake {
    let mut fake = Fake::start(behaviour, |state| {
        Router::new()
            .route("/v1/embeddings", post(embed))
            .route("/v1/models", get(models))
            .with_state(state)
    });
    fake.url.push_str("/v1");
    fake
}

/// A server with the default behaviour.
pub fn start() -> Fake {
    start_with(Behaviour::default())
}

async fn models(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let model = |name: &String| json!({ "id": name, "object": "model", "owned_by": "library" });
    let models: Vec<Value> = state.behaviour().models.iter().map(model).collect();
    Json(json!({ "object": "list", "data": models }))
}

async fn embed(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let texts = state.record("/v1/embeddings", &headers, body.clone());
    let model = body["model"].as_str().unwrap();
    let behaviour = state.behaviour().clone();
    if let Some(key) = behaviour.key
        && headers.get("authorization").is_none_or(|sent| sent != key)
    {
        return error(401, "Incorrect API key provided: sk-wrong-key");
    }
    if !behaviour.models.iter().any(|known| known == model) {
        return error(404, &format!("The model `{model}` does not exist."));
    }
    if let Some(trouble) = state.trouble(texts.len()).await {
        return trouble;
    }
    if texts.len() > behaviour.most_texts {
        let (got, most) = (texts.len(), behaviour.most_texts);
        return error(413, &format!("batch size {got} > maximum allowed batch size {most}"));
    }
    let limit = behaviour.limit;
    if behaviour.on_long == OnLong::Refuse
        && let Some(long) = texts.iter().find(|text| tokens(text) > limit)
    {
        let asked = tokens(long);
        return error(
            400,
            &format!(
                "This model's maximum context length is {limit} tokens, however you requested \
                 {asked} tokens. Please reduce your prompt."
            ),
        );
    }
    let counted: usize = texts.iter().map(|text| tokens(text).min(limit)).sum();
    let dimensions = body["dimensions"].as_u64().map_or(behaviour.dimensions, |d| d as usize);
    Json(json!({
        "object": "list", "data": data(&texts, dimensions, &behaviour), "model": model,
        "usage": { "prompt_tokens": counted, "total_tokens": counted },
    }))
    .into_response()
}

/// The last text first: the order is in the indexes.
fn data(texts: &[String], dimensions: usize, behaviour: &Behaviour) -> Vec<Value> {
    let dimensions = match behaviour.answers {
        Answers::Shorter => dimensions / 2,
        _ => dimensions,
    };
    let missing = usize::from(behaviour.answers == Answers::TooFew);
    let one = |(index, text): (usize, &String)| {
        // Not of length 1: not every server scales its vectors.
        let mut vector = json!(vector(&cut(text, behaviour.limit), dimensions, 3.0));
        if behaviour.answers == Answers::Null && text.contains("numberless") {
            vector[0] = Value::Null;
        }
        json!({ "object": "embedding", "index": index, "embedding": vector })
    };
    let known = texts.len() - missing.min(texts.len());
    texts.iter().take(known).enumerate().rev().map(one).collect()
}

fn error(status: u16, message: &str) -> Response {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    let error = json!({
        "message": message, "type": "invalid_request_error", "param": null, "code": null,
    });
    (status, Json(json!({ "error": error }))).into_response()
}
