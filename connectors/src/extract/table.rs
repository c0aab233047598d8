//! A table while its cells come in one after the other.

use super::cells::{Cell, Grid};

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

    /// Ends the open row; the text to write for it, empty if there is none.
    pub(super) fn close_row(&mut self, budget: &mut usize) -> String {
        let row = std::mem::take(&mut self.row);
        if let [only] = &*row {
            // A table for layout, or a title over all columns: the text keeps its lines.
            return only.text.clone();
        }
        let cells = row.iter().map(|cell| Cell {
            text: &cell.text,
            columns: cell.columns,
            is_tall: cell.is_tall,
            continues: cell.continues,
        });
        let cells = cells.collect::<Vec<_>>();
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
