//! What stands in the panels that are only read: the keys, and what is indexed.

mod help;
mod indexing;

use crate::state::{Layout, Panel, State};
use crate::text::Row;

/// The rows of the panel that is open, already in its width; none for what is typed into.
pub fn rows(state: &State) -> Vec<Row> {
    let columns = usize::from(Layout::of(state).panel.width.saturating_sub(4));
    match state.panel {
        Some(Panel::Help(_)) => help::rows(state, columns),
        Some(Panel::Indexing(_)) => indexing::rows(state, columns),
        Some(Panel::Picker(_) | Panel::Comment(_)) | None => Vec::new(),
    }
}

/// What stands over a panel.
pub fn title(panel: &Panel) -> &'static str {
    match panel {
        Panel::Help(_) => "help",
        Panel::Indexing(_) => "indexing",
        Panel::Picker(picker) => picker.kind.title(),
        Panel::Comment(_) => "comment",
    }
}
