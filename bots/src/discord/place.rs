//! Who asks and where, as the daemon is told: it decides by this what may be seen.

use ragterm_proto::v1::Asker;
use serenity::model::application::InteractionContext;
use serenity::model::channel::{ChannelType, PartialChannel};
use serenity::model::guild::Member;
use serenity::model::id::{ChannelId, GuildId};
use serenity::model::user::User;

use super::Bot;
use super::channels::Nature;

/// Roles that are passed on at the most, as the contract says.
const ROLES: usize = 256;

/// A person in a place.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) guild: Option<u64>,
    /// Where messages go: a thread is one of its own.
    pub(super) channel: u64,
    pub(super) kind: PlaceKind,
    pub(super) user: u64,
    pub(super) roles: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlaceKind {
    /// A channel of a guild.
    Channel,
    /// A thread in the channel `parent`.
    Thread { parent: u64 },
    /// Only the asker and the bot see it.
    Direct,
    /// Others may see it, and no guild says who: answers are shown to the asker alone.
    Group,
}

/// Who sees an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everyone in the place.
    Everyone,
    /// Nobody but the asker.
    Asker,
}

/// What an interaction tells of its place.
pub(super) struct Told<'i> {
    pub(super) guild: Option<GuildId>,
    pub(super) channel: ChannelId,
    pub(super) details: Option<&'i PartialChannel>,
    pub(super) context: Option<InteractionContext>,
    pub(super) user: &'i User,
    pub(super) member: Option<&'i Member>,
}

impl Place {
    /// Whose eyes alone an answer is for, whatever the asker wants.
    pub(super) fn is_private(&self) -> bool {
        matches!(self.kind, PlaceKind::Direct | PlaceKind::Group)
    }

    /// The asker, of an answer for this audience.
    pub(super) fn asker(&self, audience: Audience) -> Asker {
        let channel = match self.kind {
            PlaceKind::Thread { parent } => parent,
            _ => self.channel,
        };
        Asker {
            platform: "discord".to_owned(),
            workspace: self.guild.map(|guild| guild.to_string()).unwrap_or_default(),
            channel: channel.to_string(),
            user: self.user.to_string(),
            roles: self.roles.iter().take(ROLES).map(u64::to_string).collect(),
            public: audience == Audience::Everyone && !self.is_private(),
        }
    }

    /// The session of an answer that others see and whose first message is `first`: that of the
    /// thread or the direct messages it stands in; else of the thread that can begin at it.
    pub(super) fn conversation(&self, first: Option<u64>) -> Option<String> {
        match self.kind {
            PlaceKind::Direct | PlaceKind::Thread { .. } => Some(self.session(self.channel)),
            PlaceKind::Channel => first.map(|id| self.session(id)),
            PlaceKind::Group => None,
        }
    }

    /// The name of the session of a thread of this place, or of a message that a thread can begin at.
    pub(super) fn session(&self, thread: u64) -> String {
        match self.guild {
            Some(guild) => format!("discord:{guild}/{thread}"),
            None => format!("discord:@me/{thread}"),
        }
    }
}

impl Bot {
    /// The place of an interaction.
    pub(super) async fn place(&self, told: Told<'_>) -> Place {
        let (channel, guild) = (told.channel.get(), told.guild.map(GuildId::get));
        let kind = match (guild, told.context) {
            (None, Some(InteractionContext::BotDm)) => PlaceKind::Direct,
            (None, None) if told.details.is_some_and(is_direct) => PlaceKind::Direct,
            (None, _) => PlaceKind::Group,
            (Some(_), _) => self.kind(channel, told.details).await,
        };
        let roles = told.member.map(|member| member.roles.iter().map(|role| role.get()).collect());
        Place { guild, channel, kind, user: told.user.id.get(), roles: roles.unwrap_or_default() }
    }

    async fn kind(&self, channel: u64, details: Option<&PartialChannel>) -> PlaceKind {
        match details {
            Some(details) if !is_thread(details) => PlaceKind::Channel,
            Some(PartialChannel { parent_id: Some(parent), .. }) => {
                PlaceKind::Thread { parent: parent.get() }
            }
            _ => match self.nature(channel).await {
                Some(Nature::Thread { parent, .. }) => PlaceKind::Thread { parent },
                // A thread that cannot be looked up passes for a channel of its own, which nothing
                // is granted to.
                Some(Nature::Plain) | None => PlaceKind::Channel,
            },
        }
    }
}

fn is_direct(channel: &PartialChannel) -> bool {
    channel.kind == ChannelType::Private
}

fn is_thread(channel: &PartialChannel) -> bool {
    use ChannelType::{NewsThread, PrivateThread, PublicThread};
    matches!(channel.kind, NewsThread | PrivateThread | PublicThread)
}
