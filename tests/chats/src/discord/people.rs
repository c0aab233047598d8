//! What people do, and what befalls the connection: each becomes an event for the bot.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::gateway::Intents;
use super::limits::Scripted;
use super::world::{Channel, ChannelKind, Interaction, Message, World};
use super::{BOT, BOT_ROLE, FakeDiscord, shapes};

/// Somebody who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub id: u64,
    /// The user's name.
    pub name: String,
    /// Roles in the guild.
    pub roles: Vec<u64>,
    /// Another bot.
    pub is_bot: bool,
}

impl Person {
    /// A person without roles.
    pub fn new(id: u64, name: &str) -> Self {
        Self { id, name: name.to_string(), roles: Vec::new(), is_bot: false }
    }

    /// The person with these roles.
    #[must_use]
    pub fn with_roles(mut self, roles: &[u64]) -> Self {
        self.roles = roles.to_vec();
        self
    }

    pub(crate) fn bot() -> Self {
        Self { id: BOT, name: "ragterm".into(), roles: Vec::new(), is_bot: true }
    }
}

/// Where an interaction is made, by whom, and what is at its core.
struct Made<'a> {
    kind: u8,
    person: &'a Person,
    channel: u64,
    data: Value,
    message: Option<u64>,
}

impl FakeDiscord {
    /// Opens a text channel in a guild.
    pub fn text_channel(&self, guild: u64, name: &str) -> u64 {
        self.open(ChannelKind::Text, Some(guild), name)
    }

    /// Opens the direct messages between a person and the bot.
    pub fn direct(&self, person: &Person) -> u64 {
        self.open(ChannelKind::Direct, None, &person.name)
    }

    /// Opens a conversation of people without the bot.
    pub fn group(&self, name: &str) -> u64 {
        self.open(ChannelKind::Group, None, name)
    }

    /// Opens a thread that somebody began in a text channel.
    pub fn thread(&self, parent: u64, owner: u64) -> u64 {
        let guild = self.look(|world| world.channels[&parent].guild);
        let id = self.open(ChannelKind::Thread, guild, "a thread");
        self.change(|world| {
            if let Some(thread) = world.channels.get_mut(&id) {
                thread.parent = Some(parent);
                thread.owner = Some(owner);
            }
        });
        id
    }

    fn open(&self, kind: ChannelKind, guild: Option<u64>, name: &str) -> u64 {
        self.change(|world| {
            let id = world.next_id();
            let name = name.to_string();
            let channel = Channel { id, kind, guild, parent: None, owner: None, name };
            world.channels.insert(id, channel);
            id
        })
    }

    /// A person sends a command; the options are an object of names and values. Returns the id of
    /// the interaction.
    pub fn slash(&self, person: &Person, channel: u64, name: &str, options: Value) -> u64 {
        let data =
            json!({ "id": "31", "name": name, "type": 1, "options": shapes::options(&options) });
        self.change(|world| interact(world, Made { kind: 2, person, channel, data, message: None }))
    }

    /// A person types into an option that offers choices: the one whose value is like
    /// `{ "typed": "h" }`; the others are filled in.
    pub fn typing(&self, person: &Person, channel: u64, name: &str, options: Value) -> u64 {
        let options = shapes::options(&options);
        let data = json!({ "id": "31", "name": name, "type": 1, "options": options });
        self.change(|world| interact(world, Made { kind: 4, person, channel, data, message: None }))
    }

    /// A person presses a button at a message.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn press(&self, person: &Person, message: u64, custom_id: &str) -> u64 {
        let data = json!({ "custom_id": custom_id, "component_type": 2 });
        self.change(|world| {
            let channel = world.messages[&message].channel;
            interact(world, Made { kind: 3, person, channel, data, message: Some(message) })
        })
    }

    /// Discord sends an interaction once more.
    ///
    /// # Panics
    /// When there was no such interaction.
    pub fn send_again(&self, interaction: u64) {
        self.change(|world| {
            let payload = world.interactions[&interaction].payload.clone();
            world.gateway.dispatch("INTERACTION_CREATE", payload);
        });
    }

    /// A person writes a message; `<@7001>` in it mentions the bot.
    pub fn say(&self, person: &Person, channel: u64, text: &str) -> u64 {
        self.reply(person, channel, text, None)
    }

    /// A person writes a message, perhaps as a reply to another.
    pub fn reply(&self, person: &Person, channel: u64, text: &str, to: Option<u64>) -> u64 {
        self.change(|world| {
            let id = world.next_id();
            let message = Message {
                id,
                channel,
                author: person.clone(),
                content: text.to_string(),
                embeds: Vec::new(),
                components: Vec::new(),
                is_ephemeral: false,
                is_thinking: false,
                interaction: None,
                reply_to: to,
                allowed_mentions: Vec::new(),
                versions: vec![(Instant::now(), text.to_string())],
                is_deleted: false,
                nonce: None,
            };
            world.messages.insert(id, message);
            announce(world, id);
            id
        })
    }

    /// Discord sends a message's event once more.
    pub fn announce_again(&self, message: u64) {
        self.change(|world| announce(world, message));
    }

    /// The next call whose path contains `part` is answered like this.
    pub fn script(&self, part: &str, scripted: Scripted) {
        self.change(|world| world.limits.script(part, scripted));
    }

    /// Discord asks the bot to connect anew.
    pub fn ask_to_reconnect(&self) {
        self.change(|world| world.gateway.send(&json!({ "op": 7, "d": null })));
    }

    /// Discord declares the session invalid; it has to be begun anew.
    pub fn invalidate(&self) {
        self.change(|world| world.gateway.invalidate());
    }

    /// Discord declares the session invalid; it may be resumed.
    pub fn suspend(&self) {
        self.change(|world| world.gateway.suspend());
    }

    /// The next attempt to resume is refused.
    pub fn refuse_next_resume(&self) {
        self.change(|world| world.gateway.refuses_resume = true);
    }

    /// The connection breaks without a word.
    pub fn drop_connection(&self) {
        self.change(|world| world.gateway.drop_line());
    }

    /// Discord closes the connection with a code.
    pub fn close(&self, code: u16) {
        self.change(|world| world.gateway.close(code));
    }

    /// Discord closes the connection without one.
    pub fn close_without_code(&self) {
        self.change(|world| world.gateway.close_without_code());
    }

    /// Waits until an interaction was acknowledged, and says after how long.
    #[track_caller]
    pub fn acknowledged(&self, interaction: u64) -> Duration {
        self.until("an acknowledgement", |world| {
            world.interactions[&interaction].acknowledged.as_ref().map(|given| given.after)
        })
    }
}

fn interact(world: &mut World, made: Made<'_>) -> u64 {
    let id = world.next_id();
    let channel = world.channels[&made.channel].clone();
    let token = format!("interaction-token-{id}");
    let mut payload = shapes::interaction(id, &token, made.person, &channel);
    payload["type"] = json!(made.kind);
    payload["data"] = made.data;
    if let Some(message) = made.message.map(|id| &world.messages[&id]) {
        payload["message"] = shapes::message(message, channel.guild);
    }
    let interaction = Interaction {
        id,
        token,
        channel: made.channel,
        person: made.person.clone(),
        sent: Instant::now(),
        acknowledged: None,
        original: made.message,
        payload: payload.clone(),
    };
    world.interactions.insert(id, interaction);
    world.gateway.dispatch("INTERACTION_CREATE", payload);
    id
}

/// Tells the bot of a message, as far as its intents go: without the one for content, it reads
/// only what is written to it.
fn announce(world: &mut World, id: u64) {
    let message = &world.messages[&id];
    let channel = &world.channels[&message.channel];
    let replied = message.reply_to.and_then(|to| world.messages.get(&to));
    // A reply mentions whom it replies to.
    let mentions_bot = message.content.contains(&format!("<@{BOT}>"))
        || replied.is_some_and(|replied| replied.author.id == BOT);
    let is_direct = channel.kind == ChannelKind::Direct;
    let needed = if is_direct { Intents::DIRECT } else { Intents::GUILD };
    let Some(intents) = world.gateway.intents().filter(|given| given & needed != 0) else { return };
    let mut shape = shapes::message(message, channel.guild);
    if !(mentions_bot || is_direct) && intents & Intents::CONTENT == 0 {
        shape["content"] = json!("");
    }
    if mentions_bot {
        shape["mentions"] = json!([shapes::user(&Person::bot())]);
    }
    if message.content.contains(&format!("<@&{BOT_ROLE}>")) {
        shape["mention_roles"] = json!([BOT_ROLE.to_string()]);
    }
    if let Some(guild) = channel.guild {
        shape["guild_id"] = json!(guild.to_string());
        shape["member"] = shapes::member(&message.author);
    }
    if let Some(replied) = replied {
        shape["type"] = json!(19);
        shape["message_reference"] = json!({
            "type": 0,
            "message_id": replied.id.to_string(),
            "channel_id": replied.channel.to_string(),
        });
        shape["referenced_message"] = shapes::message(replied, channel.guild);
    }
    world.gateway.dispatch("MESSAGE_CREATE", shape);
}
