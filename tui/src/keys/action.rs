//! The closed set of what keys can do.

/// What a key can do; each is described in the table below, which is the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Accept,
    Switch,
    Back,
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    PreviewUp,
    PreviewDown,
    PreviewPageUp,
    PreviewPageDown,
    CopyPath,
    CopyPassage,
    FilterSpace,
    FilterType,
    FilterTime,
    ClearFilters,
    History,
    Older,
    Newer,
    Sessions,
    NewSession,
    Helpful,
    Unhelpful,
    Indexing,
    Help,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    DeleteBack,
    Delete,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Redraw,
    Suspend,
}

/// An action with its name in the configuration, what the help says, and its usual keys.
#[derive(Debug)]
pub struct Described {
    /// The action.
    pub action: Action,
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
    /// Its usual keys.
    pub keys: &'static [&'static str],
}

const fn described(
    action: Action,
    name: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
) -> Described {
    Described { action, name, help, keys }
}

/// All actions, in the order of the help.
pub const ACTIONS: [Described; 40] = [
    described(
        Action::Accept,
        "accept",
        "open the hit, ask the question, open the cited passage",
        &["enter", "ctrl-j"],
    ),
    described(Action::Switch, "switch", "search or ask", &["tab"]),
    described(Action::Back, "back", "close, stop the answer, empty the input, end", &["esc"]),
    described(Action::Quit, "quit", "end", &["ctrl-c", "ctrl-q"]),
    described(Action::Up, "up", "previous hit or cited passage", &["up"]),
    described(Action::Down, "down", "next hit or cited passage", &["down"]),
    described(Action::PageUp, "page-up", "a page up in the list or the answer", &["page-up"]),
    described(
        Action::PageDown,
        "page-down",
        "a page down in the list or the answer",
        &["page-down"],
    ),
    described(
        Action::PreviewUp,
        "preview-up",
        "a line up in the document",
        &["shift-up", "ctrl-up"],
    ),
    described(
        Action::PreviewDown,
        "preview-down",
        "a line down in the document",
        &["shift-down", "ctrl-down"],
    ),
    described(
        Action::PreviewPageUp,
        "preview-page-up",
        "a page up in the document",
        &["alt-up", "shift-page-up"],
    ),
    described(
        Action::PreviewPageDown,
        "preview-page-down",
        "a page down in the document",
        &["alt-down", "shift-page-down"],
    ),
    described(Action::CopyPath, "copy-path", "copy the path or address", &["ctrl-y"]),
    described(Action::CopyPassage, "copy-passage", "copy the passage, or the answer", &["alt-y"]),
    described(Action::FilterSpace, "filter-space", "only some spaces", &["f3", "ctrl-s"]),
    described(Action::FilterType, "filter-type", "only some types of files", &["f4", "ctrl-t"]),
    described(Action::FilterTime, "filter-time", "only what changed lately", &["f5", "alt-t"]),
    described(Action::ClearFilters, "clear-filters", "drop all filters", &["alt-x"]),
    described(Action::History, "history", "what was searched and asked before", &["f7", "ctrl-r"]),
    described(Action::Older, "older", "the query before", &["ctrl-p"]),
    described(Action::Newer, "newer", "the query after", &["ctrl-n"]),
    described(Action::Sessions, "sessions", "earlier sessions", &["f6", "alt-s"]),
    described(Action::NewSession, "new-session", "begin a new session", &["alt-n"]),
    described(
        Action::Helpful,
        "helpful",
        "the answer helped; a comment may follow",
        &["f9", "alt-u"],
    ),
    described(
        Action::Unhelpful,
        "unhelpful",
        "it did not; a comment may follow",
        &["f10", "alt-d"],
    ),
    described(
        Action::Indexing,
        "indexing",
        "what is indexed, what failed and why",
        &["f2", "alt-i"],
    ),
    described(Action::Help, "help", "this help; also `?` while the input is empty", &["f1"]),
    described(Action::Left, "left", "one character to the left", &["left", "ctrl-b"]),
    described(Action::Right, "right", "one character to the right", &["right", "ctrl-f"]),
    described(
        Action::WordLeft,
        "word-left",
        "one word to the left",
        &["ctrl-left", "alt-left", "alt-b"],
    ),
    described(
        Action::WordRight,
        "word-right",
        "one word to the right",
        &["ctrl-right", "alt-right", "alt-f"],
    ),
    described(Action::Start, "start", "to the start of the input", &["home", "ctrl-a"]),
    described(Action::End, "end", "to the end of the input", &["end", "ctrl-e"]),
    described(
        Action::DeleteBack,
        "delete-back",
        "delete the character before",
        &["backspace", "ctrl-h"],
    ),
    described(
        Action::Delete,
        "delete",
        "delete the character behind; in the list of sessions, the session",
        &["delete", "ctrl-d"],
    ),
    described(
        Action::DeleteWord,
        "delete-word",
        "delete the word before",
        &["ctrl-w", "alt-backspace"],
    ),
    described(Action::DeleteToStart, "delete-to-start", "delete all before", &["ctrl-u"]),
    described(Action::DeleteToEnd, "delete-to-end", "delete all behind", &["ctrl-k"]),
    described(Action::Redraw, "redraw", "paint the screen anew", &["ctrl-l"]),
    described(Action::Suspend, "suspend", "back to the shell; `fg` returns", &["ctrl-z"]),
];

impl Action {
    /// The action of a name.
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|described| described.name == name).map(|described| described.action)
    }

    /// The row of the table.
    pub fn described(self) -> &'static Described {
        ACTIONS
            .iter()
            .find(|described| described.action == self)
            .expect("each action has a row: a test looks")
    }
}
