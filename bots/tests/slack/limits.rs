//! Long answers, Slack's limits, and what happens when Slack refuses.

use std::time::Duration;

use ragterm_chats::slack::Fault;

use super::Instance;
use crate::daemon::{Gate, ScriptedDaemon, Step, answered};

/// An answer of 30,000 characters: paragraphs, lists and a code block longer than a section.
fn long() -> String {
    let mut text = String::new();
    let mut n = 0;
    while text.chars().count() < 22_000 {
        n += 1;
        text.push_str(&format!("Sentence number {n} says **something** of its own [1]. "));
        if n % 8 == 0 {
            text.push_str("\n\n");
        }
    }
    text.push_str("\n\n```python\n");
    while text.chars().count() < 29_800 {
        n += 1;
        text.push_str(&format!("print('line {n} of the code')\n"));
    }
    text + "```\n\nThe very end."
}

fn steps() -> Vec<Step> {
    let text = long();
    assert!((29_500..30_500).contains(&text.chars().count()));
    let pieces: Vec<char> = text.chars().collect();
    let pieces = pieces.chunks(500).map(|piece| Step::Text(piece.iter().collect()));
    pieces.chain([Step::Answer(Box::new(answered(&text)))]).collect()
}

/// Each marked piece of the answer can be read once, in order.
fn assert_whole(texts: &[String]) {
    let all = texts.join("\n");
    let mut from = 0;
    for line in long().lines().filter(|line| !line.is_empty() && !line.starts_with("```")) {
        for sentence in line.split(". ").filter(|sentence| !sentence.trim().is_empty()) {
            let shown = sentence.trim().replace("**", "*");
            let at = all[from..].find(&shown);
            from += at.unwrap_or_else(|| panic!("{shown} is missing or out of order"));
        }
    }
    for text in texts {
        assert_eq!(text.matches("```").count() % 2, 0, "a code block is open in {text}");
    }
}

#[test]
fn a_long_answer_in_a_thread_is_whole_over_several_messages() {
    let bot = Instance::start();
    bot.daemon.answers(|_| steps());
    bot.slack.mention("C1", "U1", "<@UBOT> tell me all");
    let last = bot.sees(&["The very end.", "Sources"]);
    let messages = bot.slack.journal().messages;
    assert!(messages.len() >= 4, "{} messages", messages.len());
    assert!(messages.iter().all(|message| message.thread == last.thread));
    assert_whole(&messages.iter().map(ragterm_chats::slack::Message::shown).collect::<Vec<_>>());
    assert!(messages[0].button("ragterm_helpful").is_none());
    assert!(last.button("ragterm_helpful").is_some(), "the buttons are under the end");
    assert!(bot.slack.journal().calls.iter().all(|call| call.outcome.is_ok()));
}

#[test]
fn a_long_answer_to_a_command_stays_within_five_uses_of_its_url() {
    let bot = Instance::start();
    bot.daemon.answers(|_| steps());
    bot.slack.command("C1", "U1", "/ask", "tell me all");
    bot.sees(&["The very end.", "Sources"]);
    let journal = bot.slack.journal();
    assert!(journal.calls_of("respond").len() <= 5);
    assert!(journal.calls.iter().all(|call| call.outcome.is_ok()));
    assert!(journal.messages.iter().all(|message| message.only.as_deref() == Some("U1")));
    assert_whole(
        &journal.messages.iter().map(ragterm_chats::slack::Message::shown).collect::<Vec<_>>(),
    );
}

#[test]
fn a_response_url_that_is_over_gives_way_to_an_ephemeral_message() {
    let bot = Instance::start();
    bot.slack.fail("respond", Fault::Refused("expired_url".to_owned()), 1);
    bot.daemon.answers(|_| vec![Step::Answer(Box::new(answered("Here it is.")))]);
    bot.slack.command("C1", "U1", "/ask", "days?");
    let answer = bot.sees(&["Here it is."]);
    assert_eq!(answer.only.as_deref(), Some("U1"));
    assert_eq!(bot.slack.journal().calls_of("chat.postEphemeral").len(), 1);
}

#[test]
fn a_response_url_that_ends_before_the_answer_does_not_lose_it() {
    let bot = Instance::with(ScriptedDaemon::start(), |settings| {
        settings.limits.slow = Duration::from_millis(10);
    });
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |_| {
        let end = Step::Answer(Box::new(answered("Here it is.")));
        vec![Step::Hold(held.clone()), end]
    });
    bot.slack.fail("respond", Fault::Refused("expired_url".to_owned()), 9);
    bot.slack.command("C1", "U1", "/ask", "days?");
    bot.slack
        .until("the excuse is refused", |journal| journal.calls_of("respond").first().map(|_| ()));
    gate.open();
    assert_eq!(bot.sees(&["Here it is."]).only.as_deref(), Some("U1"));
}

#[test]
fn too_many_requests_are_obeyed() {
    let bot = Instance::start();
    bot.slack.fail("chat.update", Fault::TooMany(1), 1);
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.sees(&["About days?"]);
    let journal = bot.slack.journal();
    let updates = journal.calls_of("chat.update");
    let pause = updates[1].at.duration_since(updates[0].at);
    assert!(pause >= Duration::from_secs(1), "only {pause:?} after Retry-After: 1");
}

#[test]
fn a_message_refused_for_its_blocks_arrives_as_text() {
    let bot = Instance::start();
    bot.slack.mention("C1", "U1", "<@UBOT> first?");
    bot.sees(&["About first?", "Sources"]);
    bot.daemon.answers(|_| vec![Step::Answer(Box::new(answered("In plain words.")))]);
    bot.slack.fail("chat.update", Fault::Refused("msg_blocks_too_long".to_owned()), 1);
    bot.slack.mention("C1", "U1", "<@UBOT> second?");
    let answer = bot.sees(&["In plain words."]);
    assert!(answer.blocks.as_array().is_none_or(Vec::is_empty));
}

#[test]
fn a_slack_that_stumbles_at_the_end_is_tried_again() {
    let bot = Instance::start();
    bot.daemon.answers(|_| vec![Step::Answer(Box::new(answered("Here it is.")))]);
    bot.slack.fail("chat.update", Fault::Status(502), 2);
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.sees(&["Here it is."]);
}

#[test]
fn a_message_that_was_deleted_ends_its_question() {
    let bot = Instance::start();
    bot.slack.fail("chat.update", Fault::Refused("message_not_found".to_owned()), 1);
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.slack.until("the edit is refused", |journal| {
        (!journal.calls_of("chat.update").is_empty()).then_some(())
    });
    bot.slack.mention("C1", "U1", "<@UBOT> others?");
    bot.sees(&["About others?"]);
    assert_eq!(bot.slack.journal().messages.len(), 2, "nothing was posted in its stead");
}
