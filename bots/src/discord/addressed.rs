//! Whether a message is for the bot, and what it asks. Pure.

use serenity::model::channel::{Message, MessageType};

/// Whether a person wrote it, as people do.
pub(super) fn is_written(message: &Message) -> bool {
    let is_usual = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
    is_usual && !message.author.bot && !message.author.system && message.webhook_id.is_none()
}

/// Whether the bot is mentioned; a reply to one of its messages mentions it too.
pub(super) fn mentions(message: &Message, me: u64) -> bool {
    message.mentions.iter().any(|user| user.id.get() == me)
}

/// Whether it is for somebody else: it mentions or answers others and not the bot.
pub(super) fn is_for_others(message: &Message, me: u64) -> bool {
    let is_reply_to_other =
        message.referenced_message.as_ref().is_some_and(|replied| replied.author.id.get() != me);
    !mentions(message, me) && (!message.mentions.is_empty() || is_reply_to_other)
}

/// The message of the bot that it replies to.
pub(super) fn replied(message: &Message, me: u64) -> Option<u64> {
    let replied = message.referenced_message.as_ref()?;
    (replied.author.id.get() == me).then(|| replied.id.get())
}

/// What is asked: the text without the mention of the bot.
pub(super) fn question(content: &str, me: u64) -> String {
    let without = content.replace(&format!("<@{me}>"), " ").replace(&format!("<@!{me}>"), " ");
    without.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mention_is_no_part_of_the_question() {
        assert_eq!(question("<@7> how many days?", 7), "how many days?");
        assert_eq!(question("how many, <@!7>", 7), "how many,");
        assert_eq!(question("ask <@8>", 7), "ask <@8>");
        assert_eq!(question(" <@7> ", 7), "");
    }
}
