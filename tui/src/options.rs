//! What the program that holds the client tells it.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use ragterm_proto::Client;

use crate::keys::Keys;
use crate::theme::{Colour, Theme};

/// No daemon answers, and none could be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// What failed and why.
    pub sentence: String,
    /// What to do next; may be empty.
    pub hint: String,
}

/// An attempt to reach the daemon.
pub type Connecting = Pin<Box<dyn Future<Output = Result<Client, Unreachable>> + Send>>;

/// Reaches the daemon; called again whenever the connection broke. It must not write to the terminal.
pub type Connect = Arc<dyn Fn() -> Connecting + Send + Sync>;

/// How the client is to be.
#[derive(Clone)]
pub struct Options {
    /// Reaches the daemon.
    pub connect: Connect,
    /// How everything looks.
    pub theme: Theme,
    /// How many colours the terminal has.
    pub colour: Colour,
    /// Which key does what.
    pub keys: Keys,
    /// Only these spaces at first; empty: all.
    pub spaces: Vec<String>,
    /// What is searched for at first; may be empty.
    pub query: String,
    /// The user's editor with its arguments: `$VISUAL` or `$EDITOR`.
    pub editor: Option<String>,
    /// Where queries are remembered; `None`: nowhere.
    pub history: Option<PathBuf>,
    /// Where the time from each key to its hits on the screen is written at the end, in milliseconds.
    pub trace: Option<PathBuf>,
}

impl Options {
    /// The usual look and keys, nothing remembered.
    pub fn new(connect: Connect) -> Self {
        Self {
            connect,
            theme: Theme::Terminal,
            colour: Colour::default(),
            keys: Keys::default(),
            spaces: Vec::new(),
            query: String::new(),
            editor: None,
            history: None,
            trace: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("theme", &self.theme).finish_non_exhaustive()
    }
}
