//! What lies over everything else.

use super::Picker;
use crate::input::InputLine;

/// A panel over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Panel {
    /// The keys; from the row at the top.
    Help(usize),
    /// What is indexed and what failed; from the row at the top.
    Indexing(usize),
    /// A list to choose from.
    Picker(Picker),
    /// What is said of an answer beyond that it helped or not; it stands in place of the input.
    Comment(Comment),
}

/// A comment that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Names the answer.
    pub turn: String,
    /// Whether it helped.
    pub helpful: bool,
    /// What is typed.
    pub line: InputLine,
}
