//! Questions and answers; the source that has the focus is marked.

use ratatui::layout::Rect;

use super::Canvas;
use crate::state::{Layout, State};
use crate::text::{Piece, Role, wrap};

/// Paints the rows of the conversation that are on the screen.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.list;
    if state.chat.turns.is_empty() {
        return invite(area, canvas);
    }
    let first = state.chat.first_row(usize::from(area.height));
    for (row, line) in state.chat.rows.iter().skip(first).zip(super::lines(area)) {
        let is_focused =
            row.source.is_some() && state.chat.focus == row.source.map(|source| (row.turn, source));
        if is_focused {
            canvas.put(line, &[Piece::new(Role::Accent, "▌")]);
        }
        let inside = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
        canvas.put(inside, &row.row);
        if is_focused {
            let style = canvas.style(Role::Selected);
            canvas.buffer.set_style(inside, style);
        }
    }
}

fn invite(area: Rect, canvas: &mut Canvas<'_>) {
    let text = "Ask in whole sentences. The answer names the passages that it is from; \
                what you ask next may refer to it.";
    let columns = usize::from(area.width.saturating_sub(2));
    let rows = wrap(&[Piece::new(Role::Dim, text)], columns);
    for (row, line) in rows.iter().zip(super::lines(area)) {
        canvas.put(Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line }, row);
    }
}
