//! What the server says of itself and of its tools.

use rmcp::ClientLifecycleMode;
use rmcp::model::ProtocolVersion;
use serde_json::{Value, json};

use crate::support::{Scene, Script, pretty};

#[tokio::test]
async fn the_server_says_who_it_is_and_how_to_use_it() {
    let scene = Scene::new(Script::default()).await;
    let info = scene.agent.peer_info().unwrap();
    let server = info.server_info.clone().unwrap();
    assert_eq!(
        (server.name.as_str(), server.version.as_str()),
        ("ragterm", env!("CARGO_PKG_VERSION"))
    );
    insta::assert_snapshot!(info.instructions.clone().unwrap());
    assert!(info.capabilities.tools.is_some());
    assert!(info.capabilities.resources.is_none() && info.capabilities.prompts.is_none());
}

#[tokio::test]
async fn the_list_of_tools_is_a_contract() {
    let scene = Scene::new(Script::default()).await;
    let tools = scene.agent.list_all_tools().await.unwrap();
    insta::assert_snapshot!(pretty(&serde_json::to_value(&tools).unwrap()));
}

#[tokio::test]
async fn every_schema_is_plain_and_refuses_unknown_arguments() {
    let scene = Scene::new(Script::default()).await;
    for tool in scene.agent.list_all_tools().await.unwrap() {
        let input = Value::Object(tool.input_schema.as_ref().clone());
        assert_eq!(input["additionalProperties"], false, "{}", tool.name);
        assert_plain(&tool.name, &input);
        let output = tool.output_schema.expect("every tool says what it answers");
        assert_plain(&tool.name, &Value::Object(output.as_ref().clone()));
        let annotations = tool.annotations.unwrap();
        assert_eq!(annotations.read_only_hint, Some(true), "{}", tool.name);
    }
}

#[tokio::test]
async fn agents_that_begin_without_a_handshake_are_served_as_well() {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let lifecycle = ClientLifecycleMode::Discover { preferred_versions };
    let scene = Scene::with_lifecycle(Script::default(), lifecycle).await;
    assert_eq!(scene.agent.list_all_tools().await.unwrap().len(), 4);
    let result = scene.call("search", json!({ "query": "연차" })).await;
    assert_eq!(result.is_error, Some(false));
}

/// Fails on what some agents cannot take: unions, references, kinds that are lists or null.
#[track_caller]
fn assert_plain(tool: &str, schema: &Value) {
    const UNIONS: [&str; 8] = ["oneOf", "anyOf", "allOf", "not", "if", "$ref", "$defs", "nullable"];
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                assert!(!UNIONS.contains(&name.as_str()), "{tool}: {name} in {schema:#}");
                assert!(name != "type" || member != "null", "{tool}: {schema:#}");
                // A property may have the name `type`, but then it is a schema.
                assert!(name != "type" || !member.is_array(), "{tool}: {schema:#}");
                assert_plain(tool, member);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| assert_plain(tool, item)),
        _ => {}
    }
}
