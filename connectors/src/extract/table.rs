//! A table while its cells come in one after the other.

use super::cells::{Cell, Grid};

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
}

/// A cell that is being filled.
#[derive(Debug)]
pub(super) struct OpenCell {
    pub text: String,
    pub columns: usize,
    pub is_tall: bool,
    pub continues: bool,
}

impl Default for OpenCell {
    fn default() -> Self {
        Self { text: String::new(), columns: 1, is_tall: false, continues: false }
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
