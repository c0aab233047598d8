//! Commands, mentions, direct messages and threads.

use ragterm_bots::core::Phrase::{AskUsage, Working};
use ragterm_bots::core::{Language, Trouble};
use ragterm_chats::slack::{FakeSlack, Fault};
use ragterm_proto::v1::{Hit, SearchReply, WhoAmIReply};
use serde_json::json;

use super::Instance;
use crate::daemon::{Gate, ScriptedDaemon, Step, answering, may_see, source};

#[test]
fn ask_shows_that_it_works_and_then_the_answer_to_the_asker_alone() {
    let bot = Instance::start();
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |_| {
        [vec![Step::Hold(held.clone())], answering("You have **15** days [1].")].concat()
    });
    bot.slack.command("C1", "U1", "/ask", "how many days?");
    let working = bot.sees(&[Working.say(Language::English)]);
    assert_eq!(working.only.as_deref(), Some("U1"));
    gate.open();
    let answer = bot.sees(&["You have *15* days [1].", "Sources"]);
    assert_eq!(answer.ts, working.ts, "the same message was edited");
    assert_eq!(answer.only.as_deref(), Some("U1"));
    for part in ["<https://wiki.example/1|Leave policy>", "hr/1.md › Carry-over", "3 days ago"] {
        assert!(answer.shown().contains(part), "{part} in {}", answer.shown());
    }
    for button in ["helpful", "not_helpful", "more", "public"] {
        assert!(answer.button(&format!("ragterm_{button}")).is_some(), "{button}");
    }
    let calls = bot.daemon.calls();
    let asker = &calls.asked[0].asker;
    assert_eq!(
        (asker.platform.as_str(), asker.workspace.as_str(), asker.channel.as_str()),
        ("slack", "T1", "C1")
    );
    assert_eq!((asker.user.as_str(), asker.public), ("U1", false));
}

#[test]
fn a_command_without_a_question_says_how_it_is_used() {
    let bot = Instance::start();
    bot.slack.command("C1", "U1", "/ask", "  ");
    bot.sees(&[AskUsage.say(Language::English)]);
    assert!(bot.daemon.calls().whoami.is_empty());
}

#[test]
fn search_shows_hits_and_the_further_ones_on_demand() {
    let bot = Instance::start();
    let hit =
        |n: u32| Hit { snippet: format!("Passage {n} here."), ..source(n, "Travel").hit.unwrap() };
    let found = SearchReply { hits: (1..=12).map(hit).collect(), ..SearchReply::default() };
    bot.daemon.script(|script| script.found = found);
    bot.slack.command("C1", "U1", "/search", "travel <https://x.example|expenses>");
    let hits = bot.sees(&["[1] <https://wiki.example/1|Travel>", "Passage 8 here."]);
    assert!(!hits.shown().contains("Passage 9"));
    assert_eq!(hits.only.as_deref(), Some("U1"));
    assert_eq!(bot.daemon.calls().searched[0].request.query, "travel expenses");
    bot.slack.press(&hits, "U1", "ragterm_more");
    let more = bot.sees(&["Passage 9 here.", "Passage 12 here."]);
    assert_eq!(more.only.as_deref(), Some("U1"));
}

#[test]
fn a_mention_is_answered_in_a_thread_with_the_grants_of_the_channel() {
    let bot = Instance::start();
    let asked = bot.slack.mention("C1", "U1", "<@UBOT> how many days?");
    let answer = bot.sees(&["About how many days? [1]."]);
    assert_eq!(answer.thread, Some(asked.ts.clone()));
    assert_eq!(answer.only, None);
    assert!(answer.button("ragterm_public").is_none(), "it is public already");
    let calls = bot.daemon.calls();
    assert!(calls.asked[0].asker.public);
    assert_eq!(calls.asked[0].request.thread, format!("slack:T1/C1/{}", asked.ts));
}

#[test]
fn follow_ups_in_its_thread_are_one_session() {
    let bot = Instance::start();
    let asked = bot.slack.mention("C1", "U1", "<@UBOT> how many days?");
    bot.sees(&["About how many days?"]);
    bot.slack.reply("C1", "U2", (&asked.ts, "and part-timers?"));
    let answer = bot.sees(&["About and part-timers?"]);
    assert_eq!(answer.thread, Some(asked.ts));
    let calls = bot.daemon.calls();
    assert_eq!(calls.asked[0].request.thread, calls.asked[1].request.thread);
    assert_eq!(calls.asked[1].asker.user, "U2");
}

#[test]
fn a_thread_from_before_a_restart_goes_on() {
    let mut bot = Instance::start();
    bot.slack.mention("C1", "U1", "<@UBOT> first?");
    let thread = bot.sees(&["About first?"]).thread.unwrap();
    bot.restart();
    bot.slack.reply("C1", "U1", (&thread, "and then?"));
    bot.sees(&["About and then?"]);
    assert_eq!(bot.slack.journal().calls_of("conversations.replies").len(), 1);
}

#[test]
fn what_people_say_to_each_other_is_not_answered() {
    let bot = Instance::start();
    let asked = bot.slack.mention("C1", "U1", "<@UBOT> how many days?");
    bot.sees(&["About how many days?"]);
    bot.slack.reply("C1", "U2", (&asked.ts, "<@U1> did you know that?"));
    bot.slack.reply("C1", "U2", ("1600000000.000001", "in a thread without the bot"));
    bot.slack.event(json!({ "type": "message", "channel_type": "channel", "channel": "C1",
                            "user": "U2", "text": "in no thread at all" }));
    bot.slack.event(json!({ "type": "message", "channel_type": "im", "channel": "D1",
                            "user": "UBOT", "bot_id": "BBOT", "text": "its own words" }));
    bot.slack.event(json!({ "type": "message", "channel_type": "im", "channel": "D1",
                            "user": "U9", "bot_id": "BOTHER", "text": "another bot" }));
    bot.slack.event(json!({ "type": "message", "subtype": "message_changed", "channel": "D1",
                            "channel_type": "im", "message": { "text": "an edit" } }));
    bot.slack.direct("D1", "U1", "the last one?");
    bot.sees(&["About the last one?"]);
    let asked: Vec<_> =
        bot.daemon.calls().asked.into_iter().map(|call| call.request.question).collect();
    assert_eq!(asked, ["how many days?", "the last one?"]);
}

#[test]
fn a_direct_message_is_answered_beside_it_with_the_askers_own_grants() {
    let bot = Instance::start();
    let today = || jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let first_day = today();
    bot.slack.direct("D1", "U1", "연차는 며칠?");
    let answer = bot.sees(&["About 연차는 며칠? [1].", "출처", "3일 전"]);
    assert_eq!(answer.thread, None);
    bot.slack.direct("D1", "U1", "그럼 시간제는?");
    bot.sees(&["About 그럼 시간제는?"]);
    let calls = bot.daemon.calls();
    assert!(!calls.asked[0].asker.public);
    // One session for each day; this test may be run at midnight.
    let days = [first_day, today()].map(|day| format!("slack:T1/D1/{day}"));
    for call in &calls.asked {
        assert!(days.contains(&call.request.thread), "{} in {days:?}", call.request.thread);
    }
}

#[test]
fn a_mention_and_its_message_in_a_thread_are_answered_once() {
    let bot = Instance::start();
    let asked = bot.slack.mention("C1", "U1", "<@UBOT> first?");
    bot.sees(&["About first?"]);
    let words = json!({ "channel": "C1", "user": "U1", "text": "<@UBOT> second?",
                        "ts": "1700000500.000001", "thread_ts": asked.ts });
    for kind in ["message", "app_mention"] {
        let mut event = words.clone();
        event["type"] = json!(kind);
        event["channel_type"] = json!("channel");
        bot.slack.event(event);
    }
    bot.slack.direct("D1", "U1", "third?");
    bot.sees(&["About second?"]);
    bot.sees(&["About third?"]);
    assert_eq!(bot.daemon.calls().asked.len(), 3);
}

#[test]
fn events_that_are_delivered_again_are_answered_once() {
    let bot = Instance::start();
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |request| {
        let text = format!("About {} [1].", request.question);
        [vec![Step::Hold(held.clone())], answering(&text)].concat()
    });
    let mention = bot.slack.mention("C1", "U1", "<@UBOT> once?");
    bot.slack.again(&mention);
    let other = bot.slack.again_in_another_envelope(&mention);
    let command = bot.slack.command("C1", "U1", "/ask", "twice?");
    bot.slack.again(&command);
    bot.slack
        .until("the repeat is acknowledged", |journal| journal.envelope(&other.envelope)?.took());
    // An answer takes the place of what the acknowledgement shows, so that has to be there.
    bot.slack.until("the command is acknowledged", |journal| {
        journal.envelope(&command.envelope)?.took()
    });
    gate.open();
    bot.slack.direct("D1", "U1", "last?");
    for question in ["once?", "twice?", "last?"] {
        bot.sees(&[&format!("About {question}")]);
    }
    assert_eq!(bot.daemon.calls().asked.len(), 3);
    assert_eq!(bot.slack.journal().messages.len(), 3);
}

#[test]
fn a_channel_without_a_mapping_is_told_how_to_get_one() {
    let bot = Instance::start();
    bot.daemon.script(|script| script.who_is = Box::new(|_| may_see(&[])));
    bot.slack.mention("C7", "U1", "<@UBOT> days?");
    bot.sees(&["`C7`", "[[grants]]", "to = \"slack:T1/channel:C7\""]);
    bot.slack.direct("D7", "U1", "days?");
    bot.sees(&["to = \"slack:T1/user:U1\""]);
    bot.daemon.script(|script| script.who_is = Box::new(|_| WhoAmIReply::default()));
    bot.slack.command("C7", "U1", "/search", "휴가");
    bot.sees(&[&Trouble::MayNotAsk.say(Language::Korean)]);
    assert!(bot.daemon.calls().asked.is_empty());
}

#[test]
fn a_guest_of_another_company_is_named_with_that_company() {
    let bot = Instance::start();
    bot.slack.event(json!({
        "type": "app_mention", "channel": "C1", "user": "U9", "text": "<@UBOT> days?",
        "team": "T9", "attachments": [{ "id": "F1", "fallback": "a shared message" }],
    }));
    bot.sees(&["About days?"]);
    let asker = &bot.daemon.calls().asked[0].asker;
    assert_eq!((asker.workspace.as_str(), asker.user.as_str()), ("T9", "U9"));
}

#[test]
fn the_user_groups_of_the_asker_are_told() {
    let slack = FakeSlack::start();
    slack.group("S1", &["U1", "U2"]);
    slack.group("S2", &["U1"]);
    slack.group("S3", &["U3"]);
    let bot = Instance::unconnected(slack, ScriptedDaemon::start(), |_| {});
    bot.slack.until_connected(1);
    bot.slack.command("C1", "U1", "/ask", "days?");
    bot.sees(&["About days?"]);
    assert_eq!(bot.daemon.calls().asked[0].asker.roles, ["S1", "S2"]);
}

#[test]
fn a_workspace_that_tells_no_user_groups_is_served_without() {
    let slack = FakeSlack::start();
    slack.fail("usergroups.list", Fault::Refused("missing_scope".to_owned()), 9);
    let bot = Instance::unconnected(slack, ScriptedDaemon::start(), |_| {});
    bot.slack.until_connected(1);
    bot.slack.command("C1", "U1", "/ask", "days?");
    bot.sees(&["About days?"]);
    assert!(bot.daemon.calls().asked[0].asker.roles.is_empty());
}

#[test]
fn a_thread_in_a_direct_conversation_is_a_session_of_its_own() {
    let bot = Instance::start();
    bot.slack.event(json!({
        "type": "message", "channel_type": "im", "channel": "D1", "user": "U1",
        "text": "days?", "thread_ts": "1700000000.000900",
    }));
    let answer = bot.sees(&["About days?"]);
    assert_eq!(answer.thread.as_deref(), Some("1700000000.000900"));
    let thread = bot.daemon.calls().asked[0].request.thread.clone();
    assert_eq!(thread, "slack:T1/D1/1700000000.000900");
}

#[test]
fn a_daemon_that_is_down_is_excused_and_answers_when_it_is_back() {
    let bot = Instance::with(ScriptedDaemon::start_down(), |_| {});
    let asked = bot.slack.command("C1", "U1", "/ask", "days?");
    bot.sees(&["I keep trying"]);
    bot.slack.until("acknowledged", |journal| journal.envelope(&asked.envelope)?.took());
    bot.daemon.up();
    bot.sees(&["About days?"]);
}
