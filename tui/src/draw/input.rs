//! The line that is typed into.

use ratatui::layout::{Position, Rect};

use super::Canvas;
use crate::state::{Layout, Mode, State};
use crate::text::{Piece, Role};

/// Frames of what turns while something is waited for.
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Paints the line; returns where the cursor is.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let area = layout.input;
    if area.width < 4 || area.is_empty() {
        return None;
    }
    let name = match state.mode {
        Mode::Search => " search ",
        Mode::Ask => " ask ",
    };
    let mut row = Vec::new();
    if area.width >= 40 {
        row.push(Piece::new(Role::Accent, name));
    }
    row.push(Piece::new(Role::Accent, "› "));
    let before = u16::try_from(crate::text::row_width(&row)).unwrap_or(area.width);
    canvas.put(area, &row);
    let room = area.width.saturating_sub(before + 3);
    let (shown, column) = state.input.window(usize::from(room));
    let field = Rect { x: area.x + before, width: room, ..area };
    match shown.is_empty() {
        true => canvas.put(field, &[Piece::new(Role::Dim, placeholder(state.mode))]),
        false => canvas.put(field, &[Piece::new(Role::Text, shown)]),
    }
    if state.is_busy() {
        let frame = usize::try_from(state.now_ms / 100).unwrap_or(0) % SPINNER.len();
        canvas.put_right(area, &[Piece::new(Role::Accent, format!("{} ", SPINNER[frame]))]);
    }
    let column = u16::try_from(column).unwrap_or(0);
    Some(Position::new(field.x + column.min(room.saturating_sub(1)), area.y))
}

fn placeholder(mode: Mode) -> &'static str {
    match mode {
        Mode::Search => "words to find",
        Mode::Ask => "a question",
    }
}
