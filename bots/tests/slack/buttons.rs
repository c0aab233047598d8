//! Helpful, not helpful, show more, make public.

use ragterm_bots::core::{Language, Phrase};
use ragterm_chats::slack::{Fault, Message};
use ragterm_proto::v1::{Turn, TurnSource};
use tonic::Status;

use super::Instance;

fn answered(bot: &Instance) -> Message {
    bot.slack.command("C1", "U1", "/ask", "days?");
    bot.sees(&["About days?", "Sources"])
}

#[test]
fn feedback_reaches_the_daemon_with_who_gave_it() {
    let bot = Instance::start();
    let answer = answered(&bot);
    bot.slack.press(&answer, "U1", "ragterm_not_helpful");
    bot.sees(&[Phrase::Thanks.say(Language::English)]);
    bot.slack.mention("C1", "U1", "<@UBOT> 휴가는?");
    let public = bot.sees(&["About 휴가는?", "출처"]);
    bot.slack.press(&public, "U2", "ragterm_helpful");
    let thanks = bot.sees(&[Phrase::Thanks.say(Language::Korean)]);
    assert_eq!(thanks.only.as_deref(), Some("U2"));
    let feedback = bot.daemon.calls().feedback;
    assert_eq!(feedback[0].request.turn, "turn-1");
    assert!(!feedback[0].request.helpful && !feedback[0].asker.public);
    assert!(feedback[1].request.helpful && feedback[1].asker.public);
    assert_eq!(feedback[1].asker.user, "U2");
}

#[test]
fn show_more_shows_the_passages_to_whoever_may_see_the_answer() {
    let bot = Instance::start();
    let answer = answered(&bot);
    bot.slack.press(&answer, "U1", "ragterm_more");
    let more = bot.sees(&["A passage of Leave policy."]);
    assert_eq!(more.only.as_deref(), Some("U1"));
    bot.slack.press(&answer, "U2", "ragterm_more");
    let refusal = bot.sees(&[Phrase::TooOld.say(Language::English)]);
    assert_eq!(refusal.only.as_deref(), Some("U2"));
}

#[test]
fn an_answer_is_made_public_once_through_the_daemon() {
    let bot = Instance::start();
    bot.daemon.script(|script| {
        script.shares = Box::new(|turn| {
            Ok(Turn {
                id: turn.to_owned(),
                question: "days?".to_owned(),
                answer: "What all may see [1].".to_owned(),
                sources: vec![TurnSource {
                    n: 1,
                    title: "Leave policy".to_owned(),
                    path: "hr/1.md".to_owned(),
                    ..TurnSource::default()
                }],
                ..Turn::default()
            })
        });
    });
    let answer = answered(&bot);
    bot.slack.press(&answer, "U1", "ragterm_public");
    let shared = bot.sees(&["<@U1>:", "> days?", "What all may see [1].", "Leave policy"]);
    assert_eq!(shared.only, None);
    bot.sees(&[Phrase::Shared.say(Language::English)]);
    bot.slack.press(&answer, "U1", "ragterm_public");
    bot.slack.until("the second press is answered", |journal| {
        (journal.calls_of("respond").len() == 3).then_some(())
    });
    let shares = bot.daemon.calls().shared;
    assert_eq!(shares.len(), 1);
    assert!(shares[0].asker.public);
    assert_eq!((shares[0].asker.user.as_str(), shares[0].request.as_str()), ("U1", "turn-1"));
}

#[test]
fn an_answer_that_may_not_be_shown_there_is_asked_again_for_everyone() {
    let bot = Instance::start();
    let answer = answered(&bot);
    bot.slack.press(&answer, "U1", "ragterm_public");
    let excuse = bot.sees(&[Phrase::AskedAgain.say(Language::English)]);
    assert_eq!(excuse.only.as_deref(), Some("U1"));
    bot.slack.until("a public answer", |journal| {
        journal
            .messages
            .iter()
            .find(|it| it.only.is_none() && it.shown().contains("Sources"))
            .cloned()
    });
    let calls = bot.daemon.calls();
    assert_eq!(calls.asked.len(), 2);
    assert!(calls.asked[1].asker.public);
    assert_eq!(calls.asked[1].request.question, "days?");
}

#[test]
fn a_bot_outside_of_the_channel_says_so() {
    let bot = Instance::start();
    let answer = answered(&bot);
    bot.slack.fail("chat.postMessage", Fault::Refused("not_in_channel".to_owned()), 9);
    bot.slack.press(&answer, "U1", "ragterm_public");
    bot.sees(&["I am not in this channel"]);
}

#[test]
fn sharing_what_is_gone_is_said() {
    let bot = Instance::start();
    bot.daemon.script(|script| script.shares = Box::new(|_| Err(Status::not_found("gone"))));
    let answer = answered(&bot);
    bot.slack.press(&answer, "U1", "ragterm_public");
    bot.sees(&["no longer there"]);
    assert_eq!(bot.daemon.calls().asked.len(), 1);
}
