//! The gateway: what is missed is made up for, sessions end and begin, and stopping is clean.

use std::time::Duration;

use ragterm_bots::Kind;
use ragterm_bots::core::Secret;
use ragterm_bots::discord::Settings;
use ragterm_chats::discord::{Rules, Scripted};
use serde_json::json;

use super::{GUILD, Instance, ann, generous, is_done, limits};

/// A question is answered once, over whatever connection there is.
fn is_answered(instance: &Instance) {
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }));
    instance.shown(asked, "the answer", is_done);
}

#[test]
fn what_was_missed_in_a_break_is_answered_after_resuming() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    instance.discord.drop_connection();
    // Sent into the break: it waits in the session.
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }));
    instance.shown(asked, "the answer", is_done);
    let (identifies, resumes) =
        instance.discord.look(|world| (world.gateway.identifies, world.gateway.resumes));
    assert_eq!((identifies, resumes), (1, 1));
}

#[test]
fn a_request_to_reconnect_is_followed_by_resuming() {
    let instance = Instance::new();
    instance.discord.ask_to_reconnect();
    instance.discord.until("a resumed session", |world| {
        (world.gateway.resumes == 1 && world.gateway.is_connected()).then_some(())
    });
    is_answered(&instance);
    assert_eq!(instance.discord.look(|world| world.gateway.identifies), 1);
}

#[test]
fn a_session_that_is_invalid_but_resumable_is_resumed() {
    let instance = Instance::new();
    instance.discord.suspend();
    instance.discord.until("a resumed session", |world| {
        (world.gateway.resumes == 1 && world.gateway.is_connected()).then_some(())
    });
    is_answered(&instance);
}

#[test]
fn a_session_that_is_gone_is_begun_anew() {
    let instance = Instance::new();
    instance.discord.invalidate();
    instance.discord.until("a new session", |world| {
        (world.gateway.identifies == 2 && world.gateway.is_connected()).then_some(())
    });
    is_answered(&instance);
}

#[test]
fn a_refused_resume_leads_to_a_new_session() {
    let instance = Instance::new();
    instance.discord.refuse_next_resume();
    instance.discord.close(4000);
    instance.discord.until("a new session", |world| {
        (world.gateway.identifies == 2 && world.gateway.is_connected()).then_some(())
    });
    assert_eq!(instance.discord.look(|world| world.gateway.refused_resumes), 1);
    is_answered(&instance);
}

#[test]
fn a_connection_without_a_pulse_is_replaced() {
    let rules = Rules { heartbeat: Duration::from_millis(200), ..generous() };
    let instance = Instance::with(rules, limits());
    instance.discord.until("heartbeats", |world| (world.gateway.heartbeats >= 2).then_some(()));
    let before = instance.discord.change(|world| {
        world.gateway.is_deaf = true;
        // The next connection is not lost because a busy machine is late by a heartbeat.
        world.rules.heartbeat = Rules::default().heartbeat;
        world.gateway.identifies + world.gateway.resumes
    });
    instance.discord.until("a new session", |world| {
        (world.gateway.identifies + world.gateway.resumes > before).then_some(())
    });
    instance.discord.change(|world| world.gateway.is_deaf = false);
    instance.discord.until_ready();
    is_answered(&instance);
}

#[test]
fn a_connection_closed_without_a_reason_is_replaced() {
    let rules = Rules { heartbeat: Duration::from_millis(500), ..generous() };
    let instance = Instance::with(rules, limits());
    // The next connection is not lost because a busy machine is late by a heartbeat.
    instance.discord.change(|world| world.rules.heartbeat = Rules::default().heartbeat);
    instance.discord.close_without_code();
    instance.discord.until("another connection", |world| {
        (world.gateway.identifies + world.gateway.resumes >= 2 && world.gateway.is_connected())
            .then_some(())
    });
    is_answered(&instance);
}

#[test]
fn a_wrong_token_ends_the_bot_with_the_reason() {
    let mut instance = Instance::unstarted(generous());
    instance.start_as(Settings {
        api_url: Some(instance.discord.url()),
        ..Settings::new(Secret::new("another.token"))
    });
    let error = instance.ended().unwrap_err();
    assert_eq!(error.kind(), Kind::NotPermitted);
    assert_eq!(error.to_string(), "discord does not accept the bot's token");
    assert!(error.next_step().unwrap().contains("developer portal"));
}

#[test]
fn a_token_is_not_shown() {
    let settings = Settings::new(Secret::new("a.secret.token"));
    assert!(!format!("{settings:?}").contains("a.secret.token"));
}

#[test]
fn a_discord_that_fails_at_first_is_tried_again() {
    let mut instance = Instance::unstarted(generous());
    instance.discord.script("/users/@me", Scripted::Broken(503));
    instance.discord.script("/commands", Scripted::Broken(500));
    instance.start(limits(), &[GUILD]);
    instance.discord.until_ready();
    is_answered(&instance);
}

#[test]
fn a_guild_that_the_bot_is_invited_to_later_gets_its_commands_then() {
    let mut instance = Instance::unstarted(generous());
    instance.discord.script("/guilds/901/commands", Scripted::Broken(403));
    instance.start(limits(), &[901, GUILD]);
    instance.discord.until_ready();
    is_answered(&instance);
    instance.discord.until("commands in both", |world| {
        (world.commands.contains_key(&Some(901)) && world.commands.contains_key(&Some(GUILD)))
            .then_some(())
    });
}

#[test]
fn stopping_ends_the_connection_and_the_bot() {
    let mut instance = Instance::new();
    instance.stop.cancel();
    assert_eq!(instance.ended(), Ok(()));
    instance.discord.until("no connection", |world| (!world.gateway.is_connected()).then_some(()));
}
