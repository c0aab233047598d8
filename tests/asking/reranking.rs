//! A server that orders hits anew, and one that fails at it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::write_documents;
use crate::fakes::{free_address, served::Served};
use crate::support::{Instance, until};

/// Scores highest what says "trains"; fails once `broken` is set.
fn reranker(broken: &Arc<AtomicBool>) -> (String, Served) {
    let address = free_address();
    let broken = Arc::clone(broken);
    let rerank = move |Json(asked): Json<Value>| async move {
        if broken.load(Ordering::Relaxed) {
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let documents = asked["documents"].as_array().unwrap().clone();
        let score = |(index, text): (usize, &Value)| {
            let is_best = text.as_str().unwrap().contains("Trains");
            json!({ "index": index, "relevance_score": if is_best { 4.0 } else { -4.0 } })
        };
        let mut results: Vec<Value> = documents.iter().enumerate().map(score).collect();
        results.reverse();
        Ok(Json(json!({ "results": results })))
    };
    let served = Served::start(address, Router::new().route("/v1/rerank", post(rerank)));
    (format!("http://{address}"), served)
}

#[test]
fn a_reranker_has_the_last_word_until_it_fails() {
    let broken = Arc::new(AtomicBool::new(false));
    let (url, _served) = reranker(&broken);
    let ragterm = Instance::without_embedder().with("RAGTERM_SEARCH__RERANK_URL", &url);
    write_documents(&ragterm);
    ragterm.add();
    let search = || ragterm.run(&["search", "--json", "vacation", "days"]).expect(0).json();
    // A busy machine may not rerank in the time that a search has for it.
    let mut reranked = Value::Null;
    until("the hits to be reranked", || {
        reranked = search();
        reranked["degraded"] == Value::Null
    });
    assert_eq!(reranked["hits"][0]["path"], "travel.md");
    assert!(reranked["hits"][0]["scores"]["rerank"].as_f64().unwrap() > 0.9);
    broken.store(true, Ordering::Relaxed);
    let fused = search();
    assert_eq!(fused["hits"][0]["path"], "leave.md");
    assert_eq!(fused["hits"][0]["scores"]["rerank"], Value::Null);
    let degraded = fused["degraded"].as_str().unwrap();
    assert!(degraded.starts_with("hits are in the order of the searches"), "{degraded}");
}
