//! The line that is typed into.

use ratatui::layout::{Position, Rect};

use super::Canvas;
use crate::input::InputLine;
use crate::state::{Layout, Mode, Panel, State};
use crate::text::{Piece, Role};

/// Frames of what turns while something is waited for.
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Paints the line; returns where the cursor is.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    let area = layout.input;
    if area.width < 4 || area.is_empty() {
        return None;
    }
    let field = Field::of(state);
    let mut row = Vec::new();
    if area.width >= 40 {
        row.push(Piece::new(Role::Accent, field.name));
    }
    row.push(Piece::new(Role::Accent, "› "));
    let before = u16::try_from(crate::text::row_width(&row)).unwrap_or(area.width);
    canvas.put(area, &row);
    let room = area.width.saturating_sub(before + 3);
    let (shown, column) = field.line.window(usize::from(room));
    let place = Rect { x: area.x + before, width: room, ..area };
    match shown.is_empty() {
        true => canvas.put(place, &[Piece::new(Role::Dim, field.placeholder)]),
        false => canvas.put(place, &[Piece::new(Role::Text, shown)]),
    }
    if state.is_busy() {
        let frame = usize::try_from(state.now_ms / 100).unwrap_or(0) % SPINNER.len();
        canvas.put_right(area, &[Piece::new(Role::Accent, format!("{} ", SPINNER[frame]))]);
    }
    let column = u16::try_from(column).unwrap_or(0);
    Some(Position::new(place.x + column.min(room.saturating_sub(1)), area.y))
}

/// What is typed into the line, and what for.
struct Field<'a> {
    name: &'static str,
    placeholder: &'static str,
    line: &'a InputLine,
}

impl<'a> Field<'a> {
    fn of(state: &'a State) -> Self {
        let field = |name, placeholder| Self { name, placeholder, line: &state.input };
        match (&state.panel, state.mode) {
            (Some(Panel::Comment(comment)), _) => Self {
                name: if comment.helpful { " helpful " } else { " not helpful " },
                placeholder: "a comment, or none",
                line: &comment.line,
            },
            (_, Mode::Search) => field(" search ", "words to find"),
            (_, Mode::Ask) => field(" ask ", "a question"),
        }
    }
}
