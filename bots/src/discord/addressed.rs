//! Whether a message is for the bot, and what it asks. Pure.

use serenity::model::channel::{Message, MessageType};

/// Whether a person wrote it, as people do.
pub(super) fn is_written(message: &Message) -> bool {
    let is_usual = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
    is_usual && !message.author.bot && !message.author.system && message.webhook_id.is_none()
}

/// To whom a message in a guild speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// To the bot: it is mentioned, or its `role`, or replied to.
    Bot,
    /// To others: they are mentioned or replied to, and the bot is not.
    Others,
    /// To nobody by name.
    Anyone,
}

/// To whom a message speaks, for a bot `me` whose `role` is mentioned if it is told.
pub(super) fn address(message: &Message, me: u64, role: Option<u64>) -> Address {
    let replied = message.referenced_message.as_ref().map(|replied| replied.author.id.get());
    let names_others = !message.mentions.is_empty()
        || !message.mention_roles.is_empty()
        || message.mention_everyone
        || replied.is_some_and(|author| author != me);
    if role.is_some() || message.mentions.iter().any(|user| user.id.get() == me) {
        Address::Bot
    } else if names_others {
        Address::Others
    } else {
        Address::Anyone
    }
}

/// The message of the bot that it replies to.
pub(super) fn replied(message: &Message, me: u64) -> Option<u64> {
    let replied = message.referenced_message.as_ref()?;
    (replied.author.id.get() == me).then(|| replied.id.get())
}

/// What is asked: the text without the mention of the bot, or of its `role`.
pub(super) fn question(content: &str, me: u64, role: Option<u64>) -> String {
    let mut text = content.replace(&format!("<@{me}>"), " ").replace(&format!("<@!{me}>"), " ");
    if let Some(role) = role {
        text = text.replace(&format!("<@&{role}>"), " ");
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mention_is_no_part_of_the_question() {
        assert_eq!(question("<@7> how many days?", 7, None), "how many days?");
        assert_eq!(question("how many, <@!7>", 7, None), "how many,");
        assert_eq!(question("ask <@8> <@&9>", 7, None), "ask <@8> <@&9>");
        assert_eq!(question("<@&9> how many?", 7, Some(9)), "how many?");
        assert_eq!(question(" <@7> ", 7, None), "");
    }
}
