//! Slack: what is seen where, sharing, a daemon that goes and comes, many at once.

use std::time::Duration;

use ragterm::catalog::{Catalog, Feedback, Visible};
use ragterm_chats::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Message};

use super::Office;
use crate::fakes::chat::{Reply, Then};
use crate::support::{Instance, until};

const GRANTS: &str = "
[[grants]]
to = 'slack:T1/channel:C1'
spaces = ['hr']

[[grants]]
to = 'slack:T1/user:U1'
spaces = ['legal']
";

struct Scene {
    office: Office,
    slack: FakeSlack,
}

impl Scene {
    fn new(reply: Reply) -> Self {
        let mut office = Office::new("slack", GRANTS, reply);
        let slack = FakeSlack::start();
        let settings = [
            ("RAGTERM_SLACK__APP_TOKEN", APP_TOKEN),
            ("RAGTERM_SLACK__BOT_TOKEN", BOT_TOKEN),
            ("RAGTERM_SLACK__API_URL", &slack.api_url()),
        ];
        office.start("slack", &settings);
        slack.until_connected(1);
        Self { office, slack }
    }

    fn sees(&self, texts: &[&str]) -> Message {
        self.slack.until(&format!("a message with {texts:?}"), |journal| {
            let mut messages = journal.messages.iter().rev();
            messages.find(|it| texts.iter().all(|text| it.shown().contains(text))).cloned()
        })
    }
}

#[test]
fn in_a_channel_the_answer_uses_what_the_channel_may_see_whoever_asks() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    let answer = scene.sees(&["At most five days", "Leave policy"]);
    assert!(!answer.shown().contains("Settlement"));
    assert!(!scene.office.prompts().contains("swordfish"), "{}", scene.office.prompts());
}

#[test]
fn a_direct_message_uses_what_the_asker_alone_may_see() {
    let scene = Scene::new(Reply::of(&["Secret [1]."]));
    scene.slack.direct("D1", "U1", "What about the vacation days of the board?");
    scene.sees(&["Secret", "Settlement"]);
    let prompts = scene.office.prompts();
    assert!(prompts.contains("swordfish") && !prompts.contains("at most five"), "{prompts}");
}

#[test]
fn a_channel_without_a_grant_is_told_what_to_do() {
    let scene = Scene::new(Reply::of(&["never said"]));
    scene.slack.mention("C9", "U2", "<@UBOT> How many vacation days?");
    let told = scene.sees(&["C9"]);
    assert!(told.shown().contains("slack:T1/channel:C9"), "{}", told.shown());
    assert!(scene.office.chat.asked().is_empty());
}

#[test]
fn an_answer_seen_alone_is_made_public_only_as_far_as_the_place_may_see_it() {
    let scene = Scene::new(Reply::of(&["Both [1] [2]."]));
    scene.slack.command(
        "C1",
        "U1",
        "/ask",
        "How many vacation days of the board are carried over?",
    );
    let alone = scene.sees(&["Both", "Leave policy", "Settlement"]);
    scene.slack.press(&alone, "U1", "ragterm_public");
    let public = scene.slack.until("a public answer", |journal| {
        let mut messages = journal.messages.iter().rev();
        messages.find(|it| it.ts != alone.ts && it.shown().contains("Leave policy")).cloned()
    });
    assert!(!public.shown().contains("Settlement"), "{}", public.shown());
}

#[test]
fn a_daemon_that_is_away_is_said_kindly_and_waited_for() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    // A machine on which the daemon takes longer to start than the bot waits gets another chance.
    let is_answered = (1..=5).any(|year| {
        // It comes back with the next command, not by itself.
        scene.office.ragterm.run(&["stop"]).expect(0);
        let text = format!("<@UBOT> How many vacation days are carried over in year {year}?");
        let asked = scene.slack.mention("C1", "U1", &text);
        scene.office.ragterm.status();
        scene.slack.until("an answer, or that there is none", |journal| {
            let in_thread = |it: &&Message| it.thread.as_ref() == Some(&asked.ts);
            let mut shown = journal.messages.iter().filter(in_thread).map(Message::shown);
            let last = shown.find(|shown| {
                shown.contains("Leave policy") || shown.contains("I have no answer now")
            });
            last.map(|shown| shown.contains("Leave policy"))
        })
    });
    assert!(is_answered);
    scene.office.ragterm.run(&["stop"]).expect(0);
    scene.slack.mention("C1", "U2", "<@UBOT> And the year after, how many vacation days?");
    let told = scene.sees(&["cannot reach ragterm"]);
    assert!(!told.shown().contains("Leave policy"));
}

#[test]
fn a_slow_model_is_said_and_its_answer_comes_all_the_same() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    scene.office.chat.hold();
    let asked = scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    scene.sees(&["longer than usual"]);
    // The model has not said a word.
    scene.slack.until("the acknowledgement", |journal| journal.envelope(&asked.envelope)?.took());
    scene.office.chat.release();
    scene.sees(&["At most five days", "Leave policy"]);
}

#[test]
fn a_daemon_that_dies_in_the_middle_leaves_what_it_had_said() {
    let scene = Scene::new(Reply::then(&["At most five days [1], and "], Then::Stall));
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    let part = scene.sees(&["At most five days"]);
    scene.office.kill_daemon();
    let marked = scene.sees(&["At most five days", "broke off"]);
    assert_eq!(part.ts, marked.ts);
}

#[test]
fn an_answer_of_30_000_characters_comes_whole() {
    let pieces: Vec<String> =
        (0..1_000).map(|number| format!("Sentence {number} is about leave [1]. ")).collect();
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    let scene = Scene::new(Reply::of(&pieces));
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    scene.sees(&["Sentence 999 is"]);
    let journal = scene.slack.journal();
    let shown: String = journal.messages.iter().map(Message::shown).collect();
    let missing = (0..1_000).find(|number| !shown.contains(&format!("Sentence {number} is")));
    assert!(shown.len() > 30_000 && missing.is_none(), "{missing:?}");
}

#[test]
fn a_question_in_the_thread_goes_on_from_the_one_before() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    let first = scene.sees(&["At most five days", "Leave policy"]);
    let thread = first.thread.clone().unwrap_or(first.ts.clone());
    let before = scene.office.chat.asked().len();
    // Somebody else goes on: in a channel the session is the channel's.
    scene.slack.reply("C1", "U2", (&thread, "And how many vacation days for part-time staff?"));
    scene.slack.until("the second answer", |journal| {
        let answers = journal.messages.iter().filter(|it| it.shown().contains("Leave policy"));
        (answers.count() == 2).then_some(())
    });
    let asked = scene.office.chat.asked();
    let rewriting = asked[before].body.to_string();
    assert!(rewriting.contains("How many vacation days") && rewriting.contains("part-time"));
}

#[test]
fn an_event_that_slack_sends_again_is_answered_once() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    let asked = scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    scene.slack.again(&asked);
    scene.slack.again_in_another_envelope(&asked);
    scene.sees(&["At most five days", "Leave policy"]);
    // What comes after them is answered after them.
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are there in all?");
    scene.slack.until("the other answer", |journal| {
        let answers = journal.messages.iter().filter(|it| it.shown().contains("Leave policy"));
        (answers.count() >= 2).then_some(())
    });
    assert_eq!(scene.slack.journal().messages.len(), 2);
}

#[test]
fn a_verdict_is_kept_with_the_answer() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    let answer = scene.sees(&["At most five days", "Leave policy"]);
    let pressed = scene.slack.press(&answer, "U1", "ragterm_helpful");
    scene.slack.until("the acknowledgement", |journal| {
        journal.envelope(&pressed.envelope).and_then(|it| it.took())
    });
    let file = scene.office.ragterm.data().join("catalog.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let catalog = runtime.block_on(Catalog::open_sqlite(&file)).unwrap();
    let verdicts = async || {
        let all: (&[String], Visible<'_>) = (&[], &|_| true);
        let sessions = catalog.sessions("slack:T1/channel:C1", all, 10).await.unwrap();
        let Some(session) = sessions.first() else { return Vec::new() };
        let turns = catalog.turns(&session.id, 10).await.unwrap();
        turns.iter().map(|turn| turn.feedback).collect::<Vec<_>>()
    };
    until("the verdict to be kept", || runtime.block_on(verdicts()) == [Feedback::Helpful]);
}

#[test]
fn a_connection_that_slack_renews_or_drops_is_made_again() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    scene.slack.refresh();
    scene.slack.until_connected(2);
    scene.slack.cut();
    scene.slack.until_connected(3);
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    scene.sees(&["At most five days", "Leave policy"]);
}

#[test]
fn fifty_questions_at_once_are_acknowledged_and_answered() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    let asked: Vec<_> = (0..50)
        .map(|number| {
            let text = format!("How many vacation days are carried over in {number}?");
            scene.slack.command("C1", &format!("U{number}"), "/ask", &text)
        })
        .collect();
    let mut worst = Duration::ZERO;
    for one in &asked {
        let took = scene.slack.until("an acknowledgement", |journal| {
            journal.envelope(&one.envelope).and_then(|delivered| delivered.took())
        });
        worst = worst.max(took);
    }
    crate::support::measured(&format!("slowest of 50 acknowledgements: {worst:?}"));
    scene.slack.until("all answers", |journal| {
        let answers = journal.messages.iter().filter(|it| it.shown().contains("Leave policy"));
        (answers.count() >= 50).then_some(())
    });
}

#[test]
fn a_bot_without_tokens_or_with_a_wrong_one_says_what_to_do() {
    let instance = Instance::without_embedder();
    let missing = instance.run(&["slack"]).expect(2);
    assert!(missing.stderr.contains("slack.app_token"), "{}", missing.stderr);
    let instance = instance
        .with("RAGTERM_SLACK__APP_TOKEN", APP_TOKEN)
        .with("RAGTERM_SLACK__BOT_TOKEN", BOT_TOKEN)
        .with("RAGTERM_SLACK__TOKEN", "ragterm_0000000000000000_00");
    let wrong = instance.run(&["slack"]).expect(4);
    assert!(wrong.stderr.contains("ragterm token create slack"), "{}", wrong.stderr);
}
