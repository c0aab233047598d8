//! Cutting and wrapping by columns; a grapheme is never torn.

use unicode_segmentation::UnicodeSegmentation;

use super::{Piece, Role, Row, clean_line, grapheme_width, width};

/// The text in at most so many columns, with an ellipsis where something is left out.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let needed = grapheme_width(grapheme);
        if used + needed >= columns {
            break;
        }
        kept.push_str(grapheme);
        used += needed;
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// The end of the text in at most so many columns, with an ellipsis where something is left out.
pub fn cut_start(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut start = text.len();
    let mut used = 1;
    for (index, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme_width(grapheme);
        if used > columns {
            break;
        }
        start = index;
    }
    if columns > 0 { format!("…{}", &text[start..]) } else { String::new() }
}

/// The row in at most so many columns, with an ellipsis where something is left out.
pub fn cut_row(row: &[Piece], columns: usize) -> Row {
    let mut kept = Row::new();
    let mut left = columns;
    for piece in row {
        let needed = width(&piece.text);
        if needed > left {
            kept.push(Piece::new(piece.role, cut(&piece.text, left)));
            break;
        }
        left -= needed;
        kept.push(piece.clone());
    }
    kept
}

/// A title and where it is, in so many columns: the end of a path says more than its beginning.
pub fn title_and_place(title: &str, place: &str, columns: usize) -> Row {
    let title = cut(&clean_line(title), columns);
    let left = columns.saturating_sub(width(&title) + 2);
    let place = cut_start(&clean_line(place), left.min(columns));
    let mut row = vec![Piece::new(Role::Title, title)];
    if width(&place) > 3 {
        row.push(Piece::new(Role::Dim, format!("  {place}")));
    }
    row
}

/// A grapheme with its columns and its role.
#[derive(Clone, Copy)]
struct Cell<'a> {
    grapheme: &'a str,
    columns: usize,
    role: Role,
}

/// The row in as many rows of at most so many columns as it needs, broken after spaces if it can be.
pub fn wrap(row: &[Piece], columns: usize) -> Vec<Row> {
    let columns = columns.max(2);
    if super::row_width(row) <= columns {
        return vec![row.to_vec()];
    }
    let cells: Vec<Cell<'_>> = row
        .iter()
        .flat_map(|piece| {
            piece.text.graphemes(true).map(|grapheme| Cell {
                grapheme,
                columns: grapheme_width(grapheme),
                role: piece.role,
            })
        })
        .collect();
    let mut rows = Vec::new();
    let mut rest = cells.as_slice();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(line_end(rest, columns));
        rows.push(joined(line));
        rest = after;
    }
    rows
}

/// How many cells fit on a line, up to a space if there is one in its second half.
fn line_end(cells: &[Cell<'_>], columns: usize) -> usize {
    let mut used = 0;
    let mut after_space = 0;
    for (index, cell) in cells.iter().enumerate() {
        // A space may hang over the edge: it is trimmed.
        if used + cell.columns > columns && cell.grapheme != " " {
            let is_worth_it = after_space * 2 > index;
            return if is_worth_it { after_space } else { index.max(1) };
        }
        used += cell.columns;
        if cell.grapheme == " " {
            after_space = index + 1;
        }
    }
    cells.len()
}

fn joined(cells: &[Cell<'_>]) -> Row {
    let end = cells.iter().rposition(|cell| cell.grapheme != " ").map_or(0, |last| last + 1);
    let mut row: Row = Vec::new();
    for cell in &cells[..end] {
        match row.last_mut() {
            Some(piece) if piece.role == cell.role => piece.text.push_str(cell.grapheme),
            _ => row.push(Piece::new(cell.role, cell.grapheme)),
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, columns: usize) -> Vec<String> {
        wrap(&[Piece::new(Role::Text, text)], columns)
            .iter()
            .map(|row| row.iter().map(|piece| piece.text.as_str()).collect())
            .collect()
    }

    #[test]
    fn lines_break_after_spaces() {
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("one two", 7), ["one two"]);
    }

    #[test]
    fn a_long_word_is_broken_between_graphemes() {
        assert_eq!(wrapped("연차휴가", 5), ["연차", "휴가"]);
        assert_eq!(wrapped("👩‍👩‍👧👩‍👩‍👧", 3), ["👩‍👩‍👧", "👩‍👩‍👧"]);
    }

    #[test]
    fn no_row_is_wider_than_asked() {
        let text = "The 연차 휴가 규정 is e\u{301}xplained 👍🏽 in averyveryverylongwordindeed.";
        for columns in 2..40 {
            for row in wrapped(text, columns) {
                assert!(width(&row) <= columns, "{row:?} in {columns}");
            }
        }
    }

    #[test]
    fn a_long_place_keeps_its_line() {
        let row = title_and_place("Leave", "a/very/long/path/leave.md:41", 24);
        let text: String = row.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(text, "Leave  …path/leave.md:41");
        for columns in 0..40 {
            let row = title_and_place("연차 휴가", "규정/연차.md:41", columns);
            assert!(super::super::row_width(&row) <= columns);
        }
    }

    #[test]
    fn what_is_cut_ends_with_an_ellipsis_and_fits() {
        assert_eq!(cut("연차 휴가", 6), "연차 …");
        assert_eq!(cut("연차", 4), "연차");
        assert_eq!(cut("연차", 0), "");
        assert_eq!(cut("연차", 1), "…");
        assert_eq!(cut_start("규정/연차.md:41", 12), "…/연차.md:41");
        assert_eq!(cut_start("규정/연차", 8), "…정/연차");
        assert_eq!(cut_start("연차", 0), "");
    }
}
