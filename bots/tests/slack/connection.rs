//! The connection to Slack: refreshes, cuts, refusals.

use std::time::Duration;

use ragterm_bots::Kind;
use ragterm_bots::core::Secret;
use ragterm_chats::slack::{FakeSlack, Fault};

use super::Instance;
use crate::daemon::{Gate, ScriptedDaemon, Step, answering};

#[test]
fn a_refresh_is_followed_by_a_new_connection_and_loses_nothing() {
    let bot = Instance::start();
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |_| [vec![Step::Hold(held.clone())], answering("Done.")].concat());
    bot.slack.mention("C1", "U1", "<@UBOT> before?");
    bot.daemon.until("it is asked", |calls| calls.asked.first().cloned());
    bot.slack.refresh();
    bot.slack.until_connected(2);
    gate.open();
    bot.sees(&["Done."]);
    bot.daemon.answers(|_| answering("After."));
    bot.slack.mention("C1", "U1", "<@UBOT> after?");
    bot.sees(&["After."]);
}

#[test]
fn what_was_under_way_over_the_connection_before_is_answered() {
    let bot = Instance::start();
    bot.slack.fail("apps.connections.open", Fault::Status(503), u32::MAX);
    bot.slack.refresh();
    bot.slack.deliver_late();
    let asked = bot.slack.mention("C1", "U1", "<@UBOT> under way?");
    bot.slack.fail("apps.connections.open", Fault::Status(503), 0);
    bot.slack.until("acknowledged", |journal| journal.envelope(&asked.envelope)?.took());
    bot.sees(&["About under way?"]);
}

#[test]
fn an_event_is_still_acknowledged_on_a_connection_that_is_ending() {
    let bot = Instance::start();
    // No other connection is made before.
    bot.slack.fail("apps.connections.open", Fault::Status(503), u32::MAX);
    bot.slack.refresh();
    let asked = bot.slack.mention("C1", "U1", "<@UBOT> meanwhile?");
    bot.slack.until("acknowledged", |journal| journal.envelope(&asked.envelope)?.took());
    bot.sees(&["About meanwhile?"]);
    bot.slack.fail("apps.connections.open", Fault::Status(503), 0);
    bot.slack.until_connected(2);
}

#[test]
fn a_cut_connection_comes_back_with_growing_pauses() {
    let bot = Instance::start();
    bot.slack.fail("apps.connections.open", Fault::Status(502), 3);
    bot.slack.cut();
    bot.slack.until_connected(2);
    let journal = bot.slack.journal();
    let opens = journal.calls_of("apps.connections.open");
    assert_eq!(opens.len(), 5);
    let pause = |n: usize| opens[n].at.duration_since(opens[n - 1].at);
    assert!(pause(3) >= Duration::from_millis(20), "{:?}", pause(3));
    assert!(pause(4) >= Duration::from_millis(40), "{:?}", pause(4));
    bot.slack.mention("C1", "U1", "<@UBOT> after?");
    bot.sees(&["About after?"]);
}

#[test]
fn a_pause_that_slack_asks_for_is_kept_before_connecting() {
    let slack = FakeSlack::start();
    slack.fail("apps.connections.open", Fault::TooMany(1), 1);
    let bot = Instance::unconnected(slack, ScriptedDaemon::start(), |_| {});
    bot.slack.until_connected(1);
    let journal = bot.slack.journal();
    let opens = journal.calls_of("apps.connections.open");
    assert!(opens[1].at.duration_since(opens[0].at) >= Duration::from_secs(1));
}

#[test]
fn a_silent_connection_is_asked_for_a_sign_of_life_and_kept() {
    let bot = Instance::with(ScriptedDaemon::start(), |settings| {
        settings.connection.silence = Duration::from_secs(2);
    });
    // The second is asked for when the first was given.
    bot.slack.until("signs of life", |journal| (journal.pings >= 2).then_some(()));
    bot.slack.mention("C1", "U1", "<@UBOT> still?");
    bot.sees(&["About still?"]);
    assert_eq!(bot.slack.journal().connections, 1, "pings were answered");
}

#[test]
fn frames_that_make_no_sense_do_no_harm() {
    let bot = Instance::start();
    bot.slack.send_frame(&serde_json::json!([1, 2, 3]));
    bot.slack.send_frame(&serde_json::json!({ "type": "unheard_of", "envelope_id": "x-1" }));
    bot.slack.send_frame(&serde_json::json!({
        "type": "events_api", "envelope_id": "x-2", "payload": { "event": { "type": "message" } }
    }));
    bot.slack.mention("C1", "U1", "<@UBOT> fine?");
    bot.sees(&["About fine?"]);
    assert_eq!(bot.slack.journal().connections, 1);
}

#[test]
fn a_refused_token_ends_the_bot_with_what_to_do() {
    let mut bot = Instance::unconnected(FakeSlack::start(), ScriptedDaemon::start(), |settings| {
        settings.bot_token = Secret::new("xoxb-wrong");
    });
    let (kind, message) = bot.failure();
    assert_eq!(kind, Kind::NotPermitted);
    assert!(message.contains("invalid_auth") && message.contains("xoxb-"), "{message}");
    let mut bot = Instance::unconnected(FakeSlack::start(), ScriptedDaemon::start(), |settings| {
        settings.app_token = Secret::new("xapp-wrong");
    });
    assert_eq!(bot.failure().0, Kind::NotPermitted);
}

#[test]
fn socket_mode_that_is_turned_off_ends_the_bot() {
    let mut bot = Instance::start();
    bot.slack.turn_off();
    let (kind, message) = bot.failure();
    assert_eq!(kind, Kind::NotPermitted);
    assert!(message.contains("Socket Mode"), "{message}");
}

#[test]
fn a_stopped_bot_ends_its_answers_and_itself() {
    let mut bot = Instance::start();
    bot.daemon.answers(|_| vec![Step::Text("Half".to_owned()), Step::Hold(Gate::new())]);
    bot.slack.mention("C1", "U1", "<@UBOT> days?");
    bot.sees(&["Half", "still writing"]);
    bot.stopped().unwrap();
    bot.sees(&["Half", "I am being restarted"]);
}

#[test]
fn tokens_are_never_shown() {
    let settings =
        ragterm_bots::slack::Settings::new(Secret::new("xapp-hidden"), Secret::new("xoxb-hidden"));
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hidden"), "{shown}");
}
