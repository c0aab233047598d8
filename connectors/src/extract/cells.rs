//! Rows of cells as text: `header: value; header: value`, so that each cell can be found.

use std::collections::BTreeSet;

use super::outline::{clipped, one_line};

const MAX_HEADER_BYTES: usize = 80;

/// A value that spans rows is repeated in each, up to this length.
const MAX_REPEATED_BYTES: usize = 200;

/// Lines above the headers, such as a title, have one cell.
const MAX_PREAMBLE_ROWS: usize = 5;

/// Cells further right have no header.
const MAX_COLUMNS: usize = 4096;

/// A cell as it stands in its row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    pub text: &'a str,
    /// How many columns it covers.
    pub columns: usize,
    /// Whether it goes on in the rows below.
    pub is_tall: bool,
    /// Whether it is the lower part of a cell above.
    pub continues: bool,
}

impl<'a> Cell<'a> {
    /// A cell of one row and one column.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, columns: 1, is_tall: false, continues: false }
    }
}

/// How the values of a row are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    BehindHeaders,
    Alone,
}

/// A table while its rows come in.
#[derive(Debug, Default)]
pub(super) struct Grid {
    headers: Option<Vec<String>>,
    /// The row above was part of the headers, and the next one may be too.
    are_headers_open: bool,
    /// Columns of the headers that have no name, or that of their neighbour: a second row of headers
    /// may stand beneath.
    grouped: Vec<usize>,
    preamble: usize,
    /// Per column, whether all values beneath the headers are numbers or dates; empty without any.
    are_numbers: Vec<Option<bool>>,
    /// Per column, the value of a tall cell.
    above: Vec<String>,
}

impl Grid {
    /// The line of text for a row; empty if no cell has text. What it repeats from other rows
    /// is taken off the budget; without one, the values stand alone.
    pub(super) fn row(&mut self, cells: &[Cell<'_>], budget: &mut usize) -> String {
        if self.headers.is_none() {
            let names = filled(cells).collect::<Vec<_>>();
            if names.is_empty() {
                return String::new();
            }
            if names.len() > 1 || self.preamble >= MAX_PREAMBLE_ROWS {
                if looks_like_headers(cells) {
                    return self.header_row(cells, budget);
                }
                self.headers = Some(Vec::new());
            } else {
                self.preamble += 1;
            }
        } else if self.are_headers_open && looks_like_names(cells) {
            return self.header_row(cells, budget);
        } else if self.completes_groups(cells) {
            self.name_groups();
            self.are_headers_open = true;
            return self.header_row(cells, budget);
        }
        self.are_headers_open = false;
        self.grouped.clear();
        if self.headers.is_some() {
            self.note_values(cells);
        }
        let has_headers = self.headers.is_some() && *budget > 0 && !self.stands_alone(cells);
        let values = if has_headers { Values::BehindHeaders } else { Values::Alone };
        self.joined(cells, values, budget)
    }

    /// Adds a row that is known to be one of headers; the line of text for it.
    pub(super) fn header_row(&mut self, cells: &[Cell<'_>], budget: &mut usize) -> String {
        if !self.are_headers_open {
            self.headers = Some(Vec::new());
        }
        let headers = self.headers.get_or_insert_default();
        self.grouped = groups(cells);
        let mut column = 0;
        for cell in cells {
            let text = one_line(cell.text);
            for _ in 0..cell.columns.min(MAX_COLUMNS.saturating_sub(column)) {
                if headers.len() <= column {
                    headers.resize(column + 1, String::new());
                }
                let header = one_line(&format!("{} {text}", headers[column]));
                headers[column] = clipped(&header, MAX_HEADER_BYTES).to_owned();
                column += 1;
            }
        }
        // A header over several columns has others beneath it.
        let is_wide = |cell: &Cell<'_>| cell.columns > 1 && is_filled(cell);
        self.are_headers_open = cells.len() > 1 && cells.iter().any(is_wide);
        self.joined(cells, Values::Alone, budget)
    }

    fn note_values(&mut self, cells: &[Cell<'_>]) {
        for (column, cell) in placed(cells).filter(|(_, cell)| is_filled(cell)) {
            if column < MAX_COLUMNS {
                let needed = self.are_numbers.len().max(column + 1);
                self.are_numbers.resize(needed, None);
                let all = &mut self.are_numbers[column];
                *all = Some(all.unwrap_or(true) && !is_name(cell.text));
            }
        }
    }

    /// Whether a row below a gap has headers of its own: nothing stands beneath those above, which
    /// were none then, or it has a name where there were only numbers.
    pub(super) fn is_left_by(&self, cells: &[Cell<'_>]) -> bool {
        let is_name_among_numbers = |(column, cell): (usize, &Cell<'_>)| {
            is_filled(cell) && self.are_numbers.get(column).is_some_and(|all| *all == Some(true))
        };
        self.headers.is_some()
            && looks_like_headers(cells)
            && (self.are_numbers.is_empty() || placed(cells).any(is_name_among_numbers))
    }

    /// Whether these are names for the columns of groups, and none for the column of the rows' own
    /// names.
    fn completes_groups(&self, cells: &[Cell<'_>]) -> bool {
        let Some(first) = self.header_columns().next().filter(|_| !self.grouped.is_empty()) else {
            return false;
        };
        let mut columns = placed(cells).filter(|(_, cell)| is_filled(cell)).peekable();
        columns.peek().is_some_and(|(column, _)| *column > first)
            && columns.any(|(column, _)| self.grouped.contains(&column))
            && looks_like_names(cells)
    }

    /// Gives the columns of a group the name that stands above the first of them.
    fn name_groups(&mut self) {
        let headers = self.headers.get_or_insert_default();
        for column in std::mem::take(&mut self.grouped) {
            let name = column.checked_sub(1).and_then(|left| headers.get(left)).cloned();
            if let (Some(header), Some(name)) = (headers.get_mut(column), name) {
                *header = name;
            }
        }
    }

    /// More headers are known to follow in the next row.
    pub(super) fn keep_headers_open(&mut self) {
        self.are_headers_open = true;
    }

    /// Forgets the headers: what follows is another table.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// In which columns there are headers.
    pub(super) fn header_columns(&self) -> impl Iterator<Item = usize> {
        let headers = self.headers.as_deref().unwrap_or_default().iter().enumerate();
        headers.filter(|(_, header)| !header.is_empty()).map(|(column, _)| column)
    }

    /// Headers once more, or a title between the rows of a table.
    fn stands_alone(&self, cells: &[Cell<'_>]) -> bool {
        let mut headers = self.header_columns();
        let mut column = 0;
        let mut filled = Vec::new();
        for cell in cells {
            if is_filled(cell) || cell.continues {
                filled.push((column, cell));
            }
            column += cell.columns;
        }
        if let [(column, cell)] = &*filled {
            return headers.next() == Some(*column) && headers.count() > 1 && !cell.continues;
        }
        let texts = self.headers.as_deref().unwrap_or_default();
        let is_header = |(column, cell): &(usize, &Cell<'_>)| {
            texts.get(*column).is_some_and(|header| one_line(cell.text) == *header)
        };
        filled.iter().all(is_header) && headers.count() == filled.len()
    }

    fn joined(&mut self, cells: &[Cell<'_>], values: Values, budget: &mut usize) -> String {
        let mut row = String::new();
        let mut column = 0;
        for cell in cells {
            let value = self.value(cell, column, budget);
            if !value.is_empty() {
                if !row.is_empty() {
                    row.push_str("; ");
                }
                let headers = self.headers.as_deref().filter(|_| values == Values::BehindHeaders);
                let headers = headers.unwrap_or_default();
                if let Some(header) = headers.get(column).filter(|header| !header.is_empty()) {
                    row.push_str(header);
                    row.push_str(": ");
                    *budget = budget.saturating_sub(header.len() + 2);
                }
                row.push_str(&value);
            }
            column += cell.columns;
        }
        row
    }

    /// The text of a cell, or of the tall one above that it belongs to.
    fn value(&mut self, cell: &Cell<'_>, column: usize, budget: &mut usize) -> String {
        if cell.continues {
            let value = self.above.get(column).filter(|_| *budget > 0).cloned().unwrap_or_default();
            *budget = budget.saturating_sub(value.len());
            return value;
        }
        let value = one_line(cell.text);
        if cell.is_tall && column < MAX_COLUMNS {
            if self.above.len() <= column {
                self.above.resize(column + 1, String::new());
            }
            clipped(&value, MAX_REPEATED_BYTES).clone_into(&mut self.above[column]);
        } else if let Some(above) = self.above.get_mut(column) {
            above.clear();
        }
        value
    }
}

/// The cells with the columns that they stand in.
fn placed<'c>(cells: &'c [Cell<'c>]) -> impl Iterator<Item = (usize, &'c Cell<'c>)> {
    cells.iter().scan(0, |column, cell| {
        let at = *column;
        *column += cell.columns;
        Some((at, cell))
    })
}

/// The columns behind a name that are empty or have the same name again.
fn groups(cells: &[Cell<'_>]) -> Vec<usize> {
    let mut name = "";
    let mut grouped = Vec::new();
    for (column, cell) in placed(cells) {
        let text = cell.text.trim();
        // Empty cells come as one; a wide cell with a name is a group that is known already.
        let is_grouped = text.is_empty() || (text == name && cell.columns == 1);
        if is_grouped && !name.is_empty() {
            grouped.extend((column..column + cell.columns).take_while(|it| *it < MAX_COLUMNS));
        }
        name = if text.is_empty() { name } else { text };
    }
    grouped
}

/// Names, not numbers: most cells are filled, all are different and have a letter.
fn looks_like_headers(cells: &[Cell<'_>]) -> bool {
    let first = cells.iter().position(is_filled).unwrap_or(0);
    let last = cells.iter().rposition(is_filled).map_or(0, |last| last + 1);
    let cells = &cells[first..last];
    let mut names = filled(cells).collect::<Vec<_>>();
    // Names of groups stand above each of their columns; the first column is in none.
    if names.len() > 2 && names[0] != names[1] {
        names.dedup();
    }
    let distinct = names.iter().collect::<BTreeSet<_>>().len();
    // Years that stand above several columns each need no other names beside them.
    let is_grouping = cells.iter().any(|cell| cell.columns > 1 && is_filled(cell));
    let columns = cells.iter().map(|cell| if is_filled(cell) { 1 } else { cell.columns });
    names.len() > 1
        && filled(cells).count() * 2 > columns.sum()
        && distinct == names.len()
        && names.iter().all(|name| is_name(name) || is_year(name))
        && (is_grouping || names.iter().filter(|name| is_year(name)).count() != 1)
        && (is_grouping || names.iter().any(|name| is_name(name)))
}

/// Each may stand more than once, as the same quarters do under several years.
fn looks_like_names(cells: &[Cell<'_>]) -> bool {
    let mut names = filled(cells).peekable();
    names.peek().is_some() && names.all(is_name)
}

fn is_name(cell: &str) -> bool {
    cell.len() <= 200 && cell.chars().any(char::is_alphabetic)
}

fn is_year(cell: &str) -> bool {
    cell.len() == 4 && matches!(cell.parse(), Ok(1900..=2100))
}

fn is_filled(cell: &Cell<'_>) -> bool {
    !cell.text.trim().is_empty()
}

fn filled<'a>(cells: &[Cell<'a>]) -> impl Iterator<Item = &'a str> {
    cells.iter().filter(|cell| is_filled(cell)).map(|cell| cell.text.trim())
}

#[cfg(test)]
mod tests;
