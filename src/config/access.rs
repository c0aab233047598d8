//! `[access]` and `[[grants]]`: who may do what in which spaces, besides the daemon's own user.

use std::fmt;

use super::chat::Platform;
use super::parse::{choice, integer, role_name, space_names, text};
use super::reader::Section;
use super::sources::{DEFAULT_SPACE, Space};
use super::value::Value;

/// Stands for every space, those still to come too.
pub const EVERY_SPACE: &str = "*";

/// `[access]`: what holds for everybody but the daemon's own user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Calls that one principal may make in a minute, on average; 0 sets no limit.
    pub calls_per_minute: u32,
    /// Calls that it may make at once.
    pub burst: u32,
    /// What is kept of who asked what.
    pub audit: Audit,
    /// Who may do what.
    pub grants: Vec<Grant>,
}

/// What the audit log says of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// No log is kept.
    Off,
    /// A keyed hash of it: equal questions are equal, and nobody can read them.
    Hash,
    /// Its text.
    Text,
}

/// `[[grants]]`: what one principal may do in some spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub to: Grantee,
    /// In which spaces; [`EVERY_SPACE`] is all of them.
    pub spaces: Vec<String>,
    /// What.
    pub role: SpaceRole,
}

/// What somebody may do in a space; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpaceRole {
    /// Search and ask.
    Read,
    /// Add sources below the space's roots, rescan and remove them.
    Write,
    /// Let removals take effect that were held back; in every space: everything that the daemon's
    /// own user may do.
    Admin,
}

/// Whom a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grantee {
    /// A user of this machine, by name or number.
    User(String),
    /// A group of this machine, by name or number.
    Group(String),
    /// Some of a chat.
    Chat(ChatGrantee),
}

/// People or a place of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChatGrantee {
    /// Which chat.
    pub platform: Platform,
    /// Its team or guild; empty means any.
    pub workspace: String,
    /// Whom or what in it.
    pub who: ChatParty,
}

/// Somebody or some place within a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChatParty {
    /// All of the workspace.
    Everyone,
    /// What is asked in this channel.
    Channel(String),
    /// What this user asks alone.
    User(String),
    /// What somebody with this role, or of this user group, asks alone.
    Role(String),
}

impl SpaceRole {
    /// The words of the configuration and the command line.
    pub const NAMES: [(&'static str, Self); 3] =
        [("read", Self::Read), ("write", Self::Write), ("admin", Self::Admin)];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(other, _)| *other == name).map(|(_, role)| *role)
    }
}

impl Access {
    pub(super) fn read(root: &mut Section<'_>, spaces: &[Space]) -> Self {
        let audits = [("off", Audit::Off), ("hash", Audit::Hash), ("text", Audit::Text)];
        let access = root.inside("access", |section| Self {
            calls_per_minute: section.take("calls_per_minute", 300, integer(0..=1_000_000)),
            burst: section.take("burst", 60, integer(1..=1_000_000)),
            audit: section.take("audit", "hash", choice(&audits)),
            grants: Vec::new(),
        });
        let grants = root.each("grants", |section| Grant::read(section, spaces));
        Self { grants, ..access }
    }
}

impl Grant {
    fn read(section: &mut Section<'_>, declared: &[Space]) -> Option<Self> {
        let to = section.require("to", grantee);
        let spaces = section.require("spaces", space_names);
        let role = section.take("role", "read", role_name);
        let (to, spaces) = (to?, spaces?);
        let is_known = |space: &String| {
            [EVERY_SPACE, DEFAULT_SPACE].contains(&space.as_str())
                || declared.iter().any(|declared| declared.name == *space)
        };
        let unknown = spaces.iter().find(|space| !declared.is_empty() && !is_known(space));
        if let Some(unknown) = unknown {
            let message = format!("`{unknown}` is not among the declared `[[spaces]]`");
            section.reject("spaces", &message);
        }
        if matches!(to, Grantee::Chat(_)) && role != SpaceRole::Read {
            section.reject("role", "must be `read` for a chat: nobody adds sources from there");
        }
        Some(Self { to, spaces, role })
    }
}

fn grantee(value: &Value) -> Result<Grantee, String> {
    let text = text(value)?;
    parse_grantee(&text).ok_or_else(|| {
        format!(
            "`{text}` names nobody: write `user:NAME`, `group:NAME`, `slack:TEAM`, \
             `slack:TEAM/channel:ID`, `slack:TEAM/user:ID`, `slack:TEAM/role:ID` (a user group), \
             or the same with `discord:GUILD`"
        )
    })
}

fn parse_grantee(text: &str) -> Option<Grantee> {
    let (kind, rest) = text.split_once(':')?;
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    // What the platforms make: a name such as `#general` would never match.
    let is_id = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match kind {
        "user" => Some(Grantee::User(named(rest)?)),
        "group" => Some(Grantee::Group(named(rest)?)),
        _ => {
            let platform = Platform::named(kind)?;
            let named = |id: &str| named(id).filter(|id| is_id(id));
            let (workspace, party) = match rest.split_once('/') {
                Some((workspace, party)) => (named(workspace)?, Some(party)),
                None if rest.contains(':') => (String::new(), Some(rest)),
                None => (named(rest)?, None),
            };
            let who = match party.map(|party| party.split_once(':')) {
                None => ChatParty::Everyone,
                Some(Some(("channel", id))) => ChatParty::Channel(named(id)?),
                Some(Some(("user", id))) => ChatParty::User(named(id)?),
                Some(Some(("role" | "group", id))) => ChatParty::Role(named(id)?),
                Some(_) => return None,
            };
            Some(Grantee::Chat(ChatGrantee { platform, workspace, who }))
        }
    }
}

/// As it is written in the configuration.
impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Chat(ChatGrantee { platform, workspace, who }) => {
                write!(f, "{}:{workspace}", platform.name())?;
                let between = if workspace.is_empty() { "" } else { "/" };
                match who {
                    ChatParty::Everyone => Ok(()),
                    ChatParty::Channel(id) => write!(f, "{between}channel:{id}"),
                    ChatParty::User(id) => write!(f, "{between}user:{id}"),
                    ChatParty::Role(id) => write!(f, "{between}role:{id}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grantee_is_written_as_it_is_read() {
        for text in [
            "user:anna",
            "group:1001",
            "slack:T1",
            "slack:T1/channel:C2",
            "slack:T1/user:U3",
            "discord:77/role:5",
            "discord:user:42",
        ] {
            assert_eq!(parse_grantee(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn words_that_name_nobody_are_refused() {
        for text in [
            "",
            "anna",
            "user:",
            "slack:",
            "slack:T1/",
            "slack:T1/x:1",
            "slack:/user:1",
            "slack:T1/channel:#general",
            "slack: T1",
            "slack:*",
        ] {
            assert_eq!(parse_grantee(text), None, "{text}");
        }
    }
}
