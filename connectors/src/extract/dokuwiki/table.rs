//! Tables of DokuWiki: each value behind the header of its column.

use super::super::outline::{clipped, one_line};
use super::inline::readable;

const MAX_COLUMNS: usize = 200;
const MAX_HEADER_BYTES: usize = 80;
const MAX_REPEATED_BYTES: usize = 200;

/// What begins a part of a cell in which `|` and `^` are text, and what ends it.
const ENCLOSED: [(&str, &str); 4] =
    [("[[", "]]"), ("{{", "}}"), ("%%", "%%"), ("<nowiki>", "</nowiki>")];

/// A table while its rows come in.
pub(super) struct Table {
    headers: Vec<String>,
    /// The row above, for cells that span rows.
    above: Vec<String>,
    is_below_header: bool,
    /// How many bytes may still come from headers and from the row above.
    budget: usize,
}

struct Cell<'a> {
    text: &'a str,
    is_header: bool,
}

impl Table {
    pub(super) fn new(budget: usize) -> Self {
        Self { headers: Vec::new(), above: Vec::new(), is_below_header: false, budget }
    }

    /// What follows is no row of this table.
    pub(super) fn end(&mut self) {
        self.headers.clear();
        self.above.clear();
        self.is_below_header = false;
    }

    /// A row as one line of text.
    pub(super) fn row(&mut self, line: &str) -> String {
        let cells = cells(line);
        let is_header = cells.iter().all(|cell| cell.is_header || cell.text.trim().is_empty());
        if self.budget == 0 {
            self.end();
        }
        let row = if is_header && cells.len() > 1 {
            self.header_row(&cells)
        } else {
            self.value_row(&cells)
        };
        self.budget = self.budget.saturating_sub(row.len());
        row
    }

    /// Headers one below the other make one header for each column.
    fn header_row(&mut self, cells: &[Cell<'_>]) -> String {
        if !self.is_below_header {
            self.headers.clear();
        }
        self.is_below_header = true;
        let mut last = String::new();
        let mut titles = Vec::new();
        for (column, cell) in cells.iter().enumerate() {
            // A cell without even a space belongs to the one on its left.
            if !cell.text.is_empty() {
                last = one_line(&readable(cell.text));
                titles.push(last.clone());
            }
            if last == ":::" {
                last.clear();
                titles.pop();
            }
            self.headers.resize(self.headers.len().max(column + 1), String::new());
            let header = one_line(&format!("{} {last}", self.headers[column]));
            self.headers[column] = clipped(&header, MAX_HEADER_BYTES).to_owned();
        }
        titles.retain(|title| !title.is_empty());
        titles.join("; ")
    }

    fn value_row(&mut self, cells: &[Cell<'_>]) -> String {
        self.is_below_header = false;
        let mut line = String::new();
        let mut values = Vec::with_capacity(cells.len());
        let mut row_header = None;
        for (column, cell) in cells.iter().enumerate() {
            let mut value = one_line(&readable(cell.text));
            if value == ":::" {
                value = self.above.get(column).cloned().unwrap_or_default();
            }
            values.push(clipped(&value, MAX_REPEATED_BYTES).to_owned());
            if value.is_empty() {
                continue;
            }
            let header = self.headers.get(column).filter(|header| !header.is_empty()).cloned();
            if cell.is_header && header.is_none() && row_header.is_none() {
                row_header = Some(value);
                continue;
            }
            if !line.is_empty() {
                line.push_str("; ");
            }
            if let Some(header) = header.or_else(|| row_header.take()) {
                line.push_str(&header);
                line.push_str(": ");
            }
            line.push_str(&value);
        }
        self.above = values;
        row_header.map_or(line.clone(), |header| {
            if line.is_empty() { header } else { format!("{header}: {line}") }
        })
    }
}

/// The cells of a row; each begins with a `^` for a header or a `|`.
fn cells(line: &str) -> Vec<Cell<'_>> {
    let line = line.trim_end();
    let mut cells = Vec::new();
    let mut is_header = line.starts_with('^');
    let mut start = 1;
    let mut at = 1;
    while at < line.len() && cells.len() < MAX_COLUMNS - 1 {
        let rest = &line[at..];
        let inside = ENCLOSED.iter().find(|(open, _)| rest.starts_with(open));
        let end = inside.and_then(|(open, end)| {
            let rest = clipped(rest, 1000);
            rest[open.len()..].find(end).map(|length| open.len() + length + end.len())
        });
        if let Some(end) = end {
            at += end;
            continue;
        }
        let first = rest.chars().next().unwrap_or(' ');
        if first == '|' || first == '^' {
            cells.push(Cell { text: &line[start..at], is_header });
            is_header = first == '^';
            start = at + 1;
        }
        at += first.len_utf8();
    }
    // Without an end of its own, the last one reaches to the end of the line.
    if !line[start.min(line.len())..].trim().is_empty() {
        cells.push(Cell { text: &line[start..], is_header });
    }
    cells
}
