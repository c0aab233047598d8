//! How answers come: streamed, slow, cut, long, hostile.

use std::time::Duration;

use ragterm_bots::core::Limits;
use ragterm_proto::v1::Answered;

use super::{Instance, limits};
use crate::daemon::{Gate, ScriptedDaemon, Step, answered, answering, source};

#[test]
fn an_answer_grows_in_one_message() {
    let bot = Instance::start();
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |_| {
        vec![
            Step::Text("The first half".to_owned()),
            Step::Hold(held.clone()),
            Step::Text(", the second half.".to_owned()),
            Step::Answer(Box::new(answered("The first half, the second half."))),
        ]
    });
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    let half = bot.sees(&["The first half", "still writing"]);
    gate.open();
    let whole = bot.sees(&["The first half, the second half.", "Sources"]);
    assert_eq!(half.ts, whole.ts);
    assert!(!whole.shown().contains("still writing"));
    assert_eq!(bot.slack.journal().messages.len(), 1);
}

#[test]
fn an_answer_looks_like_this() {
    let bot = Instance::start();
    let text = "## Carry-over\n\nYou may carry over **5 days** [1]:\n\n- until *March*\n- see [the form](https://intranet.example/form)\n\n```sh\nleave request --days 5\n```";
    bot.daemon.answers(move |_| {
        let mut answered = answered(text);
        answered.sources.push(source(2, "Forms"));
        answered.sources[1].hit.as_mut().unwrap().uri = "file:///srv/forms.docx".to_owned();
        answered.degraded = Some("only keywords were searched".to_owned());
        vec![Step::Answer(Box::new(answered))]
    });
    bot.slack.command("C1", "U1", "/ask", "carry over?");
    let answer = bot.sees(&["5 days", "Sources"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer.blocks).unwrap());
}

#[test]
fn many_pieces_are_few_edits() {
    let edits = Duration::from_millis(50);
    let bot = Instance::with(ScriptedDaemon::start(), |settings| settings.limits.edits = edits);
    bot.daemon.answers(|_| {
        let pieces = (0..2_000).map(|n| Step::Text(format!("word{n} ")));
        let text: String = (0..2_000).map(|n| format!("word{n} ")).collect();
        pieces.chain([Step::Answer(Box::new(answered(&text)))]).collect()
    });
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.sees(&["Sources"]);
    let journal = bot.slack.journal();
    let updates = journal.calls_of("chat.update");
    for pair in updates.windows(2) {
        let pause = pair[1].at.duration_since(pair[0].at);
        assert!(pause >= edits - Duration::from_millis(5), "{pause:?} between two edits");
    }
    assert!(journal.message("word1999").is_some(), "the end is always shown");
}

#[test]
fn a_daemon_restarted_in_the_middle_leaves_a_marked_part() {
    let bot = Instance::start();
    bot.daemon.answers(|_| {
        vec![
            Step::Consult(vec![source(1, "Leave policy")]),
            Step::Text("Half of it [1]".to_owned()),
            Step::Hold(Gate::new()),
        ]
    });
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.sees(&["Half of it [1]", "still writing"]);
    bot.daemon.down();
    bot.daemon.up();
    let part = bot.sees(&["Half of it [1]", "broke off", "Leave policy"]);
    assert!(part.button("ragterm_helpful").is_none(), "there is no answer to judge");
    bot.daemon.answers(|_| answering("Whole."));
    bot.slack.mention("C1", "U1", "<@UBOT> again?");
    bot.sees(&["Whole."]);
}

#[test]
fn a_slow_daemon_is_excused_and_then_answers() {
    let slow = Duration::from_millis(30);
    let bot = Instance::with(ScriptedDaemon::start(), |settings| {
        settings.limits = Limits { slow, ..limits() };
    });
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |_| [vec![Step::Hold(held.clone())], answering("At last.")].concat());
    bot.slack.command("C1", "U1", "/ask", "days?");
    bot.sees(&["longer than usual"]);
    gate.open();
    bot.sees(&["At last."]);
}

#[test]
fn an_answer_without_a_model_shows_passages_and_says_so() {
    let bot = Instance::start();
    bot.daemon.answers(|_| {
        let answered = Answered {
            answer: String::new(),
            degraded: Some("no model is configured".to_owned()),
            ..answered("")
        };
        vec![Step::Answer(Box::new(answered))]
    });
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.sees(&[
        "No language model answered",
        "Please note: no model is configured",
        "A passage of Leave policy.",
    ]);
}

#[test]
fn nothing_found_is_said_kindly_and_without_sources() {
    let bot = Instance::start();
    bot.daemon.answers(|_| {
        let refused = Answered { refused: true, sources: Vec::new(), ..answered("") };
        vec![Step::Answer(Box::new(refused))]
    });
    bot.slack.mention("C1", "U1", "<@UBOT> 휴가는?");
    bot.sees(&["관련 내용을 찾지 못했습니다"]);
}

#[test]
fn documents_cannot_call_people_or_hide_links() {
    let bot = Instance::start();
    let hostile = "Ask <!channel> and @here and <@U123>: [safe](https://evil.example/x) & so on.";
    bot.daemon.answers(move |_| {
        let mut answered = answered(hostile);
        let hit = answered.sources[0].hit.as_mut().unwrap();
        hit.title = "<!everyone> *bold* <https://evil.example|title>".to_owned();
        hit.path = "<@U1>.md".to_owned();
        hit.uri = "javascript:alert(1)".to_owned();
        vec![Step::Text(hostile.to_owned()), Step::Answer(Box::new(answered))]
    });
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    let answer = bot.sees(&["safe (https://evil.example/x) &amp; so on.", "Sources"]);
    for mark in ["<!", "<@", "<#", "<http", "<javascript", "@here"] {
        assert!(!answer.shown().contains(mark), "{mark} in {}", answer.shown());
        assert!(!answer.text.contains(mark), "{mark} in {}", answer.text);
    }
    let journal = bot.slack.journal();
    let posted = journal.calls_of("chat.postMessage")[0];
    assert_eq!(posted.body["unfurl_links"], false);
    let blocks = answer.blocks.as_array().unwrap();
    assert!(blocks.iter().all(|block| block["text"]["verbatim"] != false));
}
