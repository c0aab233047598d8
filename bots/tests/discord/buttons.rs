//! Buttons: feedback, more passages, sharing, and asking on in a thread.

use ragterm_proto::v1::{SearchReply, Turn, TurnSource};
use serde_json::{Value, json};
use tonic::Status;

use super::{GUILD, Instance, ann, ben, is_done};
use crate::daemon::{Step, answered, source};

/// An answer for everyone: its channel, its message, and the id of a button.
fn public(instance: &Instance, button: &str) -> (u64, u64, String) {
    answer(instance, button, json!({ "question": "How many days?" }))
}

/// An answer for Ann alone.
fn private(instance: &Instance, button: &str) -> (u64, u64, String) {
    answer(instance, button, json!({ "question": "How many days?", "private": true }))
}

fn answer(instance: &Instance, button: &str, options: Value) -> (u64, u64, String) {
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", options);
    let answers = instance.shown(asked, "the answer", is_done);
    (channel, answers[0].id, answers[0].button(button).unwrap())
}

#[test]
fn feedback_reaches_the_daemon_and_is_thanked_for_in_private() {
    let instance = Instance::new();
    let (_, message, button) = public(&instance, "Not helpful");
    let pressed = instance.discord.press(&ben(), message, &button);
    let thanks = instance.shown(pressed, "thanks", |said| {
        said.last().is_some_and(|said| said.content == "Thank you for telling me.")
    });
    assert!(thanks[0].is_ephemeral);
    let call = instance.daemon.calls().feedback[0].clone();
    assert_eq!((call.request.turn.as_str(), call.request.helpful), ("turn-1", false));
    assert_eq!((call.asker.user.as_str(), call.asker.public), ("502", true));
}

#[test]
fn more_is_shown_to_the_one_who_pressed_with_that_ones_own_rights() {
    let instance = Instance::new();
    let hits = vec![source(1, "Leave policy").hit.unwrap()];
    instance.daemon.script(|script| script.found = SearchReply { hits, ..SearchReply::default() });
    let (_, message, button) = public(&instance, "Show more");
    let pressed = instance.discord.press(&ben(), message, &button);
    let more = instance
        .shown(pressed, "passages", |said| said.last().is_some_and(|said| !said.embeds.is_empty()));
    assert!(more[0].is_ephemeral);
    let call = instance.daemon.calls().searched[0].clone();
    assert_eq!(call.request.query, "How many days?");
    assert_eq!((call.asker.user.as_str(), call.asker.public), ("502", false));
}

#[test]
fn what_the_daemon_lets_be_shared_is_shown_to_the_channel() {
    let instance = Instance::new();
    let turn = Turn {
        id: "turn-1".into(),
        question: "How many days?".into(),
        answer: "Thirty days [1].".into(),
        sources: vec![TurnSource { n: 1, title: "Leave policy".into(), ..TurnSource::default() }],
        ..Turn::default()
    };
    instance.daemon.script(|script| script.shares = Box::new(move |_| Ok(turn.clone())));
    let (channel, message, button) = private(&instance, "Make public");
    let pressed = instance.discord.press(&ann(), message, &button);
    let said =
        instance.shown(pressed, "the shared answer", |said| said.len() == 2 && is_done(said));
    assert!(said[0].is_ephemeral && said[0].content == "Shared with this channel.");
    assert!(!said[1].is_ephemeral);
    assert_eq!(said[1].content, "> How many days?\nThirty days [1].");
    let again = instance.discord.press(&ann(), message, &button);
    instance.shown(again, "a word that it was", |said| {
        said.last().is_some_and(|said| said.content == "Shared with this channel.")
    });
    assert_eq!(instance.daemon.calls().shared.len(), 1);
    let call = instance.daemon.calls().shared[0].clone();
    assert_eq!((call.request.as_str(), call.asker.public), ("turn-1", true));
    assert_eq!(call.asker.channel, channel.to_string());
}

#[test]
fn sharing_that_failed_can_be_tried_again() {
    let instance = Instance::new();
    instance.daemon.script(|script| script.shares = Box::new(|_| Err(Status::not_found("gone"))));
    let (_, message, button) = private(&instance, "Make public");
    for _ in 0..2 {
        let pressed = instance.discord.press(&ann(), message, &button);
        let said = instance.shown(pressed, "the reason", |said| {
            said.last().is_some_and(|said| said.content.contains("no longer there"))
        });
        assert!(said.len() == 1 && said[0].is_ephemeral);
    }
    assert_eq!(instance.daemon.calls().shared.len(), 2);
}

#[test]
fn what_may_not_be_shared_is_asked_again_for_the_channel() {
    let instance = Instance::new();
    instance.daemon.answers(|_| vec![Step::Answer(Box::new(answered("Private or public [1].")))]);
    let (_, message, button) = private(&instance, "Make public");
    instance.daemon.answers(|_| vec![Step::Answer(Box::new(answered("For everyone here [1].")))]);
    let pressed = instance.discord.press(&ann(), message, &button);
    let said = instance.shown(pressed, "the new answer", |said| said.len() == 2 && is_done(said));
    assert!(said[0].is_ephemeral && said[0].content.contains("so I asked again"));
    assert!(!said[1].is_ephemeral);
    assert_eq!(said[1].content, "> How many days?\nFor everyone here [1].");
    for (_, version) in &said[1].versions {
        assert!(!version.contains("Private or public"));
    }
    let asked = instance.daemon.calls().asked;
    assert_eq!(asked.iter().map(|call| call.asker.public).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_button_of_a_forgotten_answer_says_that_it_is_too_old() {
    let instance = Instance::new();
    let (_, message, button) = public(&instance, "Show more");
    let pressed = instance.discord.press(&ben(), message, &button.replace("turn-1", "turn-0"));
    instance.shown(pressed, "a word", |said| {
        said.last().is_some_and(|said| said.content.contains("too old for this"))
    });
}

#[test]
fn a_thread_begun_at_an_answer_goes_on_with_its_session() {
    let instance = Instance::new();
    let (channel, message, button) = public(&instance, "Ask on");
    instance.discord.press(&ben(), message, &button);
    let greeted = instance.said(message, "a greeting", |said| !said.is_empty());
    assert_eq!(greeted[0].content, "Ask on here; I read along.");
    let thread = instance.discord.look(|world| world.channels[&message].clone());
    assert_eq!((thread.parent, thread.name.as_str()), (Some(channel), "How many days?"));
    instance.discord.say(&ben(), thread.id, "And for part-timers?");
    instance.said(thread.id, "the follow-up", is_done);
    let asked = instance.daemon.calls().asked;
    assert_eq!(asked[0].request.thread, asked[1].request.thread);
    assert_eq!(asked[1].request.question, "And for part-timers?");
    assert_eq!(asked[1].asker.channel, channel.to_string());
}
