//! Why there is no answer, and how that is said to a person.

use ragterm_proto::v1::Asker;
use ragterm_proto::{HINT_KEY, fault};
use tonic::{Code, Status};

use super::words::{Language, say};

/// Why something that a person asked for did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The asker may not ask here.
    MayNotAsk,
    /// Nothing may be seen here: `grant` is what the operator writes as `to`, `place` its name.
    NoSpaces {
        /// Such as `slack:T1/channel:C1`.
        grant: String,
        /// Such as `C1`.
        place: String,
    },
    /// The daemon answered to nothing for as long as it was tried.
    DaemonDown,
    /// It took longer than the time limit.
    TookTooLong,
    /// Too many questions wait already.
    Busy,
    /// The asker has used up the daemon's limit for now.
    TooMany,
    /// The text is empty.
    Empty,
    /// The question is longer than is passed on.
    TooLong,
    /// The answer is longer than is shown.
    Endless,
    /// What was asked for may not be seen there.
    Denied,
    /// What was asked for is not there, or no more.
    Gone,
    /// The daemon does not accept the bot's token.
    BotRefused,
    /// The bot is being stopped.
    Stopping,
    /// A fault of the daemon itself, in its words, and the request that its operator finds in its log.
    Fault {
        /// What it says.
        words: String,
        /// Such as `1a2b3c4d5e6f7a8b`.
        request: String,
    },
    /// Anything else, in the daemon's words.
    Other(String),
}

impl Trouble {
    /// One or two kind sentences for the asker.
    pub fn say(&self, language: Language) -> String {
        say(self, language)
    }

    /// A word for it, without what it is about: for the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::MayNotAsk => "may_not_ask",
            Self::NoSpaces { .. } => "no_spaces",
            Self::DaemonDown => "daemon_down",
            Self::TookTooLong => "took_too_long",
            Self::Busy => "busy",
            Self::TooMany => "too_many",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Endless => "endless",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::BotRefused => "bot_refused",
            Self::Stopping => "stopping",
            Self::Fault { .. } => "fault",
            Self::Other(_) => "other",
        }
    }

    /// That nothing may be seen where `asker` asks: the channel can be granted something, or in a
    /// conversation of two, the user.
    pub fn no_spaces(asker: &Asker) -> Self {
        let channel = &asker.channel;
        // Slack's direct conversations begin with a D, Discord's have no guild.
        let is_direct =
            asker.workspace.is_empty() || channel.is_empty() || channel.starts_with('D');
        let (noun, place) = match is_direct && !asker.public {
            true => ("user", &asker.user),
            false => ("channel", channel),
        };
        let grant = format!("{}:{}/{noun}:{place}", asker.platform, asker.workspace);
        Self::NoSpaces { grant, place: place.clone() }
    }

    /// Whether trying again soon may help without anyone doing anything.
    pub(crate) fn passes(status: &Status) -> bool {
        let is_broken = is_broken(status);
        match status.code() {
            Code::Unavailable => true,
            // A daemon that ends cancels what it streams.
            Code::Unknown | Code::Internal | Code::Cancelled => is_broken,
            _ => false,
        }
    }
}

/// Whether the connection failed, and not the daemon: then an error of the transport is behind it.
fn is_broken(status: &Status) -> bool {
    std::error::Error::source(status).is_some() || status.message() == ENDED
}

/// The message of the status that stands for a stream without an end.
pub(super) const ENDED: &str = "the daemon ended the answer in the middle";

impl From<&Status> for Trouble {
    fn from(status: &Status) -> Self {
        match status.code() {
            // What the daemon says of its own back-ends comes without a broken connection.
            Code::Unavailable if !is_broken(status) => Self::Other(in_words(status)),
            _ if Self::passes(status) => Self::DaemonDown,
            Code::Unauthenticated => Self::BotRefused,
            Code::PermissionDenied => Self::Denied,
            Code::NotFound => Self::Gone,
            Code::ResourceExhausted => Self::TooMany,
            Code::DeadlineExceeded => Self::TookTooLong,
            _ => match fault(status) {
                Some(request) => {
                    Self::Fault { words: in_words(status), request: request.to_owned() }
                }
                None => Self::Other(in_words(status)),
            },
        }
    }
}

fn in_words(status: &Status) -> String {
    let hint = status.metadata().get_bin(HINT_KEY).and_then(|value| value.to_bytes().ok());
    match hint.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()) {
        Some(hint) => format!("{} ({hint})", status.message()),
        None => status.message().to_owned(),
    }
}
