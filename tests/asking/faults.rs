//! Models and servers that misbehave: each ends in words, and what was said is kept.

use std::io::Read;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::{Office, configured, failed, impatient, numbers, write_documents};
use crate::fakes::chat::{Chat, Nature, Protocol, Reply, Then};
use crate::support::{Instance, until};

const QUESTION: &str = "How many vacation days may be carried over?";

/// Asks a model that ends like this; returns the answer.
fn after(then: Then) -> Value {
    let reply = Reply::then(&["At most five ", "days [1]"], then);
    let chat = Chat::saying(Protocol::Ollama, reply);
    let ragterm = if then == Then::Stall { impatient(&chat) } else { configured(&chat) };
    Office::of(ragterm, chat).ask(QUESTION)
}

#[test]
fn what_was_said_before_a_break_is_kept_and_marked() {
    for then in [
        Then::Stall,
        Then::Drop,
        Then::Close,
        Then::Bytes(b"\xff\xfe\n"),
        Then::Bytes(b"{\"message\": nonsense\n"),
        Then::Trouble("overloaded", "the model ran away"),
    ] {
        let answer = after(then);
        assert_eq!(answer["answer"], "At most five days [1]", "{then:?}");
        assert_eq!(answer["partial"], true, "{then:?}: {answer}");
        let why = answer["degraded"].as_str().unwrap();
        assert!(why.starts_with("the answer is not whole: "), "{then:?}: {why}");
        assert_eq!(numbers(&answer), [1], "{then:?}");
    }
}

#[test]
fn an_answer_without_end_is_cut_at_its_longest() {
    let office = Office::with_chat(Chat::saying(
        Protocol::Ollama,
        Reply::then(&["Five days [1]. "], Then::Forever),
    ));
    let answer = office.ask(QUESTION);
    assert_eq!(answer["partial"], true);
    assert!(answer["degraded"].as_str().unwrap().contains("longest answer"), "{answer}");
    until("the server to be left alone", || office.chat.open() == 0);
}

#[test]
fn passages_stand_in_for_a_model_that_says_nothing() {
    for (reply, why) in [
        (Reply::of(&[]), "the model said nothing"),
        (Reply::then(&[], Then::Refuse(404, "model not found")), "the model did not answer"),
        (Reply::then(&[], Then::Refuse(500, "out of memory")), "the model did not answer"),
        (Reply::then(&[], Then::Silence), "the model did not answer"),
    ] {
        let is_silent = reply.then == Then::Silence;
        let chat = Chat::saying(Protocol::Ollama, reply);
        let ragterm = if is_silent { impatient(&chat) } else { configured(&chat) };
        let answer = Office::of(ragterm, chat).ask(QUESTION);
        assert_eq!((&answer["answer"], &answer["partial"]), (&"".into(), &false.into()));
        let degraded = answer["degraded"].as_str().unwrap();
        assert!(degraded.contains(why), "{degraded}");
        assert_eq!(answer["sources"][0]["path"], "leave.md", "{answer}");
    }
}

#[test]
fn without_a_model_the_best_passages_are_shown_and_the_reason() {
    let ragterm = Instance::without_embedder();
    write_documents(&ragterm);
    ragterm.add();
    let shown = ragterm.run(&["ask", QUESTION]).expect(0);
    assert!(shown.stdout.contains("at most five days"), "{}", shown.stdout);
    assert!(shown.stderr.contains("no model is configured"), "{}", shown.stderr);
}

#[test]
fn a_server_that_is_down_is_said_to_be_down() {
    let chat = Chat::saying(Protocol::Ollama, Reply::of(&["Five [1]."]));
    let ragterm = configured(&chat);
    write_documents(&ragterm);
    ragterm.add();
    drop(chat);
    let answer = ragterm.run(&["ask", "--json", QUESTION]).expect(0).json();
    assert!(answer["degraded"].as_str().unwrap().contains("is the server running"), "{answer}");
    assert_eq!(answer["sources"][0]["path"], "leave.md");
}

#[test]
fn a_question_that_cannot_be_asked_says_why() {
    let office = Office::saying(Reply::of(&["Five [1]."]));
    let long = "vacation ".repeat(1_200);
    let refused = failed(&office, &["ask", &long], 2);
    assert!(refused.stderr.contains("at most 8000 are taken"), "{}", refused.stderr);
    let window = "days carried over ".repeat(400);
    let small =
        Chat::start(Protocol::Ollama, Nature { context: 600, ..Default::default() }, |_| {
            Reply::of(&["Five [1]."])
        });
    let office = Office::with_chat(small);
    let refused = failed(&office, &["ask", &window], 2);
    assert!(refused.stderr.contains("does not fit into the model's window"), "{}", refused.stderr);
    let refused = failed(&office, &["ask", "?!"], 2);
    assert!(refused.stderr.contains("no words"), "{}", refused.stderr);
}

#[test]
fn thoughts_that_a_server_passes_for_the_answer_are_taken_out_of_it() {
    let said = ["First I think [2] of", " it all.</think>", "\nFive days [1]."];
    let answer = Office::with_chat(Chat::saying(Protocol::OpenAi, Reply::of(&said))).ask(QUESTION);
    assert_eq!(answer["answer"], "Five days [1].");
    assert_eq!(numbers(&answer), [1]);
    assert!(answer["degraded"].as_str().unwrap().contains("thoughts"), "{answer}");
}

/// An office whose model is waited for longer than any test takes, and a question to it.
fn asking(reply: Reply, arguments: &[&str]) -> (Office, Child) {
    let chat = Chat::saying(Protocol::Ollama, reply);
    let ragterm = configured(&chat)
        .with("RAGTERM_LLM__IDLE_TIMEOUT_S", "600")
        .with("RAGTERM_LLM__TIMEOUT_S", "600");
    write_documents(&ragterm);
    ragterm.add();
    let office = Office { ragterm, chat };
    let child = office
        .ragterm
        .command(&[&["ask"], arguments, &[QUESTION]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the model to be asked", || office.chat.open() == 1);
    (office, child)
}

/// Reads until a text has come.
fn read_until(child: &mut Child, text: &str) {
    let stdout = child.stdout.as_mut().unwrap();
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains(text) {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        said.push(byte[0]);
    }
}

#[test]
fn a_daemon_that_dies_in_the_middle_leaves_what_was_said() {
    let reply = || Reply::then(&["At most five days [1]. "], Then::Stall);
    let (office, mut child) = asking(reply(), &[]);
    read_until(&mut child, "At most five days [1].");
    crate::support::signal(office.ragterm.pid(), rustix::process::Signal::KILL);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let rest = String::from_utf8(output.stdout).unwrap();
    assert!(rest.contains("[the answer breaks off here]"), "{rest}");
}

#[test]
fn a_reader_that_goes_away_ends_the_models_work_and_what_was_said_is_kept() {
    for (reply, said) in [
        (Reply::then(&[], Then::Silence), ""),
        (Reply::then(&["Five days [1]. "], Then::Stall), "Five days [1]."),
    ] {
        let (office, mut child) = asking(reply, &[]);
        read_until(&mut child, said);
        child.kill().unwrap();
        child.wait().unwrap();
        until("the model to be left alone", || office.chat.open() == 0);
        let sessions = ["sessions", "list", "--json"];
        until("the turn to be kept", || office.ragterm.run(&sessions).code == 0);
        let listed = office.ragterm.run(&sessions).expect(0).json();
        let session = listed[0]["session"].as_str().unwrap();
        let shown = office.ragterm.run(&["sessions", "show", session, "--json"]).expect(0).json();
        assert_eq!(shown["turns"][0]["answer"].as_str().unwrap().trim(), said);
        assert_eq!(shown["turns"][0]["partial"], true);
        assert_eq!(shown["turns"][0]["question"], QUESTION);
    }
}

#[test]
fn passages_that_did_not_fit_after_all_are_told() {
    let chat = Chat::start(Protocol::OpenAi, Nature { context: 900, ..Nature::default() }, |_| {
        Reply::of(&["Five [1]."])
    });
    // Half of what is asked for at the most goes to the answer.
    let ragterm = configured(&chat).with("RAGTERM_LLM__MAX_OUTPUT_TOKENS", "700");
    write_documents(&ragterm);
    ragterm.add();
    let answer = ragterm.run(&["ask", "--json", QUESTION]).expect(0).json();
    let sent = chat.asked().pop().unwrap().body["max_tokens"].as_u64().unwrap();
    assert!(sent <= 450, "{sent}");
    assert!(answer["degraded"].as_str().unwrap().contains("for the answer"), "{answer}");
}
