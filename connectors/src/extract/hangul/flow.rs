//! Paragraphs, tables and what hangs on them, from the events of either format.
//!
//! What is anchored in a paragraph (notes, text boxes, tables) follows it, so that no sentence is
//! torn apart.

use crate::document::Document;
use crate::extract::page::{Cell, Page};

/// What is nested deeper is text of what holds it.
const MAX_DEPTH: usize = 32;

/// A longer paragraph is no heading, whatever its style says.
const MAX_HEADING_BYTES: usize = 240;

/// Stands in a paragraph's text where a number is filled in.
pub(super) const NUMBER: char = '\u{12}';

/// Stands in a paragraph's text where a formula is filled in.
pub(super) const FORMULA: char = '\u{b}';

/// Where the text goes.
#[derive(Debug, Default)]
pub(super) struct Flow {
    page: Page,
    open: Vec<Frame>,
    /// How many frames were opened beyond the depth.
    ignored: usize,
}

#[derive(Debug)]
enum Frame {
    Paragraph(Box<Paragraph>),
    Table(Table),
    Cell(Box<Cell>, usize),
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Vec<Cell>>,
    /// What the document calls the last of them.
    last: usize,
}

#[derive(Debug, Default)]
struct Paragraph {
    level: u8,
    label: Option<String>,
    text: String,
    numbers: Vec<String>,
    formulas: Vec<String>,
    after: Page,
}

impl Paragraph {
    /// The text with its label, numbers and formulas.
    fn filled(&self) -> String {
        let (mut numbers, mut formulas) = (self.numbers.iter(), self.formulas.iter());
        let mut text = String::with_capacity(self.text.len());
        for char in self.text.chars() {
            let filling = match char {
                NUMBER => numbers.next(),
                FORMULA => formulas.next(),
                _ => {
                    text.push(char);
                    continue;
                }
            };
            text.push_str(filling.map_or("", String::as_str));
        }
        for formula in formulas {
            text.push(' ');
            text.push_str(formula);
        }
        match &self.label {
            Some(label) if !text.trim().is_empty() => format!("{label} {text}"),
            _ => text,
        }
    }
}

/// Where a cell stands and what it covers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub row: usize,
    pub rows: usize,
    pub columns: usize,
    pub is_header: bool,
}

impl Flow {
    /// Begins a paragraph; a level of 0 is no heading. The label is shown before the text.
    pub(super) fn open_paragraph(&mut self, level: u8, label: Option<String>) {
        let paragraph = Paragraph { level, label, ..Paragraph::default() };
        self.push(Frame::Paragraph(Box::new(paragraph)));
    }

    /// Begins a table; it stands below the paragraph that is open.
    pub(super) fn open_table(&mut self) {
        self.push(Frame::Table(Table::default()));
    }

    /// Begins a cell of the table that was opened last.
    pub(super) fn open_cell(&mut self, position: Position) {
        let mut cell = Cell::new();
        (cell.rows, cell.columns) = (position.rows, position.columns);
        cell.is_header = position.is_header;
        self.push(Frame::Cell(Box::new(cell), position.row));
    }

    /// Says what the innermost cell covers.
    pub(super) fn span_cell(&mut self, columns: usize, rows: usize) {
        if let Some(Frame::Cell(cell, _)) = self.open.last_mut().filter(|_| self.ignored == 0) {
            (cell.columns, cell.rows) = (columns, rows);
        }
    }

    /// Adds text to the innermost paragraph.
    pub(super) fn text(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraph() {
            paragraph.text.push_str(text);
        }
    }

    /// Fills in the next number of the innermost paragraph.
    pub(super) fn number(&mut self, number: String) {
        if let Some(paragraph) = self.paragraph() {
            paragraph.numbers.push(number);
        }
    }

    /// Fills in the next formula of the innermost paragraph.
    pub(super) fn formula(&mut self, formula: String) {
        if let Some(paragraph) = self.paragraph() {
            paragraph.formulas.push(formula);
        }
    }

    /// Ends what was opened last.
    pub(super) fn close(&mut self) {
        if self.ignored > 0 {
            self.ignored -= 1;
            return self.text("\n");
        }
        match self.open.pop() {
            Some(Frame::Paragraph(paragraph)) => self.write(*paragraph),
            Some(Frame::Table(table)) => self.out().table(&table.rows),
            Some(Frame::Cell(cell, row)) => self.put(*cell, row),
            None => {}
        }
    }

    /// Ends all that is open.
    pub(super) fn close_all(&mut self) {
        while self.ignored > 0 || !self.open.is_empty() {
            self.close();
        }
    }

    /// All that came in.
    pub(super) fn finish(mut self) -> Document {
        self.close_all();
        self.page.finish()
    }

    fn push(&mut self, frame: Frame) {
        if self.open.len() < MAX_DEPTH && self.ignored == 0 {
            self.open.push(frame);
        } else {
            self.ignored += 1;
        }
    }

    fn paragraph(&mut self) -> Option<&mut Paragraph> {
        self.open.iter_mut().rev().find_map(|frame| match frame {
            Frame::Paragraph(paragraph) => Some(&mut **paragraph),
            _ => None,
        })
    }

    fn out(&mut self) -> &mut Page {
        match self.open.last_mut() {
            Some(Frame::Paragraph(paragraph)) => &mut paragraph.after,
            Some(Frame::Cell(cell, _)) => &mut cell.content,
            // Nothing but cells stands in a table.
            Some(Frame::Table(_)) | None => &mut self.page,
        }
    }

    fn write(&mut self, paragraph: Paragraph) {
        let (level, text, after) = (paragraph.level, paragraph.filled(), paragraph.after);
        match self.open.last_mut() {
            Some(Frame::Cell(cell, _)) => cell.paragraph(&text),
            None if level > 0 && text.len() <= MAX_HEADING_BYTES => self.page.heading(level, &text),
            _ => self.out().paragraph(&text),
        }
        self.out().append(&after);
    }

    fn put(&mut self, cell: Cell, row: usize) {
        let Some(Frame::Table(table)) = self.open.last_mut() else { return };
        if row != table.last || table.rows.is_empty() {
            table.last = row;
            table.rows.push(Vec::new());
        }
        if let Some(cells) = table.rows.last_mut() {
            cells.push(cell);
        }
    }
}
