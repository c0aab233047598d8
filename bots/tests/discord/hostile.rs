//! Texts of documents have no force in a chat, and long ones come in whole pieces.

use ragterm_proto::v1::Answered;
use serde_json::json;

use super::{GUILD, Instance, ann, ben, content, is_done};
use crate::daemon::{Step, answered, source};

#[test]
fn what_documents_say_calls_nobody_and_hides_no_link() {
    let instance = Instance::new();
    let text = "@everyone ask <@501> or <@&61> in <#5>, see [the rules](https://evil.example/x).";
    instance.daemon.answers(move |_| {
        let mut last = answered(text);
        last.sources = vec![source(1, "[@here](https://evil.example)")];
        vec![Step::Text(text.into()), Step::Answer(Box::new(last))]
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let question = json!({ "question": "Who is @everyone?" });
    let asked = instance.discord.slash(&ann(), channel, "ask", question);
    let answers = instance.shown(asked, "the answer", is_done);
    for (_, version) in &answers[0].versions {
        for force in ["@everyone", "<@501>", "<@&61>", "<#5>", "](https://evil"] {
            assert!(!version.contains(force), "{force} in {version}");
        }
    }
    assert!(answers[0].content.contains("the rules (<https://evil.example/x>)"));
    let name = &answers[0].embeds[0]["fields"][0]["name"];
    assert_eq!(name, "1. \\[@\u{2060}here\\](https://evil.example)");
}

#[test]
fn an_answer_of_30000_characters_comes_whole_in_pieces_that_end_with_sentences() {
    let instance = Instance::new();
    let sentence =
        |n: usize| format!("Sentence number {n} of this long answer says a little more. ");
    let text: String = (0..).map(sentence).take(510).collect();
    let text = text.trim_end().to_owned();
    assert!(text.len() > 30_000);
    let whole = text.clone();
    instance.daemon.answers(move |_| {
        let pieces = whole.as_bytes().chunks(700);
        let mut steps: Vec<Step> =
            pieces.map(|piece| Step::Text(String::from_utf8(piece.to_vec()).unwrap())).collect();
        steps.push(Step::Answer(Box::new(answered(&whole))));
        steps
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "All?" }));
    let answers = instance.shown(asked, "the answer", is_done);
    assert!(answers.len() >= 16, "{} messages", answers.len());
    assert!(answers.iter().all(|answer| answer.content.ends_with('.')));
    let told = content(&answers).replacen("> All?\n", "", 1).replace('\n', " ");
    assert_eq!(told, text);
    let with_buttons = answers.iter().filter(|answer| !answer.components.is_empty()).count();
    assert_eq!(with_buttons, 1);
}

#[test]
fn a_long_answer_in_direct_messages_stays_there() {
    let instance = Instance::new();
    let text = "A sentence of the answer that is rather long. ".repeat(60);
    instance.daemon.answers(move |_| vec![Step::Answer(Box::new(answered(text.trim_end())))]);
    let channel = instance.discord.direct(&ann());
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "All?" }));
    let answers = instance.shown(asked, "the answer", is_done);
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|answer| !answer.is_ephemeral));
}

#[test]
fn an_interaction_that_comes_twice_is_answered_once() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }));
    instance.discord.send_again(asked);
    instance.shown(asked, "the answer", is_done);
    instance.discord.send_again(asked);
    // What is sent after it is handled after it.
    let next = instance.discord.slash(&ben(), channel, "ask", json!({ "question": "More?" }));
    instance.shown(next, "the next answer", is_done);
    assert_eq!(instance.daemon.calls().asked.len(), 2);
    let callbacks = instance.discord.look(|world| {
        let is_one = |path: &str| path.starts_with(&format!("/interactions/{asked}/"));
        world.calls.iter().filter(|call| is_one(&call.path)).count()
    });
    assert_eq!(callbacks, 1);
}

#[test]
fn without_a_model_the_passages_are_shown() {
    let instance = Instance::new();
    instance.daemon.answers(|_| {
        let last = Answered { degraded: Some("no model is configured".into()), ..answered("") };
        vec![Step::Answer(Box::new(last))]
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }));
    let answers = instance.shown(asked, "the passages", is_done);
    assert!(answers[0].content.contains("No language model answered"));
    assert!(answers[0].content.contains("-# Please note: no model is configured"));
    let description = answers[0].embeds[0]["description"].as_str().unwrap();
    assert!(description.ends_with("A passage of Leave policy."), "{description}");
}

#[test]
fn nothing_relevant_is_said_to_be_so() {
    let instance = Instance::new();
    instance.daemon.answers(|_| {
        let last = Answered { refused: true, sources: Vec::new(), ..answered("") };
        vec![Step::Answer(Box::new(last))]
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Mars?" }));
    let answers = instance.shown(asked, "the refusal", is_done);
    assert!(answers[0].content.contains("I found nothing about this"));
}
