//! The line below the input: how many hits, which filters, which document.

use ratatui::layout::Rect;

use super::{Canvas, piece};
use crate::state::{Layout, Mode, State};
use crate::text::{Piece, Role, Row, clean_line, cut_row, row_width, title_and_place};

/// Paints the line, and the name of the document where its own area begins.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let is_beside = layout.divider.width == 1 && !layout.preview.is_empty();
    let left = match is_beside {
        true => Rect { width: layout.list.width, ..layout.summary },
        false => layout.summary,
    };
    let row = match state.mode {
        Mode::Search => searching(state),
        Mode::Ask => asking(state),
    };
    canvas.put(left, &cut_row(&row, usize::from(left.width)));
    divider(state, layout, canvas);
    if is_beside && !layout.summary.is_empty() {
        let right = Rect { x: layout.preview.x, width: layout.preview.width, ..layout.summary };
        let row = document(state, usize::from(right.width));
        canvas.put(right, &row);
    }
}

fn divider(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.divider;
    if area.is_empty() {
        return;
    }
    if area.width == 1 {
        for line in super::lines(area) {
            canvas.put(line, &[Piece::new(Role::Dim, "│")]);
        }
        return;
    }
    canvas.put(area, &[Piece::new(Role::Dim, "─".repeat(usize::from(area.width)))]);
    let mut row = vec![Piece::new(Role::Dim, "─ ")];
    row.extend(document(state, usize::from(area.width).saturating_sub(6)));
    row.push(Piece::new(Role::Dim, " "));
    if row_width(&row) > 3 {
        canvas.put(area, &row);
    }
}

fn document(state: &State, columns: usize) -> Row {
    let Some(target) = &state.preview.target else { return Row::new() };
    if let Some(trouble) = &state.preview.trouble {
        return vec![piece(Role::Error, &clean_line(trouble), columns)];
    }
    title_and_place(&target.title, &target.place, columns)
}

fn searching(state: &State) -> Row {
    let search = &state.search;
    let mut row = vec![Piece::new(Role::Dim, " ")];
    if let Some(trouble) = &search.trouble {
        row.push(piece(Role::Error, &clean_line(trouble), usize::from(state.size.0)));
    } else if !search.query.is_empty() && !state.input.is_blank() {
        let count = match search.hits.len() {
            0 => String::from("nothing found"),
            1 => String::from("1 hit"),
            hits if hits as u64 >= u64::from(search.asked_for.1) => format!("best {hits} hits"),
            hits => format!("{hits} hits"),
        };
        row.push(Piece::new(Role::Strong, count));
        row.push(Piece::new(Role::Dim, format!(" · {:.1} ms", search.took_ms)));
    }
    row.extend(filters(state));
    if let Some(degraded) = search.degraded.as_ref().filter(|_| search.trouble.is_none()) {
        row.push(Piece::new(Role::Warning, format!(" · {}", clean_line(degraded))));
    }
    row
}

fn asking(state: &State) -> Row {
    let text = match state.chat.turns.len() {
        0 => String::from(" a new session"),
        1 => String::from(" 1 question"),
        turns => format!(" {turns} questions"),
    };
    let mut row = vec![Piece::new(Role::Dim, text)];
    row.extend(filters(state));
    row
}

fn filters(state: &State) -> Row {
    let told = state.filters.told();
    told.iter().map(|told| Piece::new(Role::Accent, format!(" · {}", clean_line(told)))).collect()
}
