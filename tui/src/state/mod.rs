//! What the client knows and shows; `update` alone changes it, `draw` reads it.

mod chat;
mod filters;
mod layout;
mod panel;
mod picker;
mod preview;
pub mod search;

use ragterm_proto::v1::StatusReply;

pub use chat::{Chat, ChatRow, Cited, Phase, Turn};
pub use filters::{Filters, TIMES};
pub use layout::{Layout, Region};
pub use panel::{Comment, Panel};
pub use picker::{Item, Picker, PickerKind};
pub use preview::{Preview, Target, place_of};
pub use search::Search;

use crate::fault::Fault;
use crate::history::Entry;
use crate::input::InputLine;
use crate::keys::Keys;
use crate::text::Role;
use crate::theme::{Colour, Theme};

/// What Enter does with the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Finds documents at each key.
    Search,
    /// Asks a question.
    Ask,
}

/// Whether the daemon answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Not yet.
    Connecting,
    /// It does.
    Ready,
    /// Not any more, or not at all; with why, and how often in a row it was tried.
    Lost(Fault, u32),
}

/// A sentence at the bottom, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What is said.
    pub text: String,
    /// How it looks.
    pub role: Role,
    /// When it goes, in milliseconds since the epoch.
    pub until_ms: i64,
}

/// Everything.
#[derive(Debug, Clone)]
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Milliseconds since the epoch.
    pub now_ms: i64,
    /// What Enter does.
    pub mode: Mode,
    /// What is typed.
    pub input: InputLine,
    /// What limits searching and asking.
    pub filters: Filters,
    /// The hits.
    pub search: Search,
    /// The document beside them.
    pub preview: Preview,
    /// Questions and answers.
    pub chat: Chat,
    /// What lies over everything.
    pub panel: Option<Panel>,
    /// Whether the daemon answers.
    pub connection: Connection,
    /// Whether it ever did.
    pub was_connected: bool,
    /// What it said of itself, last.
    pub status: Option<Box<StatusReply>>,
    /// When it was asked, in milliseconds since the epoch.
    pub status_asked_ms: i64,
    /// What is said at the bottom.
    pub notice: Option<Notice>,
    /// What was searched and asked earlier, the oldest first.
    pub history: Vec<Entry>,
    /// Where in the history the input is from, counted from its end.
    pub recalled: Option<usize>,
    /// Which key does what.
    pub keys: Keys,
    /// How everything looks.
    pub theme: Theme,
    /// How many colours there are.
    pub colour: Colour,
    /// The user's editor, if one is named.
    pub editor: Option<String>,
    generation: u64,
}

impl State {
    /// The state before anything happened, on a terminal of so many columns and rows.
    pub fn new(size: (u16, u16)) -> Self {
        Self {
            size,
            now_ms: 0,
            mode: Mode::Search,
            input: InputLine::default(),
            filters: Filters::default(),
            search: Search::default(),
            preview: Preview::default(),
            chat: Chat::default(),
            panel: None,
            connection: Connection::Connecting,
            was_connected: false,
            status: None,
            status_asked_ms: 0,
            notice: None,
            history: Vec::new(),
            recalled: None,
            keys: Keys::default(),
            theme: Theme::Terminal,
            colour: Colour::default(),
            editor: None,
            generation: 0,
        }
    }

    /// A number that no request had before.
    pub fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// Says something at the bottom for a while.
    pub fn say(&mut self, role: Role, text: impl Into<String>) {
        let lasts_ms = match role {
            Role::Error | Role::Warning => 8000,
            _ => 3000,
        };
        let until_ms = self.now_ms.saturating_add(lasts_ms);
        self.notice = Some(Notice { text: text.into(), role, until_ms });
    }

    /// Whether the daemon answers.
    pub fn is_connected(&self) -> bool {
        self.connection == Connection::Ready
    }

    /// Whether something moves on the screen without a key.
    pub fn is_busy(&self) -> bool {
        self.search.is_pending() || self.chat.running.is_some() || !self.is_connected()
    }
}
