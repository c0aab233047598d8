//! `ragterm mcp` and the protocol's own client: searching, reading, and the daemon's restart.

use std::io::Write;
use std::process::Stdio;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::Instance;

/// The program, and an agent that started it.
struct Conversation {
    agent: RunningService<RoleClient, ()>,
    program: Child,
}

impl Conversation {
    async fn begin(ragterm: &Instance) -> Self {
        let mut command = Command::from(ragterm.command(&["mcp"]));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().unwrap();
        let ends = (program.stdout.take().unwrap(), program.stdin.take().unwrap());
        Self { agent: ().serve(ends).await.unwrap(), program }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> CallToolResult {
        let arguments = serde_json::from_value(arguments).unwrap();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        self.agent.call_tool(request).await.unwrap()
    }

    /// The structured content of a call that succeeds.
    async fn report(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        result.structured_content.unwrap()
    }

    /// The agent closes the input; the program's exit code.
    async fn end(mut self) -> Option<i32> {
        self.agent.cancel().await.unwrap();
        self.program.wait().await.unwrap().code()
    }
}

fn with_a_document() -> Instance {
    let ragterm = Instance::without_embedder();
    let filler = "The calendar reminds everybody in good time. ".repeat(400);
    let text =
        format!("# Leave policy\n\n{filler}\n\n## Carry-over\n\nUnused vacation days expire.\n");
    ragterm.write("hr/leave.md", text);
    ragterm.add();
    ragterm
}

#[tokio::test]
async fn an_agent_searches_and_reads_on_at_the_passage_that_was_found() {
    let ragterm = with_a_document();
    let conversation = Conversation::begin(&ragterm).await;
    let found = conversation.report("search", json!({ "query": "unused vacation" })).await;
    let hit = &found["hits"][0];
    assert_eq!(hit["path"], "hr/leave.md");
    let arguments = json!({ "document": hit["document"], "from": hit["passage"], "limit": 1 });
    let read = conversation.report("read", arguments).await;
    let text = read["passages"][0]["text"].as_str().unwrap();
    assert!(text.contains("Unused vacation days"), "{read:#}");
    assert_eq!(read["passages"][0]["position"], hit["position"]);
    assert!(read["total"].as_u64().unwrap() > 1, "{read:#}");
    let sources = conversation.report("list_sources", json!({})).await;
    assert_eq!(sources["sources"][0]["documents"], 1);
    let status = conversation.report("status", json!({})).await;
    assert_eq!(status["documents"]["indexed"], 1);
    assert_eq!(conversation.end().await, Some(0));
}

#[tokio::test]
async fn a_conversation_survives_the_daemons_restart() {
    let ragterm = with_a_document();
    let conversation = Conversation::begin(&ragterm).await;
    let query = json!({ "query": "unused vacation" });
    let first = conversation.report("search", query.clone()).await;
    let before = ragterm.pid();
    ragterm.run(&["stop"]).expect(0);
    let second = conversation.report("search", query).await;
    assert_eq!(first["hits"][0]["document"], second["hits"][0]["document"]);
    assert_ne!(ragterm.pid(), before);
    assert_eq!(conversation.end().await, Some(0));
}

#[tokio::test]
async fn wrong_arguments_and_unknown_documents_are_answered_in_words() {
    let ragterm = with_a_document();
    let conversation = Conversation::begin(&ragterm).await;
    let wrong = [
        ("search", json!({ "query": "x", "space": "hr" })),
        ("search", json!({ "query": "x", "spaces": ["nowhere"] })),
        ("search", json!({ "query": "-vacation" })),
        ("read", json!({ "document": "nowhere" })),
    ];
    for (tool, arguments) in wrong {
        let result = conversation.call(tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{result:?}");
        let words = result.content[0].as_text().unwrap().text.clone();
        assert!(words.len() > 20, "{words}");
    }
    assert_eq!(conversation.end().await, Some(0));
}

#[test]
fn only_the_protocol_is_written_to_standard_output() {
    let ragterm = with_a_document();
    ragterm.run(&["stop"]).expect(0);
    // The first call starts a daemon, which is told to people, but not here.
    let mut program = ragterm
        .command(&["mcp", "--verbose"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let client = json!({ "name": "test", "version": "1" });
    let hello =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let call = json!({ "name": "search", "arguments": { "query": "vacation" } });
    let lines = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call }),
    ];
    let mut input = program.stdin.take().unwrap();
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let finished = program.wait_with_output().unwrap();
    assert!(finished.status.success());
    let written = String::from_utf8(finished.stdout).unwrap();
    let answers: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2, "{written}");
    assert_eq!(answers[1]["result"]["structuredContent"]["hits"][0]["path"], "hr/leave.md");
    assert!(!finished.stderr.is_empty());
}
