//! Whatever people do: what the daemon gave for one person's eyes is shown to nobody else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ragterm_chats::discord::{ChannelKind, Message, Person, World};
use serde_json::json;

use super::{GUILD, Instance, is_done};
use crate::daemon::{Step, answered, may_see};

const CASES: u64 = 120;
const SECRET: &str = "for the asker's eyes";

/// A fixed sequence that looks random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

/// Each answer says whether it was made for everyone, by what the bot told of its asker.
fn telling_daemon(instance: &Instance) {
    let told = Arc::new(Mutex::new(BTreeMap::new()));
    let asked = Arc::clone(&told);
    instance.daemon.script(|script| {
        script.who_is = Box::new(move |asker| {
            asked.lock().unwrap().insert(asker.user.clone(), asker.public);
            may_see(&["hr"])
        });
    });
    instance.daemon.answers(move |request| {
        let user = request.question.rsplit(' ').next().unwrap_or_default().to_owned();
        let text = match told.lock().unwrap()[&user] {
            true => format!("For everyone, {user} [1]."),
            false => format!("Only {SECRET}, {user} [1]."),
        };
        let mut last = answered(&text);
        last.turn = format!("turn-{}-{}", user, request.thread.replace([':', '/', '@'], "-"));
        vec![Step::Text(text[..9].to_owned()), Step::Answer(Box::new(last))]
    });
}

/// Asks in some way at some place, and returns the messages of the answer.
fn ask(instance: &Instance, dice: &mut Dice, person: &Person) -> Vec<Message> {
    let discord = &instance.discord;
    let channel = match dice.roll(4) {
        0 => discord.direct(person),
        1 => discord.group("friends"),
        2 => discord.text_channel(GUILD, "general"),
        _ => discord.thread(discord.text_channel(GUILD, "general"), 777),
    };
    let kind = discord.look(|world| world.channels[&channel].kind);
    if dice.roll(3) == 0 && kind != ChannelKind::Group {
        let message = discord.say(person, channel, &format!("<@7001> how? {}", person.id));
        let place = if kind == ChannelKind::Text { message } else { channel };
        return instance.said(place, "the answer", is_done);
    }
    let private = dice.roll(2) == 0;
    let options = json!({ "question": format!("how? {}", person.id), "private": private });
    let asked = discord.slash(person, channel, "ask", options);
    instance.shown(asked, "the answer", is_done)
}

/// Messages that others than the addressee see, and that say what is not for them.
fn leaks(world: &World) -> Vec<&Message> {
    let is_seen = |message: &&Message| {
        let kind = world.channels[&message.channel].kind;
        !message.is_ephemeral && kind != ChannelKind::Direct
    };
    let tells = |message: &&Message| message.versions.iter().any(|(_, text)| text.contains(SECRET));
    world.messages.values().filter(is_seen).filter(tells).collect()
}

#[test]
fn what_is_for_the_asker_alone_is_never_shown_to_others() {
    let instance = Instance::new();
    telling_daemon(&instance);
    let mut dice = Dice(7);
    let (mut private, mut shared) = (0, 0);
    for n in 0..CASES {
        let person = Person::new(1_000 + n, "somebody");
        let messages = ask(&instance, &mut dice, &person);
        let last = &messages[messages.len() - 1];
        private += u32::from(last.content.contains(SECRET));
        if let Some(button) = last.button("Make public") {
            let pressed = instance.discord.press(&person, last.id, &button);
            instance.shown(pressed, "an answer for all", |said| said.len() == 2 && is_done(said));
            shared += 1;
        }
        let leaks = instance.discord.look(|world| leaks(world).len());
        assert_eq!(leaks, 0, "case {n}: {messages:?}");
    }
    assert!(private > 30 && shared > 10, "{private} private answers, {shared} shared");
}
