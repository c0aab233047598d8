//! Another embedding model: made beside the one that answers, switched in one step, kept.

use std::collections::HashSet;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::fakes::{self, Behaviour, Fake};
use crate::support::{Instance, signal, until};

const OLD: &str = "nomic-embed-text:latest";
const NEW: &str = "bge-m3:latest";
const DOCUMENTS: usize = 30;

/// An Ollama with two models, and what was said about herons embedded by the first.
fn settled() -> (Fake, Instance) {
    let models = vec![OLD.to_owned(), NEW.to_owned()];
    let fake = fakes::ollama::start_with(Behaviour { models, ..Behaviour::default() });
    let ragterm = Instance::new()
        .with("RAGTERM_EMBEDDER__PROVIDER", "ollama")
        .with("RAGTERM_EMBEDDER__MODEL", OLD)
        .with("RAGTERM_EMBEDDER__URL", &fake.url);
    for number in 0..DOCUMENTS {
        ragterm.write(&format!("{number}.md"), format!("Heron report {number}: it was seen."));
    }
    ragterm.add();
    assert_eq!(model(&ragterm.settle()), OLD);
    (fake, ragterm)
}

fn model(status: &Value) -> &str {
    status["embedder"]["model"].as_str().unwrap()
}

fn passages(fake: &Fake, model: &str) -> Vec<String> {
    let of_model = fake.embeddings().into_iter().filter(|request| request.body["model"] == model);
    of_model.flat_map(|request| request.texts).filter(|text| text.contains("report")).collect()
}

fn is_reindexing(status: &Value) -> bool {
    let jobs = status["jobs"].as_array().unwrap();
    jobs.iter().any(|job| job["phase"] == format!("reindex ollama:{NEW}"))
}

fn change(ragterm: &Instance) {
    ragterm.run(&["reindex", "--embedder", &format!("ollama:{NEW}"), "--detach"]).expect(0);
}

/// Half a minute for all documents: time to look.
fn slow_down(fake: &Fake) {
    fake.set(|behaviour| behaviour.per_text = Duration::from_millis(400));
}

fn speed_up(fake: &Fake) {
    fake.set(|behaviour| behaviour.per_text = Duration::ZERO);
}

#[test]
fn the_old_model_answers_until_the_new_one_is_complete_and_both_embed_once() {
    let (fake, ragterm) = settled();
    fake.forget();
    slow_down(&fake);
    change(&ragterm);
    let during = ragterm.wait("the change to begin", is_reindexing);
    assert_eq!((model(&during), &during["settled"]), (OLD, &Value::Bool(false)));
    let search = ragterm.run(&["search", "--json", "--mode", "semantic", "heron"]).expect(0).json();
    assert_eq!(search["degraded"], Value::Null);
    speed_up(&fake);
    let after = ragterm.settle();
    assert_eq!(model(&after), NEW);
    assert_eq!(after["store"]["points"], DOCUMENTS);
    let made = passages(&fake, NEW);
    assert_eq!((made.len(), made.iter().collect::<HashSet<_>>().len()), (DOCUMENTS, DOCUMENTS));
    assert!(passages(&fake, OLD).is_empty());
    ragterm.verify();
}

#[test]
fn the_new_model_stays_after_a_restart_and_the_way_back_embeds_nothing() {
    let (fake, ragterm) = settled();
    change(&ragterm);
    ragterm.wait("the new model", |status| model(status) == NEW);
    ragterm.run(&["stop"]).expect(0);
    fake.forget();
    assert_eq!(model(&ragterm.settle()), NEW);
    ragterm.run(&["reindex", "--rollback"]).expect(0);
    assert_eq!(model(&ragterm.settle()), OLD);
    assert!(passages(&fake, OLD).is_empty() && passages(&fake, NEW).is_empty());
    ragterm.write("late.md", "A late heron report.");
    ragterm.wait("the late document", |status| status["store"]["points"] == DOCUMENTS + 1);
    assert_eq!(passages(&fake, OLD).len(), 1);
    ragterm.verify();
}

#[test]
fn a_kill_in_the_middle_loses_no_vector_that_was_stored() {
    let (fake, ragterm) = settled();
    fake.forget();
    slow_down(&fake);
    change(&ragterm);
    let begun = |status: &Value| is_reindexing(status) && !passages(&fake, NEW).is_empty();
    let status = ragterm.wait("the change to begin", begun);
    signal(status["daemon"]["pid"].as_i64().unwrap() as i32, Signal::KILL);
    until("the daemon to be gone", || !ragterm.run(&["stop"]).stderr.contains("pid"));
    assert_eq!(model(&ragterm.status()), OLD);
    // Not before: the new model could be complete at the first look.
    speed_up(&fake);
    let after = ragterm.settle();
    assert_eq!((model(&after), &after["store"]["points"]), (NEW, &Value::from(DOCUMENTS)));
    ragterm.verify();
}

#[test]
fn a_cancelled_change_leaves_everything_as_it_was() {
    let (fake, ragterm) = settled();
    slow_down(&fake);
    change(&ragterm);
    ragterm.wait("the change to begin", is_reindexing);
    ragterm.run(&["reindex", "--cancel"]).expect(0);
    speed_up(&fake);
    let after = ragterm.settle();
    assert_eq!((model(&after), is_reindexing(&after)), (OLD, false));
    ragterm.run(&["reindex", "--rollback"]).expect(2);
    ragterm.verify();
}

#[test]
fn an_edited_configuration_changes_the_model_without_a_gap() {
    let (fake, ragterm) = settled();
    ragterm.run(&["stop"]).expect(0);
    slow_down(&fake);
    let ragterm = ragterm.with("RAGTERM_EMBEDDER__MODEL", NEW);
    let during = ragterm.wait("the change to begin", is_reindexing);
    assert_eq!(model(&during), OLD);
    speed_up(&fake);
    assert_eq!(model(&ragterm.settle()), NEW);
    ragterm.verify();
}

#[test]
fn a_model_that_the_server_lacks_is_told_and_can_be_given_up() {
    let (_fake, ragterm) = settled();
    ragterm.run(&["reindex", "--embedder", "ollama:unheard-of", "--detach"]).expect(0);
    let told = |status: &Value| status["notices"].to_string().contains("ollama pull unheard-of");
    assert_eq!(model(&ragterm.wait("the reason", told)), OLD);
    ragterm.run(&["reindex", "--cancel"]).expect(0);
    ragterm.settle();
    let wrong = ragterm.run(&["reindex", "--embedder", "gpt"]).expect(2);
    assert!(wrong.stderr.contains("no provider"), "{}", wrong.stderr);
}

#[test]
fn a_model_that_is_replaced_under_its_name_is_taken_up_by_itself() {
    let (fake, ragterm) = settled();
    fake.forget();
    fake.set(|behaviour| behaviour.dimensions = 32);
    ragterm.write("late.md", "A late heron report.");
    let has_all = |status: &Value| {
        status["embedder"]["dimensions"] == 32 && status["store"]["points"] == DOCUMENTS + 1
    };
    ragterm.wait("the other model", has_all);
    let after = ragterm.settle();
    assert_eq!((model(&after), &after["embedder"]["healthy"]), (OLD, &Value::Bool(true)));
    assert_eq!(after["chunks"]["embedded"], DOCUMENTS + 1);
    let search = ragterm.run(&["search", "--json", "--mode", "semantic", "heron"]).expect(0).json();
    assert_eq!((&search["degraded"], &search["embedded_share"]), (&Value::Null, &1.0.into()));
    ragterm.verify();
    // The earlier one comes back while nothing is to be embedded: a question notices.
    fake.forget();
    fake.set(|behaviour| behaviour.dimensions = 64);
    ragterm.run(&["search", "--mode", "semantic", "heron"]);
    ragterm.wait("the earlier model", |status| status["embedder"]["dimensions"] == 64);
    assert_eq!(ragterm.settle()["store"]["points"], DOCUMENTS + 1);
    // What it had embedded before is known; only the late document is not.
    assert_eq!(passages(&fake, OLD).len(), 1);
    ragterm.verify();
}

#[test]
fn a_model_that_was_replaced_while_nobody_looked_is_taken_up_at_the_start() {
    let (fake, ragterm) = settled();
    ragterm.run(&["stop"]).expect(0);
    fake.set(|behaviour| behaviour.dimensions = 32);
    let has_all = |status: &Value| {
        status["embedder"]["dimensions"] == 32 && status["store"]["points"] == DOCUMENTS
    };
    ragterm.wait("the other model", has_all);
    assert_eq!(ragterm.settle()["chunks"]["embedded"], DOCUMENTS);
    ragterm.verify();
}
