//! Fifty questions at once: each is acknowledged before any is answered, and each is answered.

use std::time::{Duration, Instant};

use ragterm_chats::discord::{Message, Person, Rules};
use serde_json::json;

use super::{GUILD, Instance, is_done, limits, patient};
use crate::daemon::{Gate, Step, answering};

const QUESTIONS: u64 = 50;

/// How long people waited for the first sign.
fn told(mut waits: Vec<Duration>) -> String {
    waits.sort();
    assert_eq!(waits.len() as u64, QUESTIONS);
    let (half, most) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    format!("half within {half:?}, all within {most:?}")
}

/// Has the daemon answer nothing before the gate is opened.
fn held(instance: &Instance) -> Gate {
    let gate = Gate::new();
    let held = gate.clone();
    instance.daemon.answers(move |request| {
        let mut steps = answering(&format!("About {} [1].", request.question));
        steps.insert(0, Step::Hold(held.clone()));
        steps
    });
    gate
}

#[test]
fn fifty_mentions_at_once_are_noticed_before_any_is_answered() {
    let rules = Rules { window: Duration::from_millis(200), ..patient() };
    let instance = Instance::with(rules, limits());
    let gate = held(&instance);
    let said: Vec<(u64, Instant)> = (0..QUESTIONS)
        .map(|n| {
            let person = Person::new(10_000 + n, "one of many");
            // Each in a channel of its own: the sign in a channel is for all who wrote there.
            let channel = instance.discord.text_channel(GUILD, "general");
            instance.discord.say(&person, channel, &format!("<@7001> question {n}"));
            (channel, Instant::now())
        })
        .collect();
    let waits = said.iter().map(|(channel, at)| {
        let path = format!("/channels/{channel}/typing");
        let seen = instance.discord.until("a sign", |world| {
            world.calls.iter().find(|call| call.path == path).map(|call| call.at)
        });
        seen.saturating_duration_since(*at)
    });
    println!("{QUESTIONS} mentions at once: {}", told(waits.collect()));
    gate.open();
    for n in 0..QUESTIONS {
        let about = format!("About question {n} [1].");
        instance.discord.until("each answer", |world| {
            let is_it = |message: &&Message| message.content == about;
            world.messages.values().find(is_it).map(|message| message.id)
        });
    }
    assert_eq!(instance.discord.look(|world| world.refusals()), 0);
}

#[test]
fn fifty_questions_at_once_are_acknowledged_before_any_is_answered() {
    let instance = Instance::with(patient(), limits());
    let gate = held(&instance);
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked: Vec<u64> = (0..QUESTIONS)
        .map(|n| {
            let person = Person::new(10_000 + n, "one of many");
            let question = json!({ "question": format!("question {n}") });
            instance.discord.slash(&person, channel, "ask", question)
        })
        .collect();
    let waits = asked.iter().map(|id| instance.discord.acknowledged(*id)).collect();
    println!("{QUESTIONS} questions at once: {}", told(waits));
    gate.open();
    for (n, id) in asked.iter().enumerate() {
        let answers = instance.shown(*id, "each answer", is_done);
        assert_eq!(answers.len(), 1);
        assert!(answers[0].content.contains(&format!("About question {n} [1].")));
    }
    assert_eq!(instance.discord.look(|world| world.refusals()), 0);
}
