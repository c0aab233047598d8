//! Lines: what they hold, what they never hold, and how many there may be.

use std::io::Write;

use ragterm_proto::v1::{AskRequest, SearchRequest, WhoAmIRequest};
use ragterm_proto::{Client, REQUEST_KEY, RequestId};
use tonic::Request;

use super::Collected;
use crate::isolation::client::client;
use crate::support::{Instance, path, until};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connect(ragterm: &Instance) -> Client {
    ragterm_proto::connect(&ragterm.data().join("run/ragterm.sock")).await.unwrap()
}

#[test]
fn each_line_of_a_collected_daemon_is_an_object_and_holds_no_question() {
    let ragterm = Instance::without_embedder();
    let name = "evil\n{\"level\":\"error\"}\u{1b}[31m.md";
    ragterm.write(name, "# Leave\n\nthe dunlin carries vacation days over\n");
    let mut daemon = Collected::daemon(&ragterm);
    ragterm.add();
    let question = "dunlin\nts=1 level=ERROR \u{1b}[31msesame";
    ragterm.run(&["search", question]).expect(0);
    ragterm.run(&["search", &"sesame ".repeat(400)]).expect(1);
    ragterm.run(&["ask", "what does the dunlin carry, sesame?"]).expect(0);
    std::fs::remove_dir_all(ragterm.docs()).unwrap();
    until("the source to be missed", || !daemon.of("watch").is_empty());
    ragterm.run(&["stop"]).expect(0);
    assert!(daemon.ended().success());
    for line in daemon.lines() {
        for key in ["ts", "level", "target", "event", "message"] {
            assert!(line[key].is_string(), "no {key} in {line}");
        }
        assert!(line.as_object().unwrap().values().all(|it| !it.is_object() && !it.is_array()));
        line["ts"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    let text = daemon.text();
    assert!(!text.contains("sesame") && !text.contains("carries"), "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    let start = &daemon.of("start")[0];
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(daemon.of("stop").pop().unwrap()["message"], "ended");
    // Those that follow are of the folder that went away.
    let indexed = &daemon.of("index")[0];
    assert_eq!((&indexed["indexed"], &indexed["failed"]), (&1.into(), &0.into()));
    assert!(indexed["took_ms"].is_u64(), "{indexed}");
    let [found, nothing] = daemon.of("search").try_into().unwrap();
    assert_eq!((&found["outcome"], &found["hits"]), (&"found".into(), &1.into()));
    assert_eq!((&nothing["outcome"], &nothing["hits"]), (&"nothing".into(), &0.into()));
    assert!(found["took_ms"].is_f64() && found["question"] != nothing["question"]);
    for line in [&found, &nothing, &daemon.of("ask")[0]] {
        assert_eq!(line["principal"], "owner");
        assert_eq!(line["question"].as_str().unwrap().len(), 16, "{line}");
        assert_eq!(line["request"].as_str().unwrap().len(), 16, "{line}");
    }
    assert_eq!(daemon.of("ask")[0]["outcome"], "passages");
}

#[test]
fn a_request_has_one_name_from_the_caller_to_the_last_line_and_back() {
    let ragterm = Instance::without_embedder();
    ragterm.write("leave.md", "# Leave\n\nvacation days are carried over\n");
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    let name = |metadata: &tonic::metadata::MetadataMap| {
        metadata.get(REQUEST_KEY).map(|value| value.to_str().unwrap().to_owned())
    };
    runtime().block_on(async {
        let mut client = connect(&ragterm).await;
        let request = SearchRequest { query: "vacation".into(), ..SearchRequest::default() };
        let id = RequestId::read("from-a-chat_1").unwrap();
        let reply = id.scope(client.search(request)).await.unwrap();
        assert_eq!(name(reply.metadata()).as_deref(), Some("from-a-chat_1"));
        // A stream is answered by a task of its own, and its end names the request too.
        let request = AskRequest { question: "vacation?".into(), ..AskRequest::default() };
        let id = RequestId::read("from-a-chat_2").unwrap();
        let reply = id.scope(client.ask(request)).await.unwrap();
        assert_eq!(name(reply.metadata()).as_deref(), Some("from-a-chat_2"));
        let mut stream = reply.into_inner();
        while stream.message().await.unwrap().is_some() {}
        let trailers = stream.trailers().await.unwrap().unwrap();
        assert_eq!(name(&trailers).as_deref(), Some("from-a-chat_2"));
        // What fails in the middle of a stream says it as well.
        let request =
            AskRequest { session: "never".into(), question: "x?".into(), ..AskRequest::default() };
        let id = RequestId::read("from-a-chat_3").unwrap();
        let mut stream = id.scope(client.ask(request)).await.unwrap().into_inner();
        let status = stream.message().await.unwrap_err();
        assert_eq!(name(status.metadata()).as_deref(), Some("from-a-chat_3"));
    });
    let searched = daemon.until("search");
    assert_eq!(searched["request"], "from-a-chat_1");
    // The end of a stream is on its way before its line is written.
    until("two questions", || daemon.of("ask").len() == 2);
    let asked: Vec<_> = daemon.of("ask").iter().map(|line| line["request"].clone()).collect();
    assert_eq!(asked, ["from-a-chat_2", "from-a-chat_3"]);
}

#[test]
fn a_name_that_could_harm_the_log_is_replaced() {
    let ragterm = Instance::without_embedder();
    ragterm.write("leave.md", "# Leave\n\nvacation days\n");
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    let create = ["token", "create", "ci", "--space", "default"];
    let token = ragterm.run(&create).expect(0).stdout.trim().to_owned();
    runtime().block_on(async {
        let mut client = client(&ragterm.data().join("run/ragterm.sock"), &token, None);
        for wrong in ["a b", "x=1 level=error", "\"},{", &"a".repeat(4_000)] {
            let mut request = Request::new(SearchRequest {
                query: "vacation".into(),
                ..SearchRequest::default()
            });
            request.metadata_mut().insert(REQUEST_KEY, wrong.parse().unwrap());
            let reply = client.search(request).await.unwrap();
            let name = reply.metadata().get(REQUEST_KEY).unwrap().to_str().unwrap();
            assert!(
                name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{name}"
            );
        }
    });
    until("four searches", || daemon.of("search").len() == 4);
    for line in daemon.of("search") {
        assert_eq!(line["principal"], "token");
        assert_eq!(line["request"].as_str().unwrap().len(), 16);
    }
    // What stands for the question is what stands for it in the audit log.
    let audit = ragterm.data().join("audit.jsonl");
    let question = daemon.of("search")[0]["question"].as_str().unwrap().to_owned();
    let hash = format!("\"hash\":\"{question}\"");
    until("the audit log", || {
        std::fs::read_to_string(&audit).is_ok_and(|audit| audit.contains(&hash))
    });
    // Neither the token nor its name is in the log.
    let text = daemon.text();
    assert!(!text.contains(&token) && !text.contains("token:ci"), "{text}");
}

#[test]
fn a_flood_of_refused_calls_is_a_few_lines() {
    let ragterm = Instance::without_embedder();
    let mut daemon = Collected::daemon(&ragterm);
    runtime().block_on(async {
        let mut client = client(&ragterm.data().join("run/ragterm.sock"), "ragterm_wrong", None);
        for _ in 0..500 {
            client.who_am_i(WhoAmIRequest {}).await.unwrap_err();
        }
    });
    let refused = daemon.until("auth");
    assert_eq!((&refused["level"], &refused["token"]), (&"warn".into(), &true.into()));
    assert!(refused["request"].is_string());
    // At its end all lines are written.
    ragterm.run(&["stop"]).expect(0);
    daemon.ended();
    // Ten in ten seconds; a slow machine may take some such stretches for the 500.
    let lines = daemon.of("auth").len();
    assert!(lines < 200, "{lines} lines");
    assert!(!daemon.text().contains("ragterm_wrong"));
}

#[test]
fn a_log_that_fills_up_while_the_daemon_runs_is_put_aside() {
    let ragterm = Instance::without_embedder();
    ragterm.write("leave.md", "vacation days\n");
    ragterm.add();
    let log = ragterm.data().join("ragterm.log");
    // People read it.
    until("the start", || std::fs::read_to_string(&log).unwrap().contains("event=start"));
    let mut file = std::fs::File::options().append(true).open(&log).unwrap();
    let line = format!("{}\n", "x".repeat(1_023));
    file.write_all(line.repeat(10 << 10).as_bytes()).unwrap();
    ragterm.run(&["search", "vacation"]).expect(0);
    until("the log to be put aside", || log.metadata().is_ok_and(|file| file.len() < 1 << 20));
    let old = log.with_extension("log.old").metadata().unwrap().len();
    assert!((10 << 20..11 << 20).contains(&old), "{old}");
    until("the search in the new log", || {
        std::fs::read_to_string(&log).unwrap().contains("event=search")
    });
    // It is only the owner's.
    let mode = std::os::unix::fs::PermissionsExt::mode(&log.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_reason_of_a_daemon_that_ends_at_once_is_told_in_either_format() {
    for format in ["auto", "text", "json"] {
        let ragterm = Instance::without_embedder().with("RAGTERM_LOG__FORMAT", format);
        // Something else listens where the daemon should.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let ragterm =
            ragterm.with("RAGTERM_DAEMON__LISTEN", &taken.local_addr().unwrap().to_string());
        let failed = ragterm.run(&["status"]).expect(2);
        assert!(
            failed.stderr.contains("cannot listen on 127.0.0.1"),
            "{format}: {}",
            failed.stderr
        );
        assert!(failed.stderr.contains("another program may use the port"), "{}", failed.stderr);
        let log = std::fs::read_to_string(ragterm.data().join("ragterm.log")).unwrap();
        let last = log.lines().rev().find(|line| line.contains("cannot listen")).unwrap();
        assert_eq!(last.starts_with('{'), format == "json", "{log}");
        assert_eq!(last.starts_with("error: "), format != "json", "{log}");
    }
}

#[test]
fn why_a_collected_daemon_ends_is_a_line_as_well() {
    let ragterm = Instance::without_embedder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let variables = [("RAGTERM_DAEMON__LISTEN", listen.as_str())];
    let mut daemon = Collected::start(&ragterm, "daemon", &variables);
    assert_eq!(daemon.ended().code(), Some(2));
    let [failed] = daemon.of("failed").try_into().unwrap();
    assert!(failed["message"].as_str().unwrap().contains(&listen), "{failed}");
    assert!(failed["hint"].as_str().unwrap().contains("ss -ltnp"), "{failed}");
}

#[test]
fn a_tool_that_an_agent_calls_has_one_name_too() {
    let ragterm = Instance::without_embedder();
    ragterm.write("leave.md", "# Leave\n\nvacation days\n");
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    let mut tools = Collected::with_input(&ragterm, "mcp", &[("RAGTERM_LOG", "ragterm=debug")]);
    let mut input = tools.child.as_mut().unwrap().stdin.take().unwrap();
    let hello = serde_json::json!({ "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "an agent", "version": "1" } });
    let call = serde_json::json!({ "name": "search", "arguments": { "query": "vacation" } });
    for message in [
        serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        serde_json::json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        serde_json::json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call }),
    ] {
        writeln!(input, "{message}").unwrap();
    }
    let searched = daemon.until("search");
    drop(input);
    assert_eq!(tools.ended().code(), Some(0));
    let called = tools.lines().into_iter().find(|line| line["rpc"] == "Search").unwrap();
    assert_eq!(called["request"], searched["request"]);
}

#[test]
fn the_level_is_configured_and_the_variable_wins() {
    let logged = |variables: &[(&str, &str)]| {
        let ragterm = Instance::without_embedder().with("RAGTERM_LOG__LEVEL", "warn");
        ragterm.write("leave.md", "vacation days\n");
        let mut daemon = Collected::start(&ragterm, "daemon", variables);
        let socket = ragterm.data().join("run/ragterm.sock");
        until("the socket", || socket.exists());
        let docs = ragterm.docs();
        ragterm.run(&["add", path(&docs)]).expect(0);
        ragterm.run(&["search", "vacation"]).expect(0);
        ragterm.run(&["stop"]).expect(0);
        daemon.ended();
        (daemon.of("search").len(), daemon.lines().iter().any(|line| line["level"] == "debug"))
    };
    assert_eq!(logged(&[]), (0, false));
    assert_eq!(logged(&[("RAGTERM_LOG", "info")]), (1, false));
    assert_eq!(logged(&[("RAGTERM_LOG", "ragterm=debug")]), (1, true));
}

#[test]
fn a_command_that_says_more_shows_the_name_of_its_request() {
    let ragterm = Instance::without_embedder();
    ragterm.write("leave.md", "vacation days\n");
    let daemon = Collected::daemon(&ragterm);
    ragterm.add();
    let quiet = ragterm.run(&["search", "vacation"]).expect(0);
    assert!(!quiet.stderr.contains("request"), "{}", quiet.stderr);
    let told = ragterm.run(&["search", "--verbose", "vacation"]).expect(0);
    until("two searches", || daemon.of("search").len() == 2);
    let name = daemon.of("search")[1]["request"].as_str().unwrap().to_owned();
    assert!(told.stderr.contains(&format!("rpc=Search request={name}")), "{}", told.stderr);
}
