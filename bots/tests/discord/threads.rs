//! Messages: mentions, follow-ups in threads, direct messages, and what is not for the bot.

use ragterm_chats::discord::{Person, Rules, Scripted};
use serde_json::json;

use super::{GUILD, Instance, ann, ben, generous, is_done, limits};
use crate::daemon::may_see;

/// The last message that the bot can see: what came before it was handled before it.
fn until_all_is_read(instance: &Instance) {
    let person = Person::new(599, "zoe");
    let channel = instance.discord.direct(&person);
    instance.discord.say(&person, channel, "Done?");
    instance.said(channel, "the last answer", is_done);
}

#[test]
fn a_mention_begins_a_thread_in_which_people_ask_on() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let message = instance.discord.say(&ann(), channel, "<@7001> How many days?");
    instance.said(message, "the answer in the thread", is_done);
    instance.discord.say(&ben(), message, "And for part-timers?");
    instance.said(message, "the follow-up", |said| said.len() == 2 && is_done(said));
    let asked = instance.daemon.calls().asked;
    assert_eq!(asked[0].request.question, "How many days?");
    assert_eq!(asked[0].request.thread, format!("discord:{GUILD}/{message}"));
    assert_eq!(asked[1].request.thread, asked[0].request.thread);
    assert_eq!(asked[0].asker.roles, ["61", "62"]);
    for call in &asked {
        assert_eq!(call.asker.channel, channel.to_string());
        assert!(call.asker.public);
    }
    assert!(instance.discord.look(|world| world.by_bot(channel).is_empty()));
}

#[test]
fn a_reply_to_an_answer_goes_on_with_it_in_a_thread() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let question = json!({ "question": "How many days?" });
    let asked = instance.discord.slash(&ann(), channel, "ask", question);
    let answer = instance.shown(asked, "the answer", is_done)[0].id;
    instance.discord.reply(&ben(), channel, "And for part-timers?", Some(answer));
    instance.said(answer, "the follow-up in the thread", is_done);
    let calls = instance.daemon.calls().asked;
    assert_eq!(calls[1].request.question, "And for part-timers?");
    assert_eq!(calls[0].request.thread, calls[1].request.thread);
    // Once more: the thread is there already.
    instance.discord.reply(&ann(), channel, "And for interns?", Some(answer));
    instance.said(answer, "one more", |said| said.len() == 2 && is_done(said));
    assert_eq!(instance.daemon.calls().asked[2].request.thread, calls[0].request.thread);
}

#[test]
fn what_people_say_to_each_other_is_left_alone() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let first = instance.discord.say(&ann(), channel, "<@7001> How many days?");
    instance.said(first, "the answer", is_done);
    let said = instance.discord.say(&ben(), channel, "Nothing for a bot");
    let theirs = instance.discord.thread(channel, 502);
    instance.discord.say(&ann(), theirs, "A thread of ours");
    let comment = instance.discord.say(&ben(), first, "Interesting?");
    instance.said(first, "an answer to that", |said| said.len() == 2 && is_done(said));
    instance.discord.reply(&ann(), first, "Yes, Ben.", Some(comment));
    until_all_is_read(&instance);
    let questions: Vec<_> =
        instance.daemon.calls().asked.into_iter().map(|call| call.request.question).collect();
    assert_eq!(questions, ["How many days?", "Interesting?", "Done?"]);
    assert!(!instance.discord.look(|world| world.channels.contains_key(&said)));
}

#[test]
fn in_a_thread_of_others_only_a_mention_is_answered() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let thread = instance.discord.thread(channel, 502);
    let asked = instance.discord.say(&ann(), thread, "What about it, <@7001>?");
    let said = instance.said(thread, "the answer", is_done);
    assert_eq!(said[0].reply_to, Some(asked));
    let call = instance.daemon.calls().asked[0].clone();
    assert_eq!(call.request.thread, format!("discord:{GUILD}/{thread}"));
    assert_eq!(call.asker.channel, channel.to_string());
}

#[test]
fn a_direct_message_is_a_question_of_the_asker_alone() {
    let instance = Instance::new();
    let channel = instance.discord.direct(&ann());
    instance.discord.say(&ann(), channel, "How many days?");
    instance.said(channel, "the answer", is_done);
    let call = instance.daemon.calls().asked[0].clone();
    assert!(!call.asker.public);
    assert_eq!((call.asker.workspace.as_str(), call.asker.user.as_str()), ("", "501"));
    assert_eq!(call.request.thread, format!("discord:@me/{channel}"));
}

#[test]
fn bots_are_not_answered() {
    let instance = Instance::new();
    let robot = Person { is_bot: true, ..Person::new(666, "robot") };
    let channel = instance.discord.text_channel(GUILD, "general");
    instance.discord.say(&robot, channel, "<@7001> Hello?");
    let direct = instance.discord.direct(&robot);
    instance.discord.say(&robot, direct, "Hello?");
    until_all_is_read(&instance);
    assert_eq!(instance.daemon.calls().asked.len(), 1);
}

#[test]
fn a_message_that_comes_twice_is_answered_once() {
    let instance = Instance::new();
    let channel = instance.discord.direct(&ann());
    let message = instance.discord.say(&ann(), channel, "How many days?");
    instance.discord.announce_again(message);
    instance.said(channel, "the answer", is_done);
    until_all_is_read(&instance);
    assert_eq!(instance.daemon.calls().asked.len(), 2);
}

#[test]
fn an_empty_mention_is_asked_what_it_wants() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let message = instance.discord.say(&ann(), channel, "<@7001>");
    instance.said(message, "a question back", |said| {
        said.last().is_some_and(|said| said.content.contains("There is no question in this"))
    });
}

#[test]
fn the_role_of_the_bot_stands_for_the_bot() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let other = instance.discord.say(&ann(), channel, "<@&61> lunch?");
    let message = instance.discord.say(&ann(), channel, "<@&7002> How many days?");
    instance.said(message, "the answer", is_done);
    assert_eq!(instance.daemon.calls().asked[0].request.question, "How many days?");
    assert!(!instance.discord.look(|world| world.channels.contains_key(&other)));
}

#[test]
fn where_nothing_may_be_seen_a_reply_explains_it_without_a_thread() {
    let instance = Instance::new();
    instance.daemon.script(|script| script.who_is = Box::new(|_| may_see(&[])));
    let channel = instance.discord.text_channel(GUILD, "general");
    let message = instance.discord.say(&ann(), channel, "<@7001> How many days?");
    let said = instance.said(channel, "what to do", |said| {
        said.last().is_some_and(|said| said.content.contains("No documents are open to"))
    });
    assert_eq!(said[0].reply_to, Some(message));
    assert!(!instance.discord.look(|world| world.channels.contains_key(&message)));
}

#[test]
fn where_no_thread_can_be_begun_the_answer_is_a_reply() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    instance.discord.script("/threads", Scripted::Broken(403));
    let message = instance.discord.say(&ann(), channel, "<@7001> How many days?");
    let said = instance.said(channel, "the answer", is_done);
    assert_eq!(said[0].reply_to, Some(message));
}

#[test]
fn without_the_intent_for_content_mentions_are_still_answered() {
    let rules = Rules { has_message_content: false, ..generous() };
    let instance = Instance::with(rules, limits());
    let channel = instance.discord.text_channel(GUILD, "general");
    let message = instance.discord.say(&ann(), channel, "<@7001> How many days?");
    instance.said(message, "the answer", is_done);
    instance.discord.say(&ben(), message, "And for part-timers?");
    instance.discord.say(&ben(), message, "<@7001> And for interns?");
    instance.said(message, "the follow-up", |said| said.len() == 2 && is_done(said));
    let questions: Vec<_> =
        instance.daemon.calls().asked.into_iter().map(|call| call.request.question).collect();
    assert_eq!(questions, ["How many days?", "And for interns?"]);
    assert_eq!(instance.discord.look(|world| world.gateway.identifies), 2);
}
