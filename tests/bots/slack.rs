//! Slack: what is seen where, sharing, a daemon that goes and comes, many at once.

use std::time::Duration;

use ragterm_chats::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Message};

use super::Office;
use crate::fakes::chat::Reply;
use crate::support::Instance;

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
    // It comes back with the next command, not by itself.
    scene.office.ragterm.run(&["stop"]).expect(0);
    scene.slack.mention("C1", "U1", "<@UBOT> How many vacation days are carried over?");
    scene.office.ragterm.status();
    scene.sees(&["At most five days", "Leave policy"]);
    scene.office.ragterm.run(&["stop"]).expect(0);
    scene.slack.mention("C1", "U2", "<@UBOT> And the year after, how many vacation days?");
    let told = scene.sees(&["cannot be reached"]);
    assert!(!told.shown().contains("Leave policy"));
}

#[test]
fn fifty_questions_at_once_are_acknowledged_within_a_second_each() {
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
    crate::support::skipped(&format!("no check of time; slowest acknowledgement: {worst:?}"));
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
