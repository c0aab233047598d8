//! Many questions at once: the acknowledgement waits for nothing.

use std::time::Duration;

use super::Instance;
use crate::daemon::{Gate, ScriptedDaemon, Step, answering};

/// Sends 50 questions, half commands and half mentions, and tells how long each acknowledgement took.
fn fifty(bot: &Instance) -> Vec<Duration> {
    let asked: Vec<_> = (0..50)
        .map(|n| match n % 2 {
            0 => bot.slack.command("C1", &format!("U{n}"), "/ask", &format!("number {n}?")),
            _ => bot.slack.mention(&format!("C{n}"), "U1", &format!("<@UBOT> number {n}?")),
        })
        .collect();
    bot.slack.until("all are acknowledged", |journal| {
        asked.iter().map(|asked| journal.envelope(&asked.envelope)?.took()).collect()
    })
}

#[expect(clippy::print_stderr, reason = "the figures are for whoever measures")]
fn tell(mut times: Vec<Duration>, what: &str) {
    times.sort();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    let figures = format!("acknowledged after {median:?} (median), {most:?} (most)");
    eprintln!("50 questions at once, {what}: {figures}");
}

#[test]
fn fifty_questions_at_once_are_acknowledged_and_answered() {
    let bot = Instance::start();
    let gate = Gate::new();
    let held = gate.clone();
    bot.daemon.answers(move |request| {
        let text = format!("About {} [1].", request.question);
        [vec![Step::Hold(held.clone())], answering(&text)].concat()
    });
    tell(fifty(&bot), "daemon held");
    gate.open();
    for n in 0..50 {
        bot.sees(&[&format!("About number {n}?"), "Sources"]);
    }
    assert_eq!(bot.daemon.calls().asked.len(), 50);
}

#[test]
fn fifty_questions_at_once_are_acknowledged_while_the_daemon_is_down() {
    // The bot waits for the daemon until it is up.
    let bot = Instance::with(ScriptedDaemon::start_down(), |_| {});
    tell(fifty(&bot), "daemon down");
    bot.daemon.up();
    for n in 0..50 {
        bot.sees(&[&format!("About number {n}?"), "Sources"]);
    }
}
