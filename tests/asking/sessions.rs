//! Follow-up questions, history, feedback, and the cache of answers.

use serde_json::Value;

use super::{Office, configured, failed, prompt_of, write_documents};
use crate::fakes::chat::{Chat, Nature, Protocol, Reply, Then};
use crate::support::{Instance, until};

/// A model that rewrites follow-up questions and answers all others.
fn conversing() -> Chat {
    Chat::start(Protocol::Ollama, Nature::default(), |asked| {
        match prompt_of(asked).contains("Last question:") {
            true => Reply::of(&["How many vacation days", " may part-time staff carry over?"]),
            false => Reply::of(&["At most five days [1]."]),
        }
    })
}

#[test]
fn a_follow_up_question_stands_alone_before_it_is_searched_for() {
    let office = Office::with_chat(conversing());
    let first = office.ask("How many vacation days may be carried over?");
    let session = first["session"].as_str().unwrap();
    let arguments = ["ask", "--json", "--session", session, "And for part-time staff?"];
    let second = office.ragterm.run(&arguments).expect(0).json();
    assert_eq!(second["query"], "How many vacation days may part-time staff carry over?");
    assert_eq!(second["question"], "And for part-time staff?");
    assert_eq!(second["session"], session);
    let asked = office.chat.asked();
    assert_eq!(asked.len(), 3, "an answer, a rewriting, an answer");
    let rewriting = prompt_of(&asked[1]);
    assert!(rewriting.contains("Answer: At most five days (1)."), "{rewriting}");
    let last = office.ragterm.run(&["ask", "--json", "--session", "last", "And then?"]).expect(0);
    assert_eq!(last.json()["session"], session);
}

/// What comes of a follow-up question when the model makes this of it.
fn rewritten_to(said: &'static [&'static str], then: Then) -> Value {
    let office =
        Office::with_chat(Chat::start(Protocol::Ollama, Nature::default(), move |asked| {
            match prompt_of(asked).contains("Last question:") {
                true => Reply::then(said, then),
                false => Reply::of(&["At most five days [1]."]),
            }
        }));
    let first = office.ask("How many vacation days may be carried over?");
    let session = first["session"].as_str().unwrap();
    let question = "When do vacation days expire?";
    office.ragterm.run(&["ask", "--json", "--session", session, question]).expect(0).json()
}

#[test]
fn what_is_no_rewriting_of_the_question_is_not_searched_for() {
    for (said, then) in [
        (&["What is drunk in China?"][..], Then::End),
        (&["At most five days (1)."], Then::End),
        (&["When do vacation days expire?\nNever."], Then::End),
        (&["When do vacation days"], Then::Length),
        (&[], Then::End),
        (&["When do vacation"], Then::Drop),
    ] {
        let answer = rewritten_to(said, then);
        assert_eq!(answer["query"], "When do vacation days expire?", "{said:?}");
        let why = answer["degraded"].as_str().unwrap();
        assert!(why.contains("searched for as it stands"), "{said:?}: {why}");
    }
    let lost = rewritten_to(&["When does lactose expire in enzymes?"], Then::End);
    assert_eq!(lost["query"], "When do vacation days expire?");
    assert!(lost["degraded"].as_str().unwrap().contains("as the model rewrote it"), "{lost}");
}

#[test]
fn what_was_asked_is_found_shown_and_forgotten() {
    let office = Office::with_chat(conversing());
    let session = office.ask("How many vacation days may be carried over?")["session"].clone();
    office.ask("Which class are trains booked in?");
    let list = |words: &[&str]| -> Vec<Value> {
        let arguments = [&["sessions", "list", "--json"], words].concat();
        let listed = office.ragterm.run(&arguments);
        assert!(listed.code == 0 || listed.code == 1, "{}", listed.stderr);
        listed.json().as_array().unwrap().clone()
    };
    assert_eq!(list(&[]).len(), 2);
    assert_eq!(list(&["VACATION", "five"])[0]["session"], session);
    assert!(list(&["100%"]).is_empty());
    let session = session.as_str().unwrap();
    let shown = office.ragterm.run(&["sessions", "show", session, "--json"]).expect(0).json();
    assert_eq!(shown["turns"][0]["answer"], "At most five days [1].");
    assert_eq!(shown["turns"][0]["sources"][0]["path"], "leave.md");
    office.ragterm.run(&["sessions", "delete", session]).expect(0);
    assert_eq!(list(&[]).len(), 1);
    failed(&office, &["sessions", "show", session], 2);
    failed(&office, &["ask", "--session", session, "And then?"], 2);
    office.ragterm.run(&["sessions", "delete", "--all"]).expect(0);
    assert!(list(&[]).is_empty());
}

#[test]
fn a_source_that_is_gone_is_told_by_no_session() {
    let office = Office::with_chat(conversing());
    let answer = office.ask("How many vacation days may be carried over?");
    std::fs::remove_file(office.ragterm.docs().join("leave.md")).unwrap();
    until("the removal", || !office.ragterm.find("vacation").contains(&"leave.md".to_owned()));
    let session = answer["session"].as_str().unwrap();
    let shown = office.ragterm.run(&["sessions", "show", session, "--json"]).expect(0).json();
    assert_eq!(shown["turns"][0]["sources"], serde_json::json!([]));
}

#[test]
fn feedback_is_kept_with_its_answer() {
    let office = Office::with_chat(conversing());
    let answer = office.ask("How many vacation days may be carried over?");
    let turn = answer["turn"].as_str().unwrap();
    office.ragterm.run(&["feedback", turn, "unhelpful", "too", "short"]).expect(0);
    let session = answer["session"].as_str().unwrap();
    let shown = office.ragterm.run(&["sessions", "show", session, "--json"]).expect(0).json();
    assert_eq!(shown["turns"][0]["helpful"], false);
    assert_eq!(shown["turns"][0]["comment"], "too short");
    failed(&office, &["feedback", "nothing", "helpful"], 2);
}

#[test]
fn history_survives_a_restart_and_can_be_switched_off() {
    let office = Office::with_chat(conversing());
    office.ask("How many vacation days may be carried over?");
    office.ragterm.run(&["stop"]).expect(0);
    assert_eq!(office.ragterm.run(&["sessions", "--json"]).expect(0).json()[0]["turns"], 1);
    let chat = conversing();
    let ragterm = configured(&chat).with("RAGTERM_ANSWER__HISTORY_DAYS", "0");
    write_documents(&ragterm);
    ragterm.add();
    for _ in 0..2 {
        let arguments = ["ask", "--json", "How many vacation days may be carried over?"];
        let answer = ragterm.run(&arguments).expect(0).json();
        assert_eq!((&answer["session"], &answer["turn"]), (&"".into(), &Value::Null));
    }
    assert_eq!(ragterm.run(&["sessions"]).code, 1);
}

/// An instance that keeps answers, and its model.
fn caching() -> (Instance, Chat) {
    let chat = conversing();
    let ragterm = configured(&chat).with("RAGTERM_ANSWER__CACHE", "true");
    write_documents(&ragterm);
    ragterm.add();
    (ragterm, chat)
}

#[test]
fn an_answer_is_given_again_until_something_changes() {
    let (ragterm, chat) = caching();
    let question = "How many vacation days may be carried over?";
    let ask = |arguments: &[&str]| {
        ragterm.run(&[&["ask", "--json"], arguments, &[question]].concat()).expect(0).json()
    };
    let first = ask(&[]);
    let again = ask(&[]);
    assert_eq!((&first["cached"], &again["cached"]), (&false.into(), &true.into()));
    assert_eq!((&first["answer"], &first["sources"]), (&again["answer"], &again["sources"]));
    assert_eq!(chat.asked().len(), 1);
    assert_eq!(ask(&["--space", "default"])["cached"], false, "other rights");
    ragterm.write("leave.md", "# Leave policy\n\nVacation days may be carried over: six days.\n");
    until("the change", || ragterm.find("\"six days\"").first() == Some(&"leave.md".to_owned()));
    assert_eq!(ask(&[])["cached"], false, "another document");
}
