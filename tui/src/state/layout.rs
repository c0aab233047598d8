//! Where each part of the screen is; drawing and the mouse ask the same function.

use ratatui::layout::{Position, Rect};

use super::{Mode, State};

/// From so many columns on, the document stands beside the list.
const BESIDE_COLUMNS: u16 = 90;

/// From so many rows on, the document stands below the list.
const BELOW_ROWS: u16 = 20;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// What is typed.
    pub input: Rect,
    /// Counts and filters.
    pub summary: Rect,
    /// Hits or the conversation.
    pub list: Rect,
    /// The line between list and document.
    pub divider: Rect,
    /// The document; empty when there is no room.
    pub preview: Rect,
    /// Keys and notices.
    pub footer: Rect,
    /// What a panel covers.
    pub panel: Rect,
    /// How many rows one hit takes.
    pub rows_per_hit: u16,
}

/// A part of the screen that the mouse can point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// What is typed.
    Input,
    /// Hits or the conversation: the row within.
    List(u16),
    /// The document.
    Preview,
    /// Anything else.
    Elsewhere,
}

impl Layout {
    /// The parts of the screen for a state.
    pub fn of(state: &State) -> Self {
        let (columns, rows) = state.size;
        let line = |y: u16, height: u16| {
            Rect::new(0, y.min(rows), columns, height.min(rows.saturating_sub(y)))
        };
        let summary_rows = u16::from(rows >= 6);
        let footer_rows = u16::from(rows >= 3);
        let body_top = 1 + summary_rows;
        let body = line(body_top, rows.saturating_sub(body_top + footer_rows));
        let (list, divider, preview) = split(body, state.mode);
        Self {
            input: line(0, 1),
            summary: line(1, summary_rows),
            list,
            divider,
            preview,
            footer: line(rows.saturating_sub(footer_rows), footer_rows),
            panel: panel(columns, rows),
            rows_per_hit: match list.height {
                0..=3 => 1,
                4..=8 => 2,
                _ => 4,
            },
        }
    }

    /// How many hits fit on the screen; the last one needs no empty row.
    pub fn visible_hits(&self) -> usize {
        usize::from((self.list.height + u16::from(self.rows_per_hit == 4)) / self.rows_per_hit)
            .max(1)
    }

    /// The part at a position.
    pub fn region(&self, position: Position) -> Region {
        if self.list.contains(position) {
            return Region::List(position.y - self.list.y);
        }
        match position {
            _ if self.preview.contains(position) => Region::Preview,
            _ if self.input.contains(position) => Region::Input,
            _ => Region::Elsewhere,
        }
    }
}

fn split(body: Rect, mode: Mode) -> (Rect, Rect, Rect) {
    if body.width >= BESIDE_COLUMNS {
        let share = match mode {
            Mode::Search => 45,
            Mode::Ask => 55,
        };
        let width = u16::try_from(u32::from(body.width) * share / 100).unwrap_or(body.width);
        let list = Rect { width, ..body };
        let divider = Rect { x: body.x + width, width: 1, ..body };
        let preview = Rect { x: body.x + width + 1, width: body.width - width - 1, ..body };
        return (list, divider, preview);
    }
    if body.height >= BELOW_ROWS {
        let height = match mode {
            Mode::Search => body.height * 11 / 20,
            Mode::Ask => body.height * 13 / 20,
        };
        let list = Rect { height, ..body };
        let divider = Rect { y: body.y + height, height: 1, ..body };
        let preview = Rect { y: body.y + height + 1, height: body.height - height - 1, ..body };
        return (list, divider, preview);
    }
    let nothing = Rect { x: body.right(), y: body.bottom(), width: 0, height: 0 };
    (body, nothing, nothing)
}

/// The middle of the screen, or all of a small one.
fn panel(columns: u16, rows: u16) -> Rect {
    let width = columns.min(100).min(columns.saturating_sub(columns / 10).max(60.min(columns)));
    let height = rows.saturating_sub(rows / 8);
    Rect::new((columns - width) / 2, (rows - height) / 2, width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_leaves_the_screen_at_any_size() {
        for columns in 0..130 {
            for rows in 0..50 {
                let mut state = State::new((columns, rows));
                let screen = Rect::new(0, 0, columns, rows);
                for mode in [Mode::Search, Mode::Ask] {
                    state.mode = mode;
                    let layout = Layout::of(&state);
                    for part in [
                        layout.input,
                        layout.summary,
                        layout.list,
                        layout.preview,
                        layout.footer,
                        layout.panel,
                    ] {
                        assert_eq!(
                            screen.intersection(part).area(),
                            part.area(),
                            "{part} in {screen}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_wide_screen_shows_the_document_beside_the_list_and_a_small_one_none() {
        let preview = |size| Layout::of(&State::new(size)).preview;
        assert_eq!(preview((120, 30)).height, 27);
        assert!(preview((80, 30)).y > 10);
        assert!(preview((20, 5)).is_empty());
    }
}
