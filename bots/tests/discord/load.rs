//! Fifty questions at once: each is acknowledged within a second, and each is answered.

use std::time::Duration;

use ragterm_chats::discord::{Person, Rules};
use serde_json::json;

use super::{GUILD, Instance, is_done, limits};
use crate::daemon::{Gate, Step, answering};

const QUESTIONS: u64 = 50;

#[test]
fn fifty_questions_at_once_are_acknowledged_within_a_second_and_answered() {
    let instance = Instance::with(Rules::default(), limits());
    let gate = Gate::new();
    let held = gate.clone();
    instance.daemon.answers(move |request| {
        let mut steps = answering(&format!("About {} [1].", request.question));
        steps.insert(0, Step::Hold(held.clone()));
        steps
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked: Vec<u64> = (0..QUESTIONS)
        .map(|n| {
            let person = Person::new(10_000 + n, "one of many");
            let question = json!({ "question": format!("question {n}") });
            instance.discord.slash(&person, channel, "ask", question)
        })
        .collect();
    let mut waits: Vec<Duration> =
        asked.iter().map(|id| instance.discord.acknowledged(*id)).collect();
    waits.sort();
    gate.open();
    for (n, id) in asked.iter().enumerate() {
        let answers = instance.shown(*id, "each answer", is_done);
        assert_eq!(answers.len(), 1);
        assert!(answers[0].content.contains(&format!("About question {n} [1].")));
    }
    let (half, most) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    println!("acknowledged {QUESTIONS} questions: half within {half:?}, all within {most:?}");
    assert!(most < Duration::from_secs(1), "{most:?}");
    assert_eq!(instance.discord.look(|world| world.refusals()), 0);
}
