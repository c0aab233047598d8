//! Wrong arguments, a daemon that refuses or is gone, and an agent that leaves.

use ragterm_proto::HINT_KEY;
use rmcp::ServiceError;
use serde_json::{Value, json};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use crate::support::{Scene, Script, structured};

#[tokio::test]
async fn wrong_arguments_are_refused_in_words() {
    let scene = Scene::new(Script::default()).await;
    let wrong = [
        ("search", json!({})),
        ("search", json!({ "query": "" })),
        ("search", json!({ "query": null })),
        ("search", json!({ "query": 7 })),
        ("search", json!({ "query": "x", "querry": "y" })),
        ("search", json!({ "query": "x", "limit": 51 })),
        ("search", json!({ "query": "x", "limit": -1 })),
        ("search", json!({ "query": "x", "limit": "10" })),
        ("search", json!({ "query": "x", "mode": "fuzzy" })),
        ("search", json!({ "query": "x", "types": "md" })),
        ("search", json!({ "query": "x", "spaces": [["hr"]] })),
        ("search", json!({ "query": "x", "since": "last week" })),
        ("search", json!({ "query": "x", "\u{1b}[2J": 1 })),
        ("read", json!({ "document": "0192aa", "from": 1.5 })),
        ("read", json!({ "document": "0192aa", "from": 4_294_967_296_u64 })),
        ("read", json!({ "document": "x".repeat(201) })),
        ("list_sources", json!({ "space": "hr" })),
        ("status", json!({ "watch": true })),
    ];
    let mut words = String::new();
    for (tool, arguments) in wrong {
        words.push_str(&scene.refusal(tool, arguments).await);
        words.push('\n');
    }
    insta::assert_snapshot!(words);
    assert!(scene.script.lock().unwrap().searched.is_empty());
}

#[tokio::test]
async fn an_unknown_tool_is_a_fault_of_the_protocol() {
    let scene = Scene::new(Script::default()).await;
    let error = scene.try_call("delete", json!({})).await.unwrap_err();
    let ServiceError::McpError(error) = error else { panic!("{error:?}") };
    assert_eq!((error.code.0, error.message.as_ref()), (-32602, "there is no tool `delete`"));
}

#[tokio::test]
async fn the_daemons_refusal_is_passed_on_with_its_hint_and_nothing_else() {
    let mut refusal = Status::new(Code::PermissionDenied, "you may not read the space `hr`");
    let hint = MetadataValue::from_bytes("관리자에게 문의하세요".as_bytes());
    refusal.metadata_mut().insert_bin(HINT_KEY, hint);
    let scene = Scene::new(Script { refusal: Some(refusal), ..Script::default() }).await;
    for (tool, arguments) in calls() {
        assert_eq!(
            scene.refusal(tool, arguments).await,
            "you may not read the space `hr`\nhint: 관리자에게 문의하세요",
        );
    }
}

#[tokio::test]
async fn a_daemon_that_starts_again_elsewhere_is_found() {
    let mut scene = Scene::new(Script::default()).await;
    let first = scene.call("status", json!({})).await;
    scene.stop_daemon().await;
    scene.start_daemon();
    for (tool, arguments) in calls() {
        assert_eq!(scene.call(tool, arguments).await.is_error, Some(false), "{tool}");
    }
    let second = scene.call("status", json!({})).await;
    assert_eq!(structured(&first), structured(&second));
}

#[tokio::test]
async fn while_no_daemon_runs_each_call_says_so() {
    let mut scene = Scene::new(Script::default()).await;
    scene.call("status", json!({})).await;
    scene.stop_daemon().await;
    for (tool, arguments) in calls() {
        assert_eq!(
            scene.refusal(tool, arguments).await,
            "no daemon answers\nhint: start it with `ragterm daemon`",
        );
    }
    scene.start_daemon();
    assert_eq!(scene.call("status", json!({})).await.is_error, Some(false));
}

#[tokio::test]
async fn the_server_ends_when_the_agent_leaves() {
    let scene = Scene::new(Script::default()).await;
    scene.agent.cancel().await.unwrap();
    scene.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_agent_that_leaves_before_a_word_is_no_error() {
    let (agent, server) = tokio::io::duplex(64);
    drop(agent);
    let connect = || async { Err(ragterm_mcp::Failure::new("never asked")) };
    ragterm_mcp::serve_over(tokio::io::split(server), connect).await.unwrap();
}

/// A proper call of each tool.
fn calls() -> [(&'static str, Value); 4] {
    [
        ("search", json!({ "query": "연차" })),
        ("read", json!({ "document": "0192aa" })),
        ("list_sources", json!({})),
        ("status", json!({})),
    ]
}
