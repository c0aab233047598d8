//! The mouse: a click selects, a second one opens, the wheel scrolls what is under it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{asking, key, picking, previewing, searching};
use crate::effect::Effect;
use crate::state::{Layout, Mode, Panel, Region, State};
use crate::text::{Role, width};

/// So many rows at a turn of the wheel.
const WHEEL_ROWS: isize = 3;

/// The mouse did something.
pub fn point(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    let position = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollUp => wheel(state, position, -WHEEL_ROWS),
        MouseEventKind::ScrollDown => wheel(state, position, WHEEL_ROWS),
        MouseEventKind::Down(MouseButton::Left) => click(state, position),
        _ => Vec::new(),
    }
}

fn wheel(state: &mut State, position: Position, by: isize) -> Vec<Effect> {
    match &mut state.panel {
        Some(Panel::Picker(picker)) => {
            let selected = picker.selected.saturating_add_signed(by.signum());
            picker.select(selected);
            return Vec::new();
        }
        Some(Panel::Help(top) | Panel::Indexing(top)) => {
            *top = top.saturating_add_signed(by);
            key::bound_panel(state);
            return Vec::new();
        }
        Some(Panel::Comment(_)) | None => {}
    }
    let layout = Layout::of(state);
    match (layout.region(position), state.mode) {
        (Region::Preview, _) => previewing::scroll(state, by),
        (Region::List(_), Mode::Search) => searching::select(state, by.signum()),
        (Region::List(_), Mode::Ask) => {
            state.chat.scroll(by, usize::from(layout.list.height));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn click(state: &mut State, position: Position) -> Vec<Effect> {
    let layout = Layout::of(state);
    // A click beside a comment would lose it.
    if matches!(state.panel, Some(Panel::Comment(_))) {
        return Vec::new();
    }
    if let Some(panel) = &mut state.panel {
        if !layout.panel.contains(position) {
            state.panel = None;
            return Vec::new();
        }
        let Panel::Picker(picker) = panel else { return Vec::new() };
        let Some(row) = picker_row(layout.panel, position) else { return Vec::new() };
        let row = row + picker.top(usize::from(layout.panel.height.saturating_sub(3)));
        if row >= picker.shown().len() {
            return Vec::new();
        }
        picker.select(row);
        return picking::accept(state);
    }
    match (layout.region(position), state.mode) {
        (Region::List(row), Mode::Search) => click_hit(state, &layout, row),
        (Region::List(row), Mode::Ask) => click_answer(state, &layout, (position.x, row)),
        _ => Vec::new(),
    }
}

/// The row of the list in a panel: below the border, the filter and an empty row.
fn picker_row(panel: Rect, position: Position) -> Option<usize> {
    let row = position.y.checked_sub(panel.y + 2)?;
    (position.y + 1 < panel.bottom()).then_some(usize::from(row))
}

fn click_hit(state: &mut State, layout: &Layout, row: u16) -> Vec<Effect> {
    let position = state.search.top + usize::from(row / layout.rows_per_hit);
    if position >= state.search.hits.len() {
        return Vec::new();
    }
    match position == state.search.selected {
        true => key::open(state),
        false => searching::select_at(state, position),
    }
}

fn click_answer(state: &mut State, layout: &Layout, place: (u16, u16)) -> Vec<Effect> {
    let first = state.chat.first_row(usize::from(layout.list.height));
    let Some(row) = state.chat.rows.get(first + usize::from(place.1)) else { return Vec::new() };
    let turn = row.turn;
    if let Some(source) = row.source {
        return match state.chat.focus == Some((turn, source)) {
            true => key::open(state),
            false => asking::focus(state, (turn, source)),
        };
    }
    let mut column = usize::from(layout.list.x) + 1;
    for piece in &row.row {
        let end = column + width(&piece.text);
        if piece.role == Role::Citation && (column..end).contains(&usize::from(place.0)) {
            let within = usize::from(place.0) - column;
            if let Some(n) = number_at(&piece.text, within) {
                return asking::jump(state, Some(turn), n);
            }
        }
        column = end;
    }
    Vec::new()
}

/// The number under a column of `[1][2]`.
fn number_at(text: &str, column: usize) -> Option<u32> {
    let start = text.get(..=column)?.rfind('[')?;
    let end = start + text[start..].find(']')?;
    text[start + 1..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_of_a_row_of_citations_is_its_own() {
        let numbers: Vec<Option<u32>> = (0..8).map(|column| number_at("[1][23]", column)).collect();
        assert_eq!(
            numbers,
            [Some(1), Some(1), Some(1), Some(23), Some(23), Some(23), Some(23), None]
        );
    }
}
