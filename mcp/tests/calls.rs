//! What each tool asks the daemon, and how it tells the answer.

use ragterm_proto::v1::*;
use serde_json::json;

use crate::support::{Scene, Script, hit, pretty, structured, text};

fn found() -> Script {
    let second = Hit {
        rank: 2,
        score: 0.5,
        document: "0192bb".into(),
        path: "규정/연차.pdf".into(),
        title: "연차".into(),
        space: "hr".into(),
        source: "share".into(),
        page: Some(3),
        snippet: "연차 이월".into(),
        also_at: vec![Place { path: "old/연차.pdf".into(), ..Place::default() }],
        ..Hit::default()
    };
    let search =
        SearchReply { embedded_share: 0.43, hits: vec![hit(), second], ..SearchReply::default() };
    Script { search, ..Script::default() }
}

#[tokio::test]
async fn a_search_is_answered_with_citations_in_both_forms() {
    let scene = Scene::new(found()).await;
    let result = scene.call("search", json!({ "query": "vacation carry over" })).await;
    assert_eq!(result.is_error, Some(false));
    insta::assert_snapshot!(text(&result));
    insta::assert_snapshot!(pretty(structured(&result)));
}

#[tokio::test]
async fn every_filter_reaches_the_daemon() {
    let scene = Scene::new(found()).await;
    let arguments = json!({
        "query": "\"carry over\" -draft 연차", "spaces": ["hr"], "types": [".PDF", "md"],
        "path_glob": "hr/**", "since": "30", "limit": 50, "mode": "keyword",
    });
    scene.call("search", arguments).await;
    let asked = scene.script.lock().unwrap().searched[0].clone();
    let expected = SearchRequest {
        query: "\"carry over\" -draft 연차".into(),
        spaces: vec!["hr".into()],
        limit: 50,
        mode: Mode::Keyword.into(),
        types: vec!["pdf".into(), "md".into()],
        path_glob: Some("hr/**".into()),
        since_s: Some(30 * 86_400),
        explain: false,
    };
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn what_is_left_out_or_null_has_a_default() {
    let scene = Scene::new(found()).await;
    scene.call("search", json!({ "query": "x", "since": null, "spaces": null })).await;
    let asked = scene.script.lock().unwrap().searched[0].clone();
    let expected = SearchRequest {
        query: "x".into(),
        limit: 10,
        mode: Mode::Hybrid.into(),
        ..SearchRequest::default()
    };
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn nothing_found_is_no_error_and_names_the_next_step() {
    let scene = Scene::new(Script::default()).await;
    let result = scene.call("search", json!({ "query": "연차" })).await;
    assert_eq!(result.is_error, Some(false));
    assert_eq!(structured(&result)["hits"], json!([]));
    insta::assert_snapshot!(text(&result), @"
    nothing found for: 연차
    try other words, the language of the documents, or fewer filters; `list_sources` shows what there is to search
    ");
}

#[tokio::test]
async fn sources_are_listed_with_their_spaces_and_reasons() {
    let source = Source {
        name: "share".into(),
        kind: "folder".into(),
        space: "hr".into(),
        path: "/srv/share".into(),
        state: "unavailable".into(),
        state_reason: "the folder is not there".into(),
        documents: 1200,
        failed: 2,
        last_scan_ms: Some(1_772_356_364_000),
        ..Source::default()
    };
    let sources = ListSourcesReply { sources: vec![source] };
    let scene = Scene::new(Script { sources, ..Script::default() }).await;
    let result = scene.call("list_sources", json!({})).await;
    insta::assert_snapshot!(text(&result), @"
    1 source
    - share (folder) · space hr · 1,200 documents · unavailable: the folder is not there · 2 failed · /srv/share
    ");
    let source = &structured(&result)["sources"][0];
    assert_eq!((&source["space"], &source["documents"]), (&json!("hr"), &json!(1200)));
    assert_eq!(source["last_scan"], "2026-03-01T09:12:44Z");
}

#[tokio::test]
async fn the_status_says_what_is_missing_and_why() {
    let failure =
        Failure { path: "scan.pdf".into(), reason: "no text in it".into(), ..Failure::default() };
    let status = StatusReply {
        documents: Some(DocumentCounts { indexed: 12, pending: 3, failed: 1, skipped: 0 }),
        chunks: Some(ChunkCounts { total: 40, embedded: 10, unreadable: 0 }),
        sources: vec![Source::default()],
        jobs: vec![Job {
            source: "share".into(),
            phase: "index".into(),
            done: 1,
            total: 4,
            ..Job::default()
        }],
        failures: vec![failure],
        embedder: Some(EmbedderStatus {
            detail: "connection refused".into(),
            ..EmbedderStatus::default()
        }),
        daemon: Some(DaemonStatus { version: "0.1.0".into(), ..DaemonStatus::default() }),
        notices: vec!["one source is paused".into()],
        ..StatusReply::default()
    };
    let scene = Scene::new(Script { status, ..Script::default() }).await;
    let result = scene.call("status", json!({})).await;
    insta::assert_snapshot!(text(&result), @"
    documents are still being read
    12 documents in 1 source: 3 pending, 1 failed, 0 skipped
    10 of 40 passages can be found by meaning
    under way: share: index, 1 of 4
    not read: scan.pdf: no text in it
    notice: the embedder does not answer: connection refused
    notice: one source is paused
    ");
    assert_eq!(structured(&result)["documents"]["pending"], 3);
    assert_eq!(structured(&result)["settled"], false);
}
