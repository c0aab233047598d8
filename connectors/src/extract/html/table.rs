//! A table as text: each row a line, each value behind the header of its column.

use super::text::Text;
use crate::extract::outline::{clipped, one_line};

const MAX_COLUMNS: usize = 200;
const MAX_HEADER_BYTES: usize = 80;

/// A value that spans rows is repeated in each, up to this length.
const MAX_REPEATED_BYTES: usize = 200;

/// A table while its tokens come in.
#[derive(Debug, Default)]
pub(super) struct Table {
    headers: Vec<String>,
    row: Vec<Cell>,
    /// Per column, the value from above and for how many rows it still holds.
    spanning: Vec<(usize, String)>,
    has_header_above: bool,
    was_header_used: bool,
    /// The text of the open cell.
    pub text: Text,
    open: Option<Shape>,
}

#[derive(Debug)]
struct Cell {
    text: String,
    shape: Shape,
}

/// What the tag of a cell says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub is_header: bool,
    pub columns: usize,
    pub rows: usize,
}

impl Table {
    pub(super) fn open_cell(&mut self, shape: Shape) {
        self.close_cell();
        self.open = Some(shape);
    }

    pub(super) fn close_cell(&mut self) {
        let text = self.text.take();
        let shape = match self.open.take() {
            Some(shape) => shape,
            // Text between cells is not lost.
            None if !text.is_empty() => Shape { is_header: false, columns: 1, rows: 1 },
            None => return,
        };
        if self.row.len() < MAX_COLUMNS {
            self.row.push(Cell { text, shape });
        } else if let Some(last) = self.row.last_mut() {
            last.text.push(' ');
            last.text.push_str(&text);
        }
    }

    /// Forgets headers and values from above: hostile tables make much text of them.
    pub(super) fn stop_repeating(&mut self) {
        self.headers.clear();
        self.spanning.clear();
    }

    /// Ends the row; the text to write for it, if any.
    pub(super) fn close_row(&mut self) -> Option<String> {
        self.close_cell();
        let row = std::mem::take(&mut self.row);
        if row.iter().all(|cell| cell.text.is_empty()) {
            if !row.is_empty() {
                (0..self.spanning.len()).for_each(|column| drop(self.value_from_above(column)));
            }
            return None;
        }
        if row.len() > 1 && row.iter().all(|cell| cell.shape.is_header) {
            self.take_headers(&row);
            return None;
        }
        self.has_header_above = false;
        let mut filled = row.iter().filter(|cell| !cell.text.is_empty());
        let is_spanned = self.spanning.iter().any(|(rows, _)| *rows > 0);
        let is_of_values = is_spanned || (row.len() > 1 && !self.headers.is_empty());
        if let (Some(only), None, false) = (filled.next(), filled.next(), is_of_values) {
            // A table for layout, or a line across a table: the text keeps its lines.
            return Some(only.text.clone());
        }
        self.was_header_used = true;
        Some(self.line(row))
    }

    /// Ends the table; its headers, if no row has shown them.
    pub(super) fn close(&mut self) -> Option<String> {
        let line = self.headers.join("; ");
        (!self.was_header_used && !line.is_empty()).then_some(line)
    }

    /// Several rows of headers, one above the other, make one header for each column.
    fn take_headers(&mut self, row: &[Cell]) {
        if !self.has_header_above {
            self.headers.clear();
            self.spanning.clear();
        }
        self.has_header_above = true;
        let mut column = 0;
        for cell in row {
            while self.value_from_above(column).is_some() {
                column += 1;
            }
            if cell.shape.rows > 1 {
                // What reaches into the next row of headers takes a place there.
                self.repeat_below(column, cell.shape, "");
            }
            for _ in 0..cell.shape.columns.min(MAX_COLUMNS - column.min(MAX_COLUMNS)) {
                if self.headers.len() <= column {
                    self.headers.resize(column + 1, String::new());
                }
                let header = one_line(&format!("{} {}", self.headers[column], cell.text));
                self.headers[column] = clipped(&header, MAX_HEADER_BYTES).to_owned();
                column += 1;
            }
        }
    }

    fn line(&mut self, row: Vec<Cell>) -> String {
        let mut line = String::new();
        let mut column = 0;
        let mut row_header = None;
        for cell in row {
            while let Some(value) = self.value_from_above(column) {
                self.append(&mut line, column, None, &value);
                column += 1;
            }
            let value = one_line(&cell.text);
            if cell.shape.rows > 1 {
                self.repeat_below(column, cell.shape, &value);
            }
            if cell.shape.is_header && self.headers.is_empty() && row_header.is_none() {
                row_header = Some(value);
            } else {
                self.append(&mut line, column, row_header.take().as_deref(), &value);
            }
            column += cell.shape.columns;
        }
        for column in column..self.spanning.len() {
            if let Some(value) = self.value_from_above(column) {
                self.append(&mut line, column, None, &value);
            }
        }
        line
    }

    /// Lets a value stand in the rows below, in the first of its columns.
    fn repeat_below(&mut self, column: usize, shape: Shape, value: &str) {
        let end = column.saturating_add(shape.columns).min(MAX_COLUMNS);
        self.spanning.resize(self.spanning.len().max(end), (0, String::new()));
        for (index, below) in self.spanning.iter_mut().enumerate().take(end).skip(column) {
            let repeated = if index == column { value } else { "" };
            *below = (shape.rows - 1, clipped(repeated, MAX_REPEATED_BYTES).to_owned());
        }
    }

    fn value_from_above(&mut self, column: usize) -> Option<String> {
        let (rows, value) = self.spanning.get_mut(column)?;
        *rows = rows.checked_sub(1)?;
        Some(value.clone())
    }

    fn append(&self, line: &mut String, column: usize, row_header: Option<&str>, value: &str) {
        let header = row_header.or_else(|| self.headers.get(column).map(String::as_str));
        if value.is_empty() && row_header.is_none() {
            return;
        }
        if !line.is_empty() {
            line.push_str("; ");
        }
        if let Some(header) = header.filter(|header| !header.is_empty()) {
            line.push_str(header);
            line.push_str(": ");
        }
        line.push_str(value);
    }
}
