//! `[slack]` and `[discord]`: the bots, and who may ask them.

use super::access::ChatParty;
use super::parse::{snowflakes, texts};
use super::reader::Section;
use super::secret::Secret;
use super::value::Value;

/// A chat that a bot can speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Slack, by Socket Mode.
    Slack,
    /// Discord, by its gateway.
    Discord,
}

/// `[slack]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Slack {
    /// The app's token for Socket Mode, `xapp-…`.
    pub app_token: Secret,
    /// The bot's token, `xoxb-…`.
    pub bot_token: Secret,
    /// The token of the daemon that the bot calls with; see `ragterm token`.
    pub token: Secret,
    /// Who may ask, wherever they may see something.
    pub may_ask: Vec<Admitted>,
    /// Where Slack's Web API is.
    pub api_url: String,
}

/// `[discord]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Discord {
    /// The bot's token.
    pub bot_token: Secret,
    /// The token of the daemon that the bot calls with; see `ragterm token`.
    pub token: Secret,
    /// Who may ask, wherever they may see something.
    pub may_ask: Vec<Admitted>,
    /// The guilds that the commands are registered in; empty registers them everywhere.
    pub guilds: Vec<u64>,
    /// Where Discord's API is.
    pub api_url: String,
}

/// Somebody who may ask a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted(pub ChatParty);

impl Platform {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
        }
    }

    /// The platform of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Slack, Self::Discord].into_iter().find(|platform| platform.name() == name)
    }
}

const EVERYONE: &[&str] = &["everyone"];
const NONE: &[&str] = &[];

impl Slack {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            app_token: section.secret("app_token", ""),
            bot_token: section.secret("bot_token", ""),
            token: section.secret("token", ""),
            may_ask: section.take("may_ask", EVERYONE, admitted),
            api_url: section.take("api_url", "https://slack.com/api", super::servers::web_address),
        }
    }
}

impl Discord {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            bot_token: section.secret("bot_token", ""),
            token: section.secret("token", ""),
            may_ask: section.take("may_ask", EVERYONE, admitted),
            guilds: section.take("guilds", NONE, snowflakes),
            api_url: section.take("api_url", "https://discord.com", super::servers::web_address),
        }
    }
}

fn admitted(value: &Value) -> Result<Vec<Admitted>, String> {
    let list = texts(value)
        .map_err(|_| String::from("must be a list such as [\"everyone\"] or [\"user:U0123\"]"))?;
    list.iter().map(|text| party(text)).collect()
}

fn party(text: &str) -> Result<Admitted, String> {
    let id = |id: &str| (!id.is_empty()).then(|| id.to_owned());
    let party = match text.split_once(':') {
        None if text == "everyone" => Some(ChatParty::Everyone),
        Some(("channel", name)) => id(name).map(ChatParty::Channel),
        Some(("user", name)) => id(name).map(ChatParty::User),
        Some(("role" | "group", name)) => id(name).map(ChatParty::Role),
        _ => None,
    };
    party.map(Admitted).ok_or_else(|| {
        format!("`{text}` names nobody: write `everyone`, `user:ID`, `role:ID` or `channel:ID`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_ask_is_everyone_or_named() {
        assert_eq!(party("everyone"), Ok(Admitted(ChatParty::Everyone)));
        assert_eq!(party("group:S1"), Ok(Admitted(ChatParty::Role("S1".into()))));
        assert!(party("anna").is_err() && party("user:").is_err());
    }
}
