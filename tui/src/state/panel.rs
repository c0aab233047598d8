//! What lies over everything else.

use super::Picker;

/// A panel over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Panel {
    /// The keys; from the row at the top.
    Help(usize),
    /// What is indexed and what failed; from the row at the top.
    Indexing(usize),
    /// A list to choose from.
    Picker(Picker),
}
