//! Commands: registered, acknowledged, answered in public and in private, with choices for the space.

use ragterm_proto::v1::{Asker, Hit, SearchReply};
use serde_json::json;

use super::{GUILD, Instance, ann, content, generous, is_done, limits};
use crate::daemon::{Gate, Step, answered, may_see, source};

#[test]
fn commands_are_registered_in_the_guilds_of_the_settings_and_nowhere_else() {
    let instance = Instance::new();
    let (in_guild, everywhere) = instance
        .discord
        .look(|world| (world.commands[&Some(GUILD)].clone(), world.commands[&None].clone()));
    let names: Vec<_> =
        in_guild.as_array().unwrap().iter().map(|command| &command["name"]).collect();
    assert_eq!(names, ["ask", "search"]);
    assert_eq!(everywhere, json!([]));
}

#[test]
fn commands_are_registered_everywhere_when_no_guild_is_set() {
    let mut instance = Instance::unstarted(generous());
    instance.start(limits(), &[]);
    instance.discord.until_ready();
    instance.discord.look(|world| {
        assert_eq!(world.commands.keys().collect::<Vec<_>>(), [&None]);
        let commands = world.commands[&None].as_array().unwrap();
        assert_eq!(commands.len(), 2);
        // Not in conversations of people without the bot.
        assert!(commands.iter().all(|command| command["contexts"] == json!([0, 1])));
    });
}

#[test]
fn an_answer_grows_in_one_message_and_ends_with_its_sources_and_buttons() {
    let instance = Instance::new();
    let gate = Gate::new();
    let held = gate.clone();
    instance.daemon.answers(move |_| {
        vec![
            Step::Consult(vec![source(1, "Leave policy")]),
            Step::Text("Thirty days".into()),
            Step::Hold(held.clone()),
            Step::Text(" a year [1].".into()),
            Step::Answer(Box::new(answered("Thirty days a year [1]."))),
        ]
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked =
        instance.discord.slash(&ann(), channel, "ask", json!({ "question": "How many days?" }));
    instance.shown(asked, "the beginning", |answers| {
        answers[0].content.contains("Thirty days\n-# still")
    });
    gate.open();
    let answers = instance.shown(asked, "the answer", is_done);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].content, "> How many days?\nThirty days a year [1].");
    assert!(!answers[0].is_ephemeral);
    let field = &answers[0].embeds[0]["fields"][0];
    assert_eq!(field["name"], "1. Leave policy");
    assert_eq!(field["value"], "hr/1.md › Carry-over · 3 days ago · hr\n<https://wiki.example/1>");
    let labels: Vec<_> = answers[0].buttons().into_iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["Helpful", "Not helpful", "Show more", "Ask on in a thread"]);
    for allowed in &answers[0].allowed_mentions {
        assert_eq!(allowed["parse"], json!([]));
    }
}

#[test]
fn the_daemon_is_told_truly_who_asks_where() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let options = json!({ "question": "How many days?", "space": "hr" });
    let asked = instance.discord.slash(&ann(), channel, "ask", options);
    let answers = instance.shown(asked, "the answer", is_done);
    let call = instance.daemon.calls().asked[0].clone();
    let asker = Asker {
        platform: "discord".into(),
        workspace: GUILD.to_string(),
        channel: channel.to_string(),
        user: "501".into(),
        roles: vec!["61".into(), "62".into()],
        public: true,
    };
    assert_eq!(call.asker, asker);
    assert_eq!(call.request.question, "How many days?");
    assert_eq!(call.request.spaces, ["hr"]);
    assert_eq!(call.request.thread, format!("discord:{GUILD}/{}", answers[0].id));
}

#[test]
fn a_private_answer_is_for_the_asker_alone() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let options = json!({ "question": "How many days?", "private": true });
    let asked = instance.discord.slash(&ann(), channel, "ask", options);
    let answers = instance.shown(asked, "the answer", is_done);
    assert!(answers.iter().all(|answer| answer.is_ephemeral));
    assert!(answers[0].button("Make public").is_some());
    let call = instance.daemon.calls().asked[0].clone();
    assert!(!call.asker.public);
    assert_eq!(call.request.thread, "");
}

#[test]
fn in_direct_messages_the_asker_is_alone_with_the_bot() {
    let instance = Instance::new();
    let channel = instance.discord.direct(&ann());
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }));
    let answers = instance.shown(asked, "the answer", is_done);
    assert!(answers[0].button("Make public").is_none());
    let call = instance.daemon.calls().asked[0].clone();
    assert!(!call.asker.public);
    assert_eq!((call.asker.workspace.as_str(), call.asker.user.as_str()), ("", "501"));
    assert_eq!(call.request.thread, format!("discord:@me/{channel}"));
}

#[test]
fn in_a_thread_the_channel_that_it_is_in_counts() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let thread = instance.discord.thread(channel, 777);
    let asked = instance.discord.slash(&ann(), thread, "ask", json!({ "question": "Days?" }));
    instance.shown(asked, "the answer", is_done);
    let call = instance.daemon.calls().asked[0].clone();
    assert_eq!(call.asker.channel, channel.to_string());
    assert_eq!(call.request.thread, format!("discord:{GUILD}/{thread}"));
}

#[test]
fn a_search_shows_hits_with_place_age_link_and_text() {
    let instance = Instance::new();
    let hits: Vec<Hit> = (1..=3).filter_map(|n| source(n, "Travel").hit).collect();
    instance.daemon.script(|script| script.found = SearchReply { hits, ..SearchReply::default() });
    let channel = instance.discord.text_channel(GUILD, "general");
    let options = json!({ "query": "travel", "private": true });
    let asked = instance.discord.slash(&ann(), channel, "search", options);
    let answers = instance.shown(asked, "the hits", |answers| !answers[0].embeds.is_empty());
    assert_eq!(answers[0].content, "> travel\nFound (3)");
    assert!(answers[0].is_ephemeral);
    assert_eq!(answers[0].embeds.len(), 3);
    assert_eq!(answers[0].embeds[1]["title"], "2. Travel");
    assert_eq!(
        answers[0].embeds[1]["description"],
        "hr/2.md › Carry-over · 3 days ago · hr\n<https://wiki.example/2>\nA passage of Travel."
    );
    let call = instance.daemon.calls().searched[0].clone();
    assert_eq!((call.request.query.as_str(), call.asker.public), ("travel", false));
}

#[test]
fn a_search_that_finds_nothing_says_so() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "search", json!({ "query": "x" }));
    instance
        .shown(asked, "a word", |answers| answers[0].content.contains("I found nothing for this"));
}

#[test]
fn choices_for_the_space_are_what_the_daemon_grants_there() {
    let instance = Instance::new();
    instance.daemon.script(|script| {
        script.who_is = Box::new(|asker| {
            may_see(if asker.public { &["hr", "handbook", "it"] } else { &["hr", "board"] })
        });
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let typed =
        instance.discord.typing(&ann(), channel, "ask", json!({ "space": { "typed": "H" } }));
    instance.discord.acknowledged(typed);
    let data = instance
        .discord
        .look(|world| world.interactions[&typed].acknowledged.as_ref().unwrap().data.clone());
    assert_eq!(
        data["choices"],
        json!([{ "name": "hr", "value": "hr" }, { "name": "handbook", "value": "handbook" }])
    );
}

#[test]
fn choices_for_a_private_question_are_what_the_asker_may_see() {
    let instance = Instance::new();
    instance.daemon.script(|script| {
        script.who_is = Box::new(|asker| may_see(if asker.public { &["hr"] } else { &["board"] }));
    });
    let channel = instance.discord.text_channel(GUILD, "general");
    let options = json!({ "private": true, "space": { "typed": "" } });
    let typed = instance.discord.typing(&ann(), channel, "ask", options);
    instance.discord.acknowledged(typed);
    let data = instance
        .discord
        .look(|world| world.interactions[&typed].acknowledged.as_ref().unwrap().data.clone());
    assert_eq!(data["choices"], json!([{ "name": "board", "value": "board" }]));
}

#[test]
fn among_other_people_answers_are_for_the_asker_alone() {
    let instance = Instance::new();
    let group = instance.discord.group("friends");
    let asked = instance.discord.slash(&ann(), group, "ask", json!({ "question": "Days?" }));
    let answers = instance.shown(asked, "the answer", is_done);
    assert!(answers.iter().all(|answer| answer.is_ephemeral));
    assert!(answers[0].button("Make public").is_none());
    let call = instance.daemon.calls().asked[0].clone();
    assert!(!call.asker.public);
    assert_eq!(call.request.thread, "");
}

#[test]
fn choices_do_not_wait_for_a_daemon_that_is_down() {
    let instance = Instance::new();
    instance.daemon.down();
    let channel = instance.discord.text_channel(GUILD, "general");
    let typed =
        instance.discord.typing(&ann(), channel, "ask", json!({ "space": { "typed": "" } }));
    // The daemon does not come back, and the bot would wait for it longer than this.
    instance.discord.acknowledged(typed);
}

#[test]
fn a_place_without_documents_gets_a_kind_explanation() {
    let instance = Instance::new();
    instance.daemon.script(|script| script.who_is = Box::new(|_| may_see(&[])));
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked = instance.discord.slash(&ann(), channel, "ask", json!({ "question": "Days?" }));
    let grant = format!("to = \"discord:{GUILD}/channel:{channel}\"");
    let answers =
        instance.shown(asked, "what to do", |answers| answers[0].content.contains(&grant));
    assert!(content(&answers).contains("No documents are open to"));
    assert!(instance.daemon.calls().asked.is_empty());
}

#[test]
fn koreans_are_answered_in_korean() {
    let instance = Instance::new();
    let channel = instance.discord.text_channel(GUILD, "general");
    let asked =
        instance.discord.slash(&ann(), channel, "ask", json!({ "question": "연차는 며칠?" }));
    let answers = instance.shown(asked, "the answer", |answers| {
        answers.last().is_some_and(|answer| answer.button("도움이 됐어요").is_some())
    });
    assert_eq!(answers[0].embeds[0]["title"], "출처");
}
