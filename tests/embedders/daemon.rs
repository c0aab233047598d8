//! The real program with an embedding server that comes, goes and fails.

use std::sync::Arc;

use serde_json::Value;

use crate::fakes::{self, ALWAYS, Answers, Behaviour, Failure, Fake};
use crate::support::{Instance, until};

/// A ragterm whose embedder is Ollama at `url`; what the system says about proxies is no matter.
fn with_ollama(url: &str) -> Instance {
    let nowhere = format!("http://{}", fakes::free_address());
    Instance::new()
        .with("RAGTERM_EMBEDDER__PROVIDER", "ollama")
        .with("RAGTERM_EMBEDDER__MODEL", "nomic-embed-text")
        .with("RAGTERM_EMBEDDER__URL", url)
        .with("HTTP_PROXY", &nowhere)
        .with("http_proxy", &nowhere)
        .with("ALL_PROXY", &nowhere)
}

fn write_birds(ragterm: &Instance, count: usize) {
    for n in 0..count {
        ragterm.write(&format!("bird-{n}.txt"), format!("Bird number {n} sings in the garden."));
    }
}

fn search(ragterm: &Instance, arguments: &[&str]) -> Value {
    ragterm.run(&[&["search", "--json"], arguments].concat()).expect(0).json()
}

/// What is found by meaning. A question waits for no busy server, so it is put again.
#[track_caller]
fn by_meaning(ragterm: &Instance, question: &str) -> Value {
    let mut reply = Value::Null;
    until("an answer by meaning", || {
        reply = ragterm.run(&["search", "--json", "--mode", "semantic", question]).json();
        reply["degraded"].is_null()
    });
    reply
}

fn is_well(status: &Value) -> bool {
    status["embedder"]["healthy"] == true
}

fn address(fake: &Fake) -> std::net::SocketAddr {
    fake.url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// The check of `doctor` with this name.
fn checked(ragterm: &Instance, name: &str, code: i32) -> Value {
    let report = ragterm.run(&["doctor", "--json"]).expect(code).json();
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or(&Value::Null).clone()
}

#[test]
fn while_the_server_is_down_words_are_found_and_meaning_comes_by_itself() {
    let address = fakes::free_address();
    let ragterm = with_ollama(&format!("http://{address}"));
    write_birds(&ragterm, 3);
    ragterm.add();
    let reply = search(&ragterm, &["bird", "garden"]);
    assert_eq!(reply["hits"].as_array().unwrap().len(), 3);
    until("the answer to say why meaning is missing", || {
        let degraded = search(&ragterm, &["bird", "garden"])["degraded"].to_string();
        degraded.contains(&format!("Ollama at http://{address} cannot be reached"))
    });
    let status = ragterm.wait("status to say it", |status| !is_well(status));
    assert!(status["embedder"]["detail"].to_string().contains("is the server running"), "{status}");
    assert!(status["notices"].to_string().contains("no passages are being read"), "{status}");
    let check = checked(&ragterm, "model", 1);
    assert_eq!(check["state"], "fail");
    assert!(check["remedy"].to_string().contains("is the server running"), "{check}");
    let _fake = fakes::ollama::start_at(address);
    let status = ragterm.settle();
    assert_eq!(status["embedder"]["healthy"], true, "{status}");
    assert_eq!(status["embedder"]["dimensions"], 64);
    assert_eq!(status["embedder"]["server_version"], "0.13.5");
    let reply = by_meaning(&ragterm, "a bird that sings");
    assert_eq!(reply["hits"].as_array().unwrap().len(), 3);
    let check = checked(&ragterm, "model", 0);
    assert!(check["detail"].to_string().contains("64 dimensions, up to 2,048 tokens"), "{check}");
    ragterm.verify();
}

#[test]
fn a_server_that_goes_away_in_the_middle_costs_no_text_and_few_are_sent_twice() {
    let fake = fakes::ollama::start();
    // It stops in the middle by itself, however fast the rest is.
    fake.set(|behaviour| behaviour.hangs_after = Some(300));
    let ragterm = with_ollama(&fake.url)
        .with("RAGTERM_EMBEDDER__BATCH", "4")
        .with("RAGTERM_EMBEDDER__TIMEOUT_S", "3600");
    write_birds(&ragterm, 600);
    ragterm.add();
    ragterm.wait("some vectors", |status| status["store"]["points"].as_u64() > Some(0));
    let (address, state) = (address(&fake), Arc::clone(&fake.state));
    drop(fake);
    let asked = state.texts().len();
    let status = ragterm.wait("the fault", |status| !is_well(status));
    assert!(status["embedder"]["detail"].to_string().contains("127.0.0.1"), "{status}");
    assert_eq!(ragterm.find("bird").len(), 100);
    let fake = fakes::ollama::start_at(address);
    let status = ragterm.settle();
    assert_eq!(status["chunks"]["embedded"], 600);
    // But for those that were on their way, two rounds of two requests of four.
    let asked = asked + fake.texts().len();
    assert!((600..=600 + 16).contains(&asked), "{asked} were asked for");
    ragterm.verify();
}

#[test]
fn texts_that_the_server_cannot_embed_stop_no_other() {
    let fake = fakes::ollama::start();
    fake.set(|behaviour| {
        behaviour.poison = Some("poison");
        behaviour.answers = Answers::Null;
        behaviour.limit = 60;
    });
    let ragterm = with_ollama(&fake.url);
    write_birds(&ragterm, 20);
    ragterm.write("bad.txt", "The poison dart frog is bright.");
    ragterm.write("odd.txt", "This text is numberless.");
    ragterm.write("long.txt", "The heron waits in the reeds. ".repeat(30));
    ragterm.add();
    let status = ragterm.settle();
    assert_eq!(status["embedder"]["refused_texts"], 2, "{status}");
    assert!(status["embedder"]["divided"].as_u64() > Some(0), "{status}");
    assert_eq!(status["embedder"]["cut"], 0);
    assert!(is_well(&status), "{status}");
    assert_eq!(ragterm.find("poison"), ["bad.txt"]);
    let hits = by_meaning(&ragterm, "heron in the reeds");
    assert_eq!(hits["hits"][0]["path"], "long.txt");
    let shown = ragterm.run(&["status"]).expect(0).stdout;
    assert!(shown.contains("embedded in parts") && shown.contains("2 texts refused"), "{shown}");
    ragterm.verify();
}

#[test]
fn bad_texts_that_are_alone_in_a_request_are_not_asked_for_without_end() {
    let fake = fakes::ollama::start();
    fake.set(|behaviour| behaviour.answers = Answers::Null);
    let ragterm = with_ollama(&fake.url);
    ragterm.write("odd.txt", "This text is numberless.");
    ragterm.write("other.txt", "This one is numberless too.");
    ragterm.add();
    let status = ragterm.settle();
    assert_eq!(status["embedder"]["refused_texts"], 2, "{status}");
    assert!(is_well(&status), "{status}");
}

#[test]
fn a_server_that_answers_wrongly_is_named_and_recovers_when_it_is_right_again() {
    for wrong in [Answers::Shorter, Answers::TooFew] {
        let fake = fakes::ollama::start();
        fake.set(|behaviour| behaviour.answers = wrong);
        let ragterm = with_ollama(&fake.url);
        write_birds(&ragterm, 5);
        ragterm.add();
        let status = ragterm.wait("the fault", |status| !is_well(status));
        assert!(status["embedder"]["detail"].to_string().contains("answers with"), "{status}");
        assert_eq!(status["store"]["points"], 0);
        assert_eq!(ragterm.find("bird").len(), 5);
        fake.set(|behaviour| behaviour.answers = Answers::Right);
        assert_eq!(ragterm.settle()["store"]["points"], 5);
        ragterm.verify();
    }
}

#[test]
fn a_server_that_fails_or_hangs_delays_no_search_by_words_and_is_asked_again() {
    for failure in [Failure::Status(500), Failure::Hang] {
        let fake = fakes::ollama::start();
        fake.set(|behaviour| behaviour.failing = (ALWAYS, failure));
        let ragterm = with_ollama(&fake.url).with("RAGTERM_EMBEDDER__TIMEOUT_S", "1");
        write_birds(&ragterm, 5);
        ragterm.add();
        // While it fails or hangs.
        let reply = search(&ragterm, &["bird"]);
        assert_eq!(reply["hits"].as_array().unwrap().len(), 5);
        ragterm.wait("the fault", |status| !is_well(status));
        fake.set(|behaviour| behaviour.failing = (0, failure));
        assert_eq!(ragterm.settle()["store"]["points"], 5);
    }
}

#[test]
fn doctor_fetches_a_missing_model_and_the_daemon_takes_it_up() {
    let behaviour = Behaviour { models: Vec::new(), ..Behaviour::default() };
    let fake = fakes::ollama::start_with(behaviour);
    fake.set(|behaviour| behaviour.library = Some("nomic-embed-text".into()));
    let ragterm = with_ollama(&fake.url);
    write_birds(&ragterm, 2);
    ragterm.add();
    let status = ragterm.wait("the fault", |status| !is_well(status));
    assert!(status["embedder"]["detail"].to_string().contains("ollama pull nomic-embed-text"));
    let check = checked(&ragterm, "model", 1);
    assert!(check["remedy"].to_string().contains("ragterm doctor --fix"), "{check}");
    let fixed = ragterm.run(&["doctor", "--fix"]);
    assert!(fixed.stderr.contains("pulling 970aa74c0a90"), "{}", fixed.stderr);
    assert!(fixed.stdout.contains("has nomic-embed-text: 64 dimensions"), "{}", fixed.stdout);
    assert_eq!(ragterm.settle()["store"]["points"], 2);
    assert_eq!(checked(&ragterm, "embedder", 0)["state"], "ok");
}

#[test]
fn doctor_recommends_a_model_for_documents_that_this_one_cannot_read() {
    let fake = fakes::ollama::start();
    let ragterm = with_ollama(&fake.url);
    ragterm.write("휴가.txt", "연차 휴가는 다음 해로 이월할 수 있습니다.");
    ragterm.add();
    ragterm.settle();
    let check = checked(&ragterm, "languages", 0);
    assert_eq!(check["state"], "warn");
    let remedy = check["remedy"].to_string();
    assert!(remedy.contains("bge-m3") && remedy.contains("qwen3-embedding"), "{remedy}");
}

#[test]
fn a_server_like_openai_serves_as_well() {
    let fake = fakes::openai::start();
    fake.set(|behaviour| {
        behaviour.models.push("bge-m3".into());
        behaviour.key = Some("Bearer sk-from-a-file");
    });
    let ragterm = Instance::new()
        .with("RAGTERM_EMBEDDER__PROVIDER", "openai")
        .with("RAGTERM_EMBEDDER__MODEL", "bge-m3")
        .with("RAGTERM_EMBEDDER__URL", &fake.url);
    let key = ragterm.data().with_file_name("key");
    std::fs::write(&key, "sk-from-a-file\n").unwrap();
    let ragterm = ragterm.with("RAGTERM_EMBEDDER__API_KEY_FILE", key.to_str().unwrap());
    ragterm.write("휴가.txt", "연차 휴가는 다음 해로 이월할 수 있습니다.");
    ragterm.add();
    ragterm.settle();
    let reply = by_meaning(&ragterm, "휴가 이월");
    assert_eq!(reply["hits"][0]["path"], "휴가.txt");
    let shown = ragterm.run(&["status", "--json"]).stdout + &ragterm.run(&["doctor"]).stdout;
    assert!(!shown.contains("sk-from-a-file"));
}
