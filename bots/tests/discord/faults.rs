//! The daemon down, slow and restarted; Discord slow, failing, and forgetting.

use std::time::Duration;

use ragterm_bots::core::Limits;
use ragterm_chats::discord::{Rules, Scripted};
use serde_json::json;

use super::{GUILD, Instance, ann, generous, is_done, limits, patient};
use crate::daemon::{Gate, Step, answered, answering};

fn ask(instance: &Instance) -> u64 {
    let channel = instance.discord.text_channel(GUILD, "general");
    instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }))
}

/// An answer that stops after its first words until the gate is opened.
fn held(instance: &Instance) -> Gate {
    let gate = Gate::new();
    let held = gate.clone();
    instance.daemon.answers(move |_| {
        let mut steps = answering("Thirty days [1].");
        steps.insert(2, Step::Hold(held.clone()));
        steps
    });
    gate
}

#[test]
fn a_daemon_that_is_down_is_told_of_and_waited_for() {
    let instance = Instance::new();
    instance.daemon.down();
    let asked = ask(&instance);
    // Without the daemon.
    instance.discord.acknowledged(asked);
    instance.shown(asked, "a word about it", |answers| {
        answers[0].content.contains("I cannot reach ragterm right now")
    });
    instance.daemon.up();
    instance.shown(asked, "the answer", is_done);
}

#[test]
fn a_daemon_that_stays_down_ends_in_a_kind_word() {
    let patience = Duration::from_millis(100);
    let instance = Instance::with(generous(), Limits { patience, ..limits() });
    instance.daemon.down();
    let asked = ask(&instance);
    instance
        .shown(asked, "the end", |answers| answers[0].content.contains("so I have no answer now"));
}

#[test]
fn a_slow_answer_is_acknowledged_at_once_and_told_to_be_slow() {
    let instance =
        Instance::with(generous(), Limits { slow: Duration::from_millis(50), ..limits() });
    let gate = Gate::new();
    let held = gate.clone();
    instance.daemon.answers(move |_| {
        vec![Step::Hold(held.clone()), Step::Answer(Box::new(answered("At last [1].")))]
    });
    let asked = ask(&instance);
    // Before there is an answer.
    instance.discord.acknowledged(asked);
    instance.shown(asked, "a word about it", |answers| {
        answers[0].content.contains("This takes longer than usual")
    });
    gate.open();
    instance.shown(asked, "the answer", is_done);
}

#[test]
fn a_daemon_that_restarts_in_the_middle_leaves_what_had_come_and_says_so() {
    let instance = Instance::new();
    held(&instance);
    let asked = ask(&instance);
    instance.shown(asked, "the beginning", |answers| answers[0].content.contains("Thirty days"));
    instance.daemon.down();
    let answers = instance
        .shown(asked, "the end", |answers| answers[0].content.contains("The connection broke off"));
    assert!(answers[0].content.contains("Thirty days [1]."));
    assert!(!answers[0].content.contains("still writing"));
    instance.daemon.up();
    instance.daemon.answers(|_| answering("Thirty days [1]."));
    let next = ask(&instance);
    instance.shown(next, "the next answer", is_done);
}

#[test]
fn a_refusal_is_waited_for_as_long_as_it_says() {
    let instance = Instance::new();
    let gate = held(&instance);
    let asked = ask(&instance);
    instance.shown(asked, "the beginning", |answers| answers[0].content.contains("Thirty days"));
    instance.discord.script("/webhooks/", Scripted::TooMany(Duration::from_millis(700)));
    gate.open();
    instance.shown(asked, "the answer", is_done);
    instance.discord.look(|world| {
        let refused = world.calls.iter().position(|call| call.status == 429).unwrap();
        let next = &world.calls[refused + 1];
        let pause = next.at - world.calls[refused].at;
        assert!(pause >= Duration::from_millis(690), "{pause:?}");
        assert_eq!(next.path, world.calls[refused].path);
    });
}

#[test]
fn a_long_answer_keeps_within_discords_limits() {
    // More messages than a window takes: the bot waits by itself, and nothing is refused.
    let rules = Rules { window: Duration::from_millis(400), ..patient() };
    let instance = Instance::with(rules, limits());
    let text = "A sentence of the answer that is rather long and stands alone. ".repeat(480);
    instance.daemon.answers(move |_| {
        let mut steps: Vec<Step> = text
            .as_bytes()
            .chunks(900)
            .map(|piece| Step::Text(String::from_utf8(piece.to_vec()).unwrap()))
            .collect();
        steps.push(Step::Answer(Box::new(answered(text.trim_end()))));
        steps
    });
    let asked = ask(&instance);
    let answers = instance.shown(asked, "the answer", is_done);
    assert!(answers.len() >= 15, "{} messages", answers.len());
    assert_eq!(instance.discord.look(|world| world.refusals()), 0);
}

#[test]
fn a_discord_that_fails_for_a_moment_loses_nothing() {
    let instance = Instance::new();
    let gate = held(&instance);
    let asked = ask(&instance);
    instance.shown(asked, "the beginning", |answers| answers[0].content.contains("Thirty days"));
    for status in [500, 502, 503] {
        instance.discord.script("/webhooks/", Scripted::Broken(status));
    }
    gate.open();
    let answers = instance.shown(asked, "the answer", is_done);
    assert_eq!(answers.len(), 1);
}

#[test]
fn a_message_whose_arrival_was_not_heard_of_is_not_written_twice() {
    let instance = Instance::new();
    let channel = instance.discord.direct(&ann());
    instance.discord.script("/messages", Scripted::Unheard(502));
    instance.discord.say(&ann(), channel, "How many days?");
    let said = instance.said(channel, "the answer", is_done);
    assert_eq!(said.len(), 1);
    let posts = instance.discord.look(|world| {
        world
            .calls
            .iter()
            .filter(|call| call.method == "POST" && call.path.ends_with("/messages"))
            .count()
    });
    assert_eq!(posts, 2);
}

#[test]
fn stopping_the_bot_is_told_to_those_who_wait() {
    let mut instance = Instance::new();
    let gate = Gate::new();
    instance.daemon.answers(move |_| vec![Step::Hold(gate.clone())]);
    let asked = ask(&instance);
    instance.daemon.until("the question", |calls| calls.asked.first().cloned());
    instance.stop.cancel();
    instance.shown(asked, "a word about it", |answers| {
        answers[0].content.contains("I am being restarted")
    });
    assert_eq!(instance.ended(), Ok(()));
}

#[test]
fn an_acknowledgement_that_fails_once_is_tried_again() {
    let instance = Instance::new();
    instance.discord.script("/interactions/", Scripted::Broken(500));
    let asked = ask(&instance);
    instance.discord.acknowledged(asked);
    instance.shown(asked, "the answer", is_done);
    let tries = instance.discord.look(|world| {
        world.calls.iter().filter(|call| call.path.starts_with("/interactions/")).count()
    });
    assert_eq!(tries, 2);
}

#[test]
fn a_public_answer_outlives_the_token_of_its_interaction() {
    let instance = Instance::new();
    let gate = held(&instance);
    let asked = ask(&instance);
    instance.shown(asked, "the beginning", |answers| answers[0].content.contains("Thirty days"));
    instance.discord.change(|world| world.rules.token_life = Duration::ZERO);
    gate.open();
    let answers = instance.shown(asked, "the answer", is_done);
    assert_eq!(answers.len(), 1);
    let edits = instance.discord.look(|world| {
        let is_own = |path: &str| path.starts_with("/channels/");
        world.calls.iter().filter(|call| is_own(&call.path)).count()
    });
    assert_eq!(edits, 1);
}

#[test]
fn an_answer_that_somebody_removed_is_not_written_again() {
    let instance = Instance::new();
    let gate = held(&instance);
    let asked = ask(&instance);
    let answers = instance
        .shown(asked, "the beginning", |answers| answers[0].content.contains("Thirty days"));
    instance.discord.change(|world| {
        if let Some(message) = world.messages.get_mut(&answers[0].id) {
            message.is_deleted = true;
        }
    });
    gate.open();
    instance.discord.until("one more try", |world| {
        world.calls.iter().any(|call| call.status == 404).then_some(())
    });
    let next = ask(&instance);
    instance.shown(next, "the next answer", is_done);
    assert!(instance.discord.look(|world| world.answers(asked).is_empty()));
}
