//! Discord: what is seen in a guild's channel and alone, and the choice of spaces.

use std::time::Duration;

use ragterm_chats::discord::{FakeDiscord, Message, Person, Rules, TOKEN};
use serde_json::json;

use super::Office;
use crate::fakes::chat::{Reply, Then};

const GUILD: u64 = 900;
const ROLE: u64 = 61;

const GRANTS: &str = "
[[grants]]
to = 'discord:900'
spaces = ['hr']

[[grants]]
to = 'discord:900/role:61'
spaces = ['legal']
";

struct Scene {
    office: Office,
    discord: FakeDiscord,
}

fn ann() -> Person {
    Person::new(501, "ann").with_roles(&[ROLE])
}

impl Scene {
    fn new(reply: Reply) -> Self {
        let mut office = Office::new("discord", GRANTS, reply);
        // Three seconds are few for a busy machine.
        let acknowledge_within = Duration::from_secs(3_600);
        let rules = Rules { writes: 10_000, acknowledge_within, ..Rules::default() };
        let discord = FakeDiscord::with(rules);
        let settings = [
            ("RAGTERM_DISCORD__BOT_TOKEN", TOKEN),
            ("RAGTERM_DISCORD__API_URL", &discord.url()),
            ("RAGTERM_DISCORD__GUILDS", "900"),
        ];
        office.start("discord", &settings);
        discord.until_ready();
        Self { office, discord }
    }

    fn answer(&self, interaction: u64) -> Vec<Message> {
        self.discord.until("the answer", |world| {
            let answers = world.answers(interaction);
            let is_done = answers.last().is_some_and(|last| last.button("Helpful").is_some());
            is_done.then(|| answers.into_iter().cloned().collect())
        })
    }
}

fn shown(messages: &[Message]) -> String {
    let one = |message: &Message| format!("{} {:?}", message.content, message.embeds);
    messages.iter().map(one).collect()
}

#[test]
fn in_public_the_guild_counts_and_unseen_by_others_the_roles_too() {
    let scene = Scene::new(Reply::of(&["So it is [1] [2]."]));
    let channel = scene.discord.text_channel(GUILD, "general");
    let question = json!({ "question": "How many vacation days of the board are carried over?" });
    let public = scene.discord.slash(&ann(), channel, "ask", question.clone());
    let public = shown(&scene.answer(public));
    assert!(public.contains("Leave policy") && !public.contains("Settlement"), "{public}");
    assert!(!scene.office.prompts().contains("swordfish"));
    let mut alone = question;
    alone["private"] = true.into();
    let alone = scene.discord.slash(&ann(), channel, "ask", alone);
    let messages = scene.answer(alone);
    assert!(messages[0].is_ephemeral);
    let alone = shown(&messages);
    assert!(alone.contains("Leave policy") && alone.contains("Settlement"), "{alone}");
}

#[test]
fn a_daemon_that_dies_in_the_middle_leaves_what_it_had_said() {
    let scene = Scene::new(Reply::then(&["At most five days [1], and "], Then::Stall));
    let channel = scene.discord.text_channel(GUILD, "general");
    let question = json!({ "question": "How many vacation days are carried over?" });
    let asked = scene.discord.slash(&ann(), channel, "ask", question);
    let text = |text: &'static str| {
        scene.discord.until(text, |world| {
            let answers = world.answers(asked);
            answers.iter().any(|answer| answer.content.contains(text)).then_some(())
        });
    };
    text("At most five days");
    scene.office.kill_daemon();
    text("broke off");
}

#[test]
fn an_answer_of_30_000_characters_comes_whole() {
    let pieces: Vec<String> =
        (0..1_000).map(|number| format!("Sentence {number} is about leave [1]. ")).collect();
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    let scene = Scene::new(Reply::of(&pieces));
    let channel = scene.discord.text_channel(GUILD, "general");
    let question = json!({ "question": "How many vacation days are carried over?" });
    let asked = scene.discord.slash(&ann(), channel, "ask", question);
    let said = shown(&scene.answer(asked));
    let rest = scene.discord.look(|world| {
        world.by_bot(channel).into_iter().map(|message| message.content.clone()).collect::<String>()
    });
    let said = said + &rest;
    let missing = (0..1_000).find(|number| !said.contains(&format!("Sentence {number} is")));
    assert!(missing.is_none(), "{missing:?}");
}

#[test]
fn fifty_questions_at_once_are_acknowledged() {
    let scene = Scene::new(Reply::of(&["At most five days [1]."]));
    let channel = scene.discord.text_channel(GUILD, "general");
    let asked: Vec<u64> = (0..50)
        .map(|number| {
            let text = format!("How many vacation days are carried over in {number}?");
            let person = Person::new(1_000 + number, "somebody").with_roles(&[ROLE]);
            scene.discord.slash(&person, channel, "ask", json!({ "question": text }))
        })
        .collect();
    let worst = asked.iter().map(|one| scene.discord.acknowledged(*one)).max().unwrap();
    crate::support::measured(&format!("slowest of 50 acknowledgements: {worst:?}"));
    asked.into_iter().for_each(|one| assert!(!scene.answer(one).is_empty()));
}

#[test]
fn a_guild_without_a_grant_is_told_what_to_do() {
    let scene = Scene::new(Reply::of(&["never said"]));
    let channel = scene.discord.text_channel(901, "elsewhere");
    let asked = scene.discord.slash(&ann(), channel, "ask", json!({ "question": "How many?" }));
    let told = scene.discord.until("the explanation", |world| {
        let answers = world.answers(asked);
        let last = answers.last()?;
        last.content.contains("grants").then(|| last.content.clone())
    });
    assert!(told.contains("discord:901"), "{told}");
    assert!(scene.office.chat.asked().is_empty());
}
