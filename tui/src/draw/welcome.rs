//! What stands where hits will be: what to do, or why there are none.

use ragterm_units::counted;
use ratatui::layout::Rect;

use super::Canvas;
use crate::keys::Action;
use crate::state::{Connection, State};
use crate::text::{Piece, Role, Row, clean_line, wrap};

/// Paints what is to be said instead of hits.
pub fn draw(state: &State, area: Rect, canvas: &mut Canvas<'_>) {
    let columns = usize::from(area.width.saturating_sub(2));
    let rows: Vec<Row> = said(state).iter().flat_map(|row| wrap(row, columns)).collect();
    for (row, line) in rows.iter().zip(super::lines(area)) {
        canvas.put(Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line }, row);
    }
}

fn said(state: &State) -> Vec<Row> {
    if let Connection::Lost(fault, _) = &state.connection {
        return vec![
            vec![Piece::new(Role::Error, clean_line(&fault.sentence))],
            vec![Piece::new(Role::Dim, clean_line(&fault.hint))],
            vec![Piece::new(Role::Dim, "it is tried again until the daemon answers")],
        ];
    }
    if state.input.is_blank() {
        return invitation(state);
    }
    if state.search.is_pending() || state.search.trouble.is_some() {
        return Vec::new();
    }
    let mut rows = vec![vec![Piece::new(Role::Strong, "nothing found")]];
    if !state.filters.told().is_empty() {
        let keys = state.keys.of(Action::ClearFilters);
        let key = keys.first().map(String::as_str).unwrap_or("no key");
        rows.push(vec![Piece::new(Role::Dim, format!("filters are set: {key} drops them"))]);
    }
    rows
}

fn invitation(state: &State) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(status) = &state.status {
        let documents = status.documents.unwrap_or_default().indexed;
        let passages = status.chunks.unwrap_or_default().total;
        let text = match (documents, status.sources.len()) {
            (_, 0) => "nothing is indexed yet: `ragterm add PATH`".to_owned(),
            (documents, _) => {
                format!("{}, {}", counted(documents, "document"), counted(passages, "passage"))
            }
        };
        rows.push(vec![Piece::new(Role::Dim, text)]);
        rows.push(Row::new());
    }
    for (action, text) in [
        (Action::Switch, "asks instead of searching"),
        (Action::History, "what was searched before"),
        (Action::Indexing, "what is indexed"),
        (Action::Help, "all keys"),
    ] {
        if let Some(key) = state.keys.of(action).first() {
            rows.push(vec![
                Piece::new(Role::Accent, format!("{key:<8}")),
                Piece::new(Role::Dim, format!(" {text}")),
            ]);
        }
    }
    rows
}
