//! What lies over everything: a frame with rows to read or to choose from.

use ratatui::layout::{Position, Rect};

use super::Canvas;
use crate::panels;
use crate::state::{Layout, Panel, Picker, State};
use crate::text::{Piece, Role, cut, cut_row, width};

/// Paints the panel that is open; returns where the cursor is, if one is open.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) -> Option<Option<Position>> {
    // A comment stands in the line of the input.
    let panel = state.panel.as_ref().filter(|panel| !matches!(panel, Panel::Comment(_)))?;
    let area = layout.panel;
    if area.width < 4 || area.height < 3 {
        return Some(None);
    }
    canvas.clear(area);
    frame(area, panels::title(panel), canvas);
    let inside = Rect::new(area.x + 2, area.y + 1, area.width - 4, area.height - 2);
    match panel {
        Panel::Picker(picker) => Some(Some(draw_picker(picker, inside, canvas))),
        Panel::Help(top) | Panel::Indexing(top) => {
            let rows = panels::rows(state);
            let top = (*top).min(rows.len().saturating_sub(usize::from(inside.height)));
            for (row, line) in rows.iter().skip(top).zip(super::lines(inside)) {
                canvas.put(line, row);
            }
            Some(None)
        }
        Panel::Comment(_) => None,
    }
}

fn frame(area: Rect, title: &str, canvas: &mut Canvas<'_>) {
    let inner = usize::from(area.width - 2);
    let title = cut(&format!(" {title} "), inner);
    let fill = "─".repeat(inner - width(&title));
    let mut lines: Vec<Rect> = super::lines(area).collect();
    let top = [
        Piece::new(Role::Dim, "╭"),
        Piece::new(Role::Accent, title),
        Piece::new(Role::Dim, format!("{fill}╮")),
    ];
    canvas.put(lines.remove(0), &top);
    if let Some(bottom) = lines.pop() {
        canvas.put(bottom, &[Piece::new(Role::Dim, format!("╰{}╯", "─".repeat(inner)))]);
    }
    for line in lines {
        canvas.put(line, &[Piece::new(Role::Dim, "│")]);
        canvas.put_right(line, &[Piece::new(Role::Dim, "│")]);
    }
}

/// Paints what narrows the list, and the list; returns where the cursor is.
fn draw_picker(picker: &Picker, area: Rect, canvas: &mut Canvas<'_>) -> Position {
    let columns = usize::from(area.width);
    let (typed, column) = picker.filter.window(columns.saturating_sub(2));
    canvas.put(area, &[Piece::new(Role::Accent, "› "), Piece::new(Role::Text, typed)]);
    let shown = picker.shown();
    let list = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let top = picker.top(usize::from(list.height));
    if shown.is_empty() {
        canvas.put(list, &[Piece::new(Role::Dim, picker.note.clone())]);
    }
    for ((index, item), line) in shown.iter().enumerate().skip(top).zip(super::lines(list)) {
        let mark = match (picker.doomed.as_ref() == Some(&item.value), item.chosen) {
            (true, _) => Piece::new(Role::Error, "✗ "),
            (false, true) => Piece::new(Role::Good, "● "),
            (false, false) => Piece::new(Role::Text, "  "),
        };
        let detail = cut(&item.detail, columns / 3);
        let room = columns.saturating_sub(width(&detail) + 1);
        canvas.put(line, &cut_row(&[mark, Piece::new(Role::Text, item.label.clone())], room));
        canvas.put_right(line, &[Piece::new(Role::Dim, detail)]);
        if index == picker.selected {
            let style = canvas.style(Role::Selected);
            canvas.buffer.set_style(line, style);
        }
    }
    let column = u16::try_from(column + 2).unwrap_or(0).min(area.width.saturating_sub(1));
    Position::new(area.x + column, area.y)
}
