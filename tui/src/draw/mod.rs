//! Painting the state; nothing is changed here.

mod answers;
mod footer;
mod input;
mod panel;
mod preview;
mod results;
mod summary;
mod welcome;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::state::{Layout, Mode, State};
use crate::text::{Piece, Role, clean_line, composed, cut, width};
use crate::theme::{Colour, Theme};

/// Where rows are painted, and how roles look.
struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    colour: Colour,
}

impl Canvas<'_> {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role, self.colour)
    }

    /// Paints a row into the first line of an area; what does not fit is left out.
    fn put(&mut self, area: Rect, row: &[Piece]) {
        if area.is_empty() {
            return;
        }
        let mut column = area.x;
        for piece in row {
            let left = usize::from(area.right().saturating_sub(column));
            // Whatever was forgotten elsewhere: nothing of a document steers the terminal.
            let text = composed(&clean_line(&piece.text));
            let style = self.style(piece.role);
            let (next, _) = self.buffer.set_stringn(column, area.y, &text, left, style);
            column = next;
        }
    }

    /// Paints a row at the right edge of the first line of an area.
    fn put_right(&mut self, area: Rect, row: &[Piece]) {
        let columns = row.iter().map(|piece| width(&piece.text)).sum::<usize>();
        let columns = u16::try_from(columns).unwrap_or(u16::MAX).min(area.width);
        self.put(Rect { x: area.right() - columns, width: columns, ..area }, row);
    }

    /// Empties an area; a wide character that reaches into it goes as a whole.
    fn clear(&mut self, area: Rect) {
        for line in lines(area) {
            let Some(before) = line.x.checked_sub(1) else { break };
            let cell = &mut self.buffer[(before, line.y)];
            if width(cell.symbol()) > 1 {
                cell.set_symbol(" ");
            }
        }
        for position in area.intersection(self.buffer.area).positions() {
            self.buffer[position].reset();
        }
    }
}

/// Paints everything.
pub fn draw(state: &State, frame: &mut Frame<'_>) {
    let layout = Layout::of(state);
    // The terminal may have shrunk since the state was told its size.
    if frame.area().intersection(layout.input) != layout.input || frame.area().height < state.size.1
    {
        return;
    }
    let cursor = {
        let buffer = frame.buffer_mut();
        let mut canvas = Canvas { buffer, theme: state.theme, colour: state.colour };
        let cursor = input::draw(state, &layout, &mut canvas);
        summary::draw(state, &layout, &mut canvas);
        match state.mode {
            Mode::Search => results::draw(state, &layout, &mut canvas),
            Mode::Ask => answers::draw(state, &layout, &mut canvas),
        }
        preview::draw(state, &layout, &mut canvas);
        footer::draw(state, &layout, &mut canvas);
        panel::draw(state, &layout, &mut canvas).unwrap_or(cursor)
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// The lines of an area, from the top.
fn lines(area: Rect) -> impl Iterator<Item = Rect> {
    (area.y..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}

/// A text in a role, cut to so many columns.
fn piece(role: Role, text: &str, columns: usize) -> Piece {
    Piece::new(role, cut(text, columns))
}

#[cfg(test)]
mod tests;
