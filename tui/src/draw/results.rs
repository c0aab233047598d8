//! The hits: title and age, place, and the passage with what was searched for.

use ragterm_proto::v1::Hit;
use ragterm_units::short_age;
use ratatui::layout::Rect;

use super::{Canvas, welcome};
use crate::state::{Layout, State, place_of};
use crate::text::{
    Piece, Role, Row, clean_line, cut_row, cut_start, mark_ranges, row_width, width,
};

/// Paints the hits that are on the screen.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    if state.search.hits.is_empty() {
        return welcome::draw(state, layout.list, canvas);
    }
    let height = layout.rows_per_hit;
    for index in state.search.top..state.search.hits.len() {
        let offset = (index - state.search.top) as u64 * u64::from(height);
        let Ok(offset) = u16::try_from(offset) else { break };
        if offset >= layout.list.height {
            break;
        }
        let y = layout.list.y + offset;
        let area = Rect { y, height: height.min(layout.list.bottom() - y), ..layout.list };
        draw_hit(state, index, area, canvas);
    }
}

fn draw_hit(state: &State, index: usize, area: Rect, canvas: &mut Canvas<'_>) {
    let hit = &state.search.hits[index];
    let is_selected = index == state.search.selected;
    let columns = usize::from(area.width).saturating_sub(2);
    let rows: Vec<Row> = match area.height {
        1 => vec![title(hit, state.now_ms, columns)],
        2 => vec![title(hit, state.now_ms, columns), passage(hit, columns)],
        _ => vec![
            title(hit, state.now_ms, columns),
            place(state, hit, columns),
            passage(hit, columns),
        ],
    };
    for (row, line) in rows.iter().zip(super::lines(area)) {
        if is_selected {
            canvas.put(line, &[Piece::new(Role::Accent, "▌")]);
        }
        let inside = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
        canvas.put(inside, row);
    }
    if is_selected {
        let style = canvas.style(Role::Selected);
        let line = Rect { height: 1, x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        canvas.buffer.set_style(line, style);
    }
}

/// Title and heading on the left, age on the right.
fn title(hit: &Hit, now_ms: i64, columns: usize) -> Row {
    let age = short_age(hit.modified_ms, now_ms);
    let room = columns.saturating_sub(width(&age) + 2);
    let name = match hit.title.trim() {
        "" => clean_line(&hit.path),
        title => clean_line(title),
    };
    let mut row = vec![Piece::new(Role::Title, name)];
    for heading in hit.heading.iter().filter(|heading| **heading != hit.title) {
        row.push(Piece::new(Role::Dim, format!(" › {}", clean_line(heading))));
    }
    let mut row = cut_row(&row, room);
    let gap = columns.saturating_sub(row_width(&row) + width(&age));
    row.push(Piece::new(Role::Text, " ".repeat(gap)));
    row.push(Piece::new(Role::Dim, age));
    row
}

fn place(state: &State, hit: &Hit, columns: usize) -> Row {
    let mut place = place_of(&hit.path, hit.lines, hit.page);
    let hits = &state.search.hits;
    if hits.iter().any(|other| other.source != hit.source) {
        place.push_str(&format!(" · {}", clean_line(&hit.source)));
    }
    if hits.iter().any(|other| other.space != hit.space) {
        place.push_str(&format!(" · space {}", clean_line(&hit.space)));
    }
    if !hit.also_at.is_empty() {
        place.push_str(&format!(" · also at {} places", hit.also_at.len()));
    }
    vec![Piece::new(Role::Dim, cut_start(&place, columns))]
}

/// The passage on one line, from a little before the first word that was searched for.
fn passage(hit: &Hit, columns: usize) -> Row {
    let row = mark_ranges(&clean_line(&hit.snippet), &hit.highlights, Role::Text);
    let mut before = 0;
    let mut first = 0;
    for piece in row.iter().take_while(|piece| piece.role != Role::Match) {
        before += width(&piece.text);
        first += 1;
    }
    let has_match = first < row.len();
    if !has_match || first == 0 || before < columns / 2 {
        return cut_row(&row, columns);
    }
    let start = tail(&row[first - 1].text, columns / 4);
    let mut shown = vec![Piece::new(Role::Text, format!("…{start}"))];
    shown.extend(row[first..].iter().cloned());
    cut_row(&shown, columns)
}

/// The last words of a text in at most so many columns.
fn tail(text: &str, columns: usize) -> &str {
    let mut start = text.len();
    let mut used = 0;
    for (index, character) in text.char_indices().rev() {
        used += crate::text::grapheme_width(character.encode_utf8(&mut [0; 4]));
        if used > columns {
            break;
        }
        start = index;
    }
    let rest = &text[start..];
    rest.find(' ').map_or(rest, |space| &rest[space + 1..])
}
