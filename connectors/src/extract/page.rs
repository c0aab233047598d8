//! A document under construction, for formats with headings, paragraphs and tables.
//!
//! It is written as HTML, so that sections, heading paths and the rows of tables are made in one
//! place: by the HTML reader.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::html;
use super::outline::clipped;
use crate::document::Document;

/// Columns are told apart up to here.
const MAX_SPAN: usize = 200;

/// How many rows a merged cell may cover.
const MAX_ROWS: usize = 1000;

/// Text that may be repeated in a table of any size.
const FREE_REPEATED_BYTES: usize = 1024;

const MAX_HEADER_ROWS: usize = 4;

/// Longer cells are no headers.
const MAX_HEADER_BYTES: usize = 200;

/// Longer cells are no labels of their row.
const MAX_LABEL_BYTES: usize = 60;

/// A cell with so much text is no value: its table only puts text side by side.
const LAYOUT_PARAGRAPHS: usize = 8;
const LAYOUT_BYTES: usize = 1000;

/// Headings, paragraphs and tables in reading order.
#[derive(Debug, Default)]
pub(super) struct Page {
    html: String,
    /// The last heading, while nothing stands below it.
    bare_heading: Option<(u8, String)>,
    /// How many bytes are repeats of others.
    repeated: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowKind {
    Header,
    /// The first cell says what the others are.
    Labelled,
    Values,
}

impl RowKind {
    fn name(self) -> &'static str {
        if self == Self::Header { "th" } else { "td" }
    }
}

/// Per column, for how many rows the cell above still holds, and its text.
#[derive(Debug, Default)]
struct Covered {
    columns: Vec<(usize, String)>,
}

impl Covered {
    /// The text that covers a column of the row that is written.
    fn next(&mut self, column: usize) -> Option<String> {
        let (rows, text) = self.columns.get_mut(column)?;
        *rows = rows.checked_sub(1)?;
        Some(text.clone())
    }

    fn add(&mut self, column: usize, cell: &Cell) {
        let columns = cell.columns.clamp(1, MAX_SPAN);
        if cell.rows <= 1 || column + columns > MAX_SPAN {
            return;
        }
        self.columns.resize(self.columns.len().max(column + columns), (0, String::new()));
        for covered in &mut self.columns[column..column + columns] {
            *covered = (cell.rows.min(MAX_ROWS) - 1, String::new());
        }
        self.columns[column].1 = clipped(cell.text.trim(), MAX_HEADER_BYTES).to_owned();
    }
}

/// A cell of a table.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub content: Page,
    /// Its text alone, clipped; tells headers from values.
    pub text: String,
    pub columns: usize,
    pub rows: usize,
    /// The document says that it is a header.
    pub is_header: bool,
    paragraphs: usize,
}

impl Cell {
    /// A cell that covers no others.
    pub(super) fn new() -> Self {
        Self { columns: 1, rows: 1, ..Self::default() }
    }

    /// Adds a paragraph.
    pub(super) fn paragraph(&mut self, text: &str) {
        let room = (MAX_HEADER_BYTES + 1).saturating_sub(self.text.len());
        self.text.push_str(clipped(text.trim(), room));
        self.paragraphs += usize::from(!text.trim().is_empty());
        self.content.paragraph(text);
    }

    /// Whether it names what stands beside it.
    fn is_label(&self) -> bool {
        self.text.len() <= MAX_LABEL_BYTES && self.text.chars().any(char::is_alphabetic)
    }

    /// Whether it holds a part of the document rather than a value.
    fn is_layout(&self) -> bool {
        self.paragraphs >= LAYOUT_PARAGRAPHS && self.content.html.len() >= LAYOUT_BYTES
    }
}

impl Page {
    /// Adds a heading; the outermost level is 1.
    pub(super) fn heading(&mut self, level: u8, text: &str) {
        let level = level.clamp(1, 6);
        if text.trim().is_empty() {
            return;
        }
        if self.bare_heading.as_ref().is_some_and(|(above, _)| *above >= level) {
            self.show_heading();
        }
        self.element(&format!("h{level}"), text);
        self.bare_heading = Some((level, text.to_owned()));
    }

    /// Adds a paragraph; each line feed in it begins a line.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.element("p", text);
    }

    /// Adds what was written elsewhere.
    pub(super) fn append(&mut self, page: &Page) {
        if !page.html.is_empty() {
            self.bare_heading = None;
            self.html.push_str(&page.html);
        }
    }

    /// Adds a table, row by row.
    pub(super) fn table(&mut self, rows: &[Vec<Cell>]) {
        if rows.iter().flatten().any(Cell::is_layout) {
            return rows.iter().flatten().for_each(|cell| self.append(&cell.content));
        }
        let headers = header_rows(rows);
        self.bare_heading = None;
        self.html.push_str("<table>");
        let mut covered = Covered::default();
        for (index, row) in rows.iter().enumerate() {
            if index == headers {
                covered = Covered::default();
            }
            self.html.push_str("<tr>");
            let kind = match index.cmp(&headers) {
                std::cmp::Ordering::Less => RowKind::Header,
                _ if headers == 0 => RowKind::Labelled,
                _ => RowKind::Values,
            };
            self.row(row, kind, &mut covered);
        }
        self.html.push_str("</table>");
    }

    /// Reads what was written.
    pub(super) fn finish(mut self) -> Document {
        self.show_heading();
        html::read(&self.html)
    }

    /// A heading without text below it would be in no path, so that it is text too.
    fn show_heading(&mut self) {
        if let Some((_, text)) = self.bare_heading.take() {
            self.element("p", &text);
        }
    }

    /// Writes a row; what covers it from above is repeated, so that no value is out of place,
    /// unless that would make much text of little.
    fn row(&mut self, row: &[Cell], kind: RowKind, covered: &mut Covered) {
        let own = self.html.len().saturating_sub(self.repeated);
        if self.repeated > own * 2 + FREE_REPEATED_BYTES {
            covered.columns.clear();
        }
        let mut column = 0;
        let mut cells = row.iter();
        loop {
            if let Some(text) = covered.next(column) {
                let text = if kind == RowKind::Header { "" } else { text.as_str() };
                self.repeat(kind.name(), text);
                column += 1;
                continue;
            }
            let Some(cell) = cells.next() else { break };
            let is_label = column == 0 && kind == RowKind::Labelled && row.len() > 1;
            let name = if is_label && cell.is_label() { "th" } else { kind.name() };
            let columns = cell.columns.clamp(1, MAX_SPAN);
            // Writing to a string cannot fail.
            let _ = write!(self.html, "<{name} colspan={columns}>");
            self.append(&cell.content);
            let _ = write!(self.html, "</{name}>");
            covered.add(column, cell);
            column += columns;
        }
    }

    fn repeat(&mut self, name: &str, text: &str) {
        let start = self.html.len();
        // Writing to a string cannot fail.
        let _ = write!(self.html, "<{name}>");
        self.element("p", text);
        let _ = write!(self.html, "</{name}>");
        self.repeated += self.html.len() - start;
    }

    fn element(&mut self, name: &str, text: &str) {
        let text = text.trim_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return;
        }
        self.bare_heading = None;
        let _ = write!(self.html, "<{name}>");
        for char in text.chars() {
            match char {
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '&' => self.html.push_str("&amp;"),
                '\n' | '\u{b}' | '\u{2028}' => self.html.push_str("<br>"),
                '\t' => self.html.push(' '),
                '\u{feff}' => {}
                _ if char.is_control() => {}
                _ => self.html.push(char),
            }
        }
        let _ = write!(self.html, "</{name}>");
    }
}

/// How many rows at the top are headers: those marked as such, else a first row that looks like it.
fn header_rows(rows: &[Vec<Cell>]) -> usize {
    let is_marked = |row: &&Vec<Cell>| row.len() > 1 && row.iter().all(|cell| cell.is_header);
    let marked = rows.iter().take_while(is_marked).count();
    if marked > 0 {
        return if marked < rows.len() { marked.min(MAX_HEADER_ROWS) } else { 0 };
    }
    let Some(first) = rows.first().filter(|row| looks_like_headers(row)) else { return 0 };
    let height = first.iter().map(|cell| cell.rows).max().unwrap_or(1).max(1);
    if height < rows.len() && height <= MAX_HEADER_ROWS { height } else { 0 }
}

/// Names, not numbers: all cells are filled, all are different and have a letter.
fn looks_like_headers(row: &[Cell]) -> bool {
    let is_name = |cell: &Cell| {
        let text = cell.text.trim();
        !text.is_empty()
            && text.len() <= MAX_HEADER_BYTES
            && text.chars().any(char::is_alphabetic)
            && !text.contains(['<', '\n'])
    };
    // In a list of names and values, the first value is no header.
    if row.len() == 2 && row[1].text.contains(|char: char| char.is_ascii_digit()) {
        return false;
    }
    let distinct = row.iter().map(|cell| cell.text.trim()).collect::<BTreeSet<_>>().len();
    row.len() > 1 && distinct == row.len() && row.iter().all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, columns: usize, rows: usize) -> Cell {
        let mut cell = Cell { columns, rows, ..Cell::default() };
        cell.paragraph(text);
        cell
    }

    fn row(texts: &[&str]) -> Vec<Cell> {
        texts.iter().map(|text| cell(text, 1, 1)).collect()
    }

    fn text(rows: &[Vec<Cell>]) -> String {
        let mut page = Page::default();
        page.table(rows);
        page.finish().sections.into_iter().map(|section| section.text).collect()
    }

    #[test]
    fn a_cell_keeps_its_header() {
        let rows = [row(&["Name", "City"]), row(&["Kim", "Seoul"])];
        assert_eq!(text(&rows), "Name: Kim; City: Seoul");
    }

    #[test]
    fn merged_headers_stand_above_all_of_their_columns() {
        let rows = [
            vec![cell("Name", 1, 2), cell("Score", 2, 1)],
            row(&["May", "June"]),
            row(&["Kim", "3", "4"]),
        ];
        assert_eq!(text(&rows), "Name: Kim; Score May: 3; Score June: 4");
    }

    #[test]
    fn a_form_keeps_its_labels() {
        let rows = [row(&["Date", "2026-01-02"]), row(&["Name", "Kim"])];
        assert_eq!(text(&rows), "Date: 2026-01-02\nName: Kim");
    }

    #[test]
    fn a_value_that_covers_rows_stands_in_each() {
        let rows = [
            row(&["Name", "City"]),
            vec![cell("Kim", 1, 2), cell("Seoul", 1, 1)],
            vec![cell("Busan", 1, 1)],
        ];
        assert_eq!(text(&rows), "Name: Kim; City: Seoul\nName: Kim; City: Busan");
    }

    #[test]
    fn covering_cells_cannot_blow_up_the_text() {
        let long = "word ".repeat(40);
        let first = (0..150).map(|_| cell(&long, 1, 1000)).chain([cell("x", 1, 1)]).collect();
        let rows = std::iter::once(first).chain((0..900).map(|_| row(&["x"])));
        let mut page = Page::default();
        page.table(&rows.collect::<Vec<_>>());
        assert!(page.html.len() < 300_000, "{}", page.html.len());
    }

    #[test]
    fn a_first_row_of_numbers_is_no_header() {
        assert_eq!(text(&[row(&["1", "2"]), row(&["3", "4"])]), "1; 2\n3; 4");
    }

    #[test]
    fn a_heading_with_nothing_below_is_still_found() {
        let mut page = Page::default();
        page.heading(1, "One");
        page.heading(2, "Two");
        page.heading(2, "Three");
        let sections = page.finish().sections;
        let texts = sections.iter().map(|section| section.text.as_str());
        assert_eq!(texts.collect::<Vec<_>>(), ["Two", "Three"]);
        assert_eq!(sections[1].heading, ["One", "Three"]);
    }

    #[test]
    fn a_table_for_layout_is_text() {
        let mut left = Cell::new();
        for line in 0..20 {
            left.paragraph(&format!("{line} {}", "word ".repeat(20)));
        }
        let rows = [vec![left, cell("right", 1, 1)]];
        assert!(text(&rows).lines().filter(|line| !line.is_empty()).count() == 21);
    }

    #[test]
    fn headings_lead_to_what_stands_below_and_markup_is_text() {
        let mut page = Page::default();
        page.heading(1, "One");
        page.paragraph("a <b> & c\nd");
        let document = page.finish();
        assert_eq!(document.sections[0].heading, ["One"]);
        assert_eq!(document.sections[0].text, "a <b> & c\nd");
    }
}
