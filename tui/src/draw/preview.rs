//! The document, its passage marked at the left.

use ratatui::layout::Rect;

use super::Canvas;
use crate::state::{Layout, State};
use crate::text::{Piece, Role};

/// Paints the rows of the document that are on the screen.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.preview;
    let Some(target) = &state.preview.target else { return };
    let rows = state.preview.rows.iter().skip(state.preview.top);
    for (row, line) in rows.zip(super::lines(area)) {
        if row.ordinal == target.ordinal {
            canvas.put(line, &[Piece::new(Role::Accent, "▎")]);
        }
        canvas.put(Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line }, &row.row);
    }
}
