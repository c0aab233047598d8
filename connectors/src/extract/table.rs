//! A table while its cells come in one after the other.

use super::cells::{Cell, Grid};
use super::outline::one_line;

/// How often a cell with text is repeated at most; an empty one costs nothing.
const MAX_REPEATED_CELLS: usize = 100;
const MAX_REPEATED_COLUMNS: usize = 20_000;

/// The table that is open.
#[derive(Debug, Default)]
pub(super) struct Table {
    grid: Grid,
    row: Vec<OpenCell>,
    /// The cell that is open.
    pub cell: OpenCell,
    /// Whether the open row is marked as one of headers.
    pub is_header_row: bool,
    was_header_row: bool,
    /// Whether labels and values alternate, as in a form; decided by the first row.
    is_form: Option<bool>,
}

/// A cell that is being filled.
#[derive(Debug)]
pub(super) struct OpenCell {
    pub text: String,
    pub columns: usize,
    pub is_tall: bool,
    pub continues: bool,
    /// Whether it looks other than plain cells do: bold, or shaded.
    pub is_label: bool,
}

impl Default for OpenCell {
    fn default() -> Self {
        let text = String::new();
        Self { text, columns: 1, is_tall: false, continues: false, is_label: false }
    }
}

impl OpenCell {
    /// The cell as it stands in its row.
    pub(super) fn as_cell(&self) -> Cell<'_> {
        Cell {
            text: &self.text,
            columns: self.columns,
            is_tall: self.is_tall,
            continues: self.continues,
        }
    }

    /// Adds a line of text.
    pub(super) fn add_line(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            self.text.push_str(text);
        }
    }
}

impl Table {
    /// Ends the open cell.
    pub(super) fn close_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        self.row.push(cell);
    }

    /// Ends the open row and yields its cells, to be written elsewhere.
    pub(super) fn take_row(&mut self) -> Vec<OpenCell> {
        std::mem::take(&mut self.row)
    }

    /// Adds a cell as often as it is said to be repeated; what has text only within the budget.
    pub(super) fn repeat_cell(&mut self, times: usize, budget: &mut usize) {
        let cell = std::mem::take(&mut self.cell);
        if cell.text.is_empty() {
            self.row.push(OpenCell { columns: times.clamp(1, MAX_REPEATED_COLUMNS), ..cell });
            return;
        }
        for _ in 1..times.min(MAX_REPEATED_CELLS) {
            if *budget == 0 {
                break;
            }
            *budget = budget.saturating_sub(cell.text.len());
            self.row.push(OpenCell { text: cell.text.clone(), ..cell });
        }
        self.row.push(cell);
    }

    /// Ends the open row; the text to write for it, empty if there is none.
    pub(super) fn close_row(&mut self, budget: &mut usize) -> String {
        let row = std::mem::take(&mut self.row);
        if let [only] = &*row {
            // A table for layout, or a title over all columns: the text keeps its lines.
            return only.text.clone();
        }
        if self.is_form.is_none() && row.iter().filter(|cell| !cell.text.is_empty()).count() > 1 {
            self.is_form = Some(is_form_row(&row));
        }
        if self.is_form == Some(true) {
            return form_line(&row);
        }
        let cells = row.iter().map(OpenCell::as_cell).collect::<Vec<_>>();
        let is_header = std::mem::take(&mut self.is_header_row);
        let was_header = std::mem::replace(&mut self.was_header_row, is_header);
        if !is_header {
            return self.grid.row(&cells, budget);
        }
        if was_header {
            self.grid.keep_headers_open();
        }
        self.grid.header_row(&cells, budget)
    }
}

/// Whether a row begins with a label, and each label has a value at its right.
fn is_form_row(row: &[OpenCell]) -> bool {
    let is_label = |cell: &OpenCell| cell.is_label && !cell.text.is_empty();
    row.first().is_some_and(is_label)
        && row.last().is_some_and(|last| !last.is_label)
        && row.windows(2).all(|pair| !(pair[0].is_label && pair[1].is_label))
}

/// `label: value; label: value`.
fn form_line(row: &[OpenCell]) -> String {
    let mut line = String::new();
    let mut was_label = false;
    for cell in row {
        let text = one_line(&cell.text);
        if text.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push_str(if was_label && !cell.is_label { ": " } else { "; " });
        }
        line.push_str(&text);
        was_label = cell.is_label;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rows: &[&[&str]]) -> Vec<String> {
        let mut table = Table::default();
        let lines = rows.iter().map(|row| {
            for cell in *row {
                table.cell.is_label = cell.starts_with('*');
                table.cell.add_line(cell.trim_start_matches('*'));
                table.close_cell();
            }
            table.close_row(&mut 1000)
        });
        lines.collect()
    }

    #[test]
    fn a_form_keeps_each_value_with_its_label() {
        let rows: [&[&str]; 3] = [
            &["*성명", "홍길동", "*부서", "영업"],
            &["*직급", "과장", "*입사", "2024"],
            &["*주소", "서울"],
        ];
        let expected = ["성명: 홍길동; 부서: 영업", "직급: 과장; 입사: 2024", "주소: 서울"];
        assert_eq!(lines(&rows), expected);
    }

    #[test]
    fn marked_headers_are_headers() {
        let rows: [&[&str]; 2] = [&["*Team", "*City"], &["Blues", "STL"]];
        assert_eq!(lines(&rows)[1], "Team: Blues; City: STL");
    }
}
