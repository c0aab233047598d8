//! What those who watch a daemon are told: health, readiness, metrics.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::fakes::chat::{Chat, MODEL, Protocol, Reply};
use crate::fakes::free_address;
use crate::support::{Instance, until};

/// A daemon that tells over HTTP, and where.
fn watched(ragterm: Instance) -> (Instance, SocketAddr) {
    let address = free_address();
    (ragterm.with("RAGTERM_DAEMON__HTTP", &address.to_string()), address)
}

/// Status, head and body of what a path shows.
fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: ragterm\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, head.to_lowercase(), body.to_owned())
}

fn scrape(address: SocketAddr) -> String {
    let (code, head, body) = get(address, "/metrics");
    assert_eq!(code, 200, "{body}");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    body
}

/// The value of a sample, by its name with its labels.
fn sample(scrape: &str, name: &str) -> f64 {
    let line = scrape.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{scrape}")).parse().unwrap()
}

/// The names in backquotes that begin the rows of METRICS.md.
fn listed() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/observability/METRICS.md");
    let text = std::fs::read_to_string(file).unwrap();
    let rows = text.lines().filter(|row| row.matches('|').count() == 5);
    let names = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    names.map(str::to_owned).collect()
}

#[test]
fn each_metric_of_the_list_is_in_a_scrape_and_nothing_else_is() {
    let chat = Chat::saying(Protocol::Ollama, Reply::of(&["At most five days [1]."]));
    let ragterm = Instance::new()
        .with("RAGTERM_LLM__PROVIDER", "ollama")
        .with("RAGTERM_LLM__MODEL", MODEL)
        .with("RAGTERM_LLM__URL", &chat.url)
        .with("RAGTERM_LLM__PROMPT_PRICE", "2")
        .with("RAGTERM_LLM__ANSWER_PRICE", "8");
    let (ragterm, address) = watched(ragterm);
    ragterm.write("leave.md", "# Leave\n\nAt most five vacation days may be carried over.\n");
    ragterm.write("broken.pdf", "%PDF-1.4 and nothing else");
    ragterm.add();
    ragterm.settle();
    ragterm.find("vacation days");
    ragterm.run(&["search", "zzyzx", "--mode", "keyword"]).expect(1);
    let answer = ragterm.run(&["ask", "--json", "How many vacation days are carried over?"]);
    let turn = answer.expect(0).json()["turn"].as_str().unwrap().to_owned();
    ragterm.run(&["feedback", &turn, "unhelpful"]).expect(0);

    // A call is counted at its end, a moment after its caller has the answer.
    let counted = [
        "ragterm_documents{state=\"indexed\"} 1\n",
        "ragterm_requests_total{code=\"OK\",rpc=\"Search\"} 2\n",
        "ragterm_requests_total{code=\"OK\",rpc=\"Ask\"} 1\n",
    ];
    let mut told = String::new();
    until("the calls to be counted", || {
        told = scrape(address);
        counted.iter().all(|line| told.contains(line))
    });
    let scrape = told;
    keep(&scrape);
    let described: Vec<&str> =
        scrape.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let listed = listed();
    assert!(listed.len() >= 20, "{listed:?}");
    for name in &listed {
        assert!(described.contains(&name.as_str()), "{name} is not in\n{scrape}");
    }
    for name in described {
        assert!(listed.iter().any(|listed| listed == name), "METRICS.md has no {name}");
    }
    let is = |name: &str, expected: f64| assert_eq!(sample(&scrape, name), expected, "{name}");
    is("ragterm_documents{state=\"indexed\"}", 1.0);
    is("ragterm_documents{state=\"failed\"}", 1.0);
    is("ragterm_index_lag{follower=\"keyword\"}", 0.0);
    is("ragterm_queue_depth{queue=\"embed\"}", 0.0);
    is("ragterm_embedded_texts_total", 1.0);
    is("ragterm_requests_total{code=\"OK\",rpc=\"Search\"}", 2.0);
    is("ragterm_requests_total{code=\"OK\",rpc=\"Ask\"}", 1.0);
    is("ragterm_searches_without_result_total", 1.0);
    is("ragterm_feedback_total{verdict=\"unhelpful\"}", 1.0);
    for stage in ["embed", "dense", "sparse", "fuse", "hydrate", "generate", "first_token"] {
        let count = format!("ragterm_stage_duration_seconds_count{{stage=\"{stage}\"}}");
        assert!(sample(&scrape, &count) >= 1.0, "{stage}");
    }
    is("ragterm_stage_duration_seconds_count{stage=\"rerank\"}", 0.0);
    let tokens = |kind: &str| {
        let model = format!("ollama:{MODEL}");
        sample(&scrape, &format!("ragterm_llm_tokens_total{{kind=\"{kind}\",model=\"{model}\"}}"))
    };
    assert!(tokens("prompt") > 0.0 && tokens("answer") > 0.0);
    let cost = format!("ragterm_llm_cost_total{{currency=\"USD\",model=\"ollama:{MODEL}\"}}");
    let expected = (tokens("prompt") * 2.0 + tokens("answer") * 8.0) / 1e6;
    assert!((sample(&scrape, &cost) - expected).abs() < 1e-9, "{scrape}");
    assert!(sample(&scrape, "process_resident_memory_bytes") > 1e6);
    for secret in ["leave", "vacation", "docs", "zzyzx", "default"] {
        assert!(!scrape.contains(secret), "`{secret}` is named in\n{scrape}");
    }
}

/// Where `scripts/validate-deploy.sh` finds a real scrape for the dashboard's queries.
fn keep(scrape: &str) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join("scrape.txt"), scrape).unwrap();
}

#[test]
fn every_metric_that_dashboard_and_alerts_name_is_in_the_list() {
    let listed = listed();
    for file in ["dashboard.json", "alerts.yaml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/observability").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let words = text.split(|letter| !is_part(letter));
        let named: Vec<&str> = words.filter(|word| word.starts_with("ragterm_")).collect();
        assert!(named.len() > 5, "{file} names {named:?}");
        for name in named {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| name.strip_suffix(part))
                .unwrap_or(name);
            assert!(listed.iter().any(|known| known == base || known == name), "{file}: {name}");
        }
    }
}

#[test]
fn a_daemon_tells_that_it_is_alive_and_ready_and_nothing_more() {
    let (ragterm, address) = watched(Instance::without_embedder());
    ragterm.write("secret-plan.md", "# Secret plan\n\nNobody may know.\n");
    ragterm.add();
    assert_eq!(get(address, "/healthz").0, 200);
    let (code, _, body) = get(address, "/readyz");
    let ready: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &ready["ready"]), (200, &true.into()), "{body}");
    let names: Vec<_> = ready["checks"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["catalog", "keyword", "embedder", "store", "llm"]);
    assert_eq!(ready["checks"][2]["state"], "off");
    for path in ["/", "/metrics/", "/status", "/../etc/passwd"] {
        assert_eq!(get(address, path).0, 404, "{path}");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 405");
}

#[test]
fn a_back_end_that_is_missing_is_named_and_its_time_is_counted() {
    let nowhere = format!("http://{}", free_address());
    let ragterm = Instance::new()
        .with("RAGTERM_EMBEDDER__PROVIDER", "ollama")
        .with("RAGTERM_EMBEDDER__MODEL", "bge-m3")
        .with("RAGTERM_EMBEDDER__URL", &nowhere)
        .with("RAGTERM_LLM__PROVIDER", "ollama")
        .with("RAGTERM_LLM__MODEL", "qwen3")
        .with("RAGTERM_LLM__URL", &nowhere);
    let (ragterm, address) = watched(ragterm);
    ragterm.write("leave.md", "# Leave\n");
    ragterm.add();
    let health = || ragterm.run(&["health", "--json"]).expect(0).json();
    until("the embedder to be missed", || health()["checks"][2]["state"] == "degraded");
    let health = health();
    assert_eq!(health["ready"], true, "words are searched all the same: {health}");
    assert_eq!(health["checks"][4]["state"], "degraded", "{health}");
    assert!(health["checks"][4]["detail"].as_str().unwrap().contains("reached"), "{health}");
    let (code, _, body) = get(address, "/readyz");
    assert_eq!(code, 200);
    assert!(!body.contains("127.0.0.1"), "why is for those who may ask the daemon: {body}");
    let name = "ragterm_degraded_seconds_total";
    until("the time to be counted", || sample(&scrape(address), name) > 0.0);
    let shown = ragterm.run(&["health"]).expect(0).stdout;
    assert!(shown.contains("embedder  degraded"), "{shown}");
}

#[test]
fn health_starts_no_daemon_and_says_that_none_answers() {
    let ragterm = Instance::without_embedder();
    let finished = ragterm.run(&["health"]).expect(3);
    assert!(finished.stderr.contains("no daemon answers"), "{}", finished.stderr);
    ragterm.run(&["health", "--alive"]).expect(3);
    assert!(!ragterm.data().join("catalog.db").exists());
}

#[test]
fn a_port_in_use_is_named_and_leaves_nothing_behind() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for key in ["RAGTERM_DAEMON__HTTP", "RAGTERM_DAEMON__LISTEN"] {
        let ragterm = Instance::without_embedder().with(key, &address);
        let finished = ragterm.run(&["daemon"]).expect(2);
        for word in [address.as_str(), "in use", "ss -ltnp"] {
            assert!(finished.stderr.contains(word), "{key}: {}", finished.stderr);
        }
        ragterm.run(&["health"]).expect(3);
        let (ragterm, free) = (ragterm.with(key, ""), "the data directory is usable");
        assert_eq!(ragterm.run(&["status"]).code, 0, "{free}");
    }
}

#[test]
fn whoever_connects_and_says_nothing_keeps_nobody_out() {
    let (ragterm, address) = watched(Instance::without_embedder());
    ragterm.run(&["status"]).expect(0);
    let silent: Vec<TcpStream> = (0..140).map(|_| TcpStream::connect(address).unwrap()).collect();
    assert_eq!(get(address, "/healthz").0, 200);
    drop(silent);
}

#[test]
fn without_a_configured_address_nothing_listens() {
    let ragterm = Instance::without_embedder();
    ragterm.run(&["status"]).expect(0);
    let listening = std::fs::read_to_string(format!("/proc/{}/net/tcp", ragterm.pid())).unwrap();
    let own = sockets_of(ragterm.pid());
    for line in listening.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_listening = fields[3] == "0A";
        assert!(!(is_listening && own.contains(&fields[9].to_owned())), "{line}");
    }
}

/// The numbers of the sockets that a process has open.
fn sockets_of(pid: i32) -> Vec<String> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let number = |target: std::path::PathBuf| {
        let text = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
        Some(text)
    };
    targets.filter_map(number).collect()
}
