//! Paragraphs and tables of one run of text: the body, or a note.

use std::collections::HashMap;

use crate::extract::page::{Cell, Page};

/// Edges of cells that are nearer to each other than this are one; in twentieths of a point.
const EDGE_TWIPS: i32 = 60;

/// A longer paragraph is no heading, whatever its style says.
const MAX_HEADING_BYTES: usize = 240;

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Story {
    page: Page,
    /// The open paragraph.
    pub text: String,
    /// What hangs on the open paragraph.
    pub after: Page,
    cell: Cell,
    cells: Vec<Cell>,
    rows: Vec<Row>,
    /// The definition of the row.
    pub shapes: Vec<Shape>,
    /// The definition of the cell whose right edge is still to come.
    pub shape: Shape,
    pub is_header_row: bool,
}

/// What is said of a paragraph.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paragraph {
    /// Its outline level; 0 is none.
    pub level: u8,
    pub is_in_table: bool,
}

#[derive(Debug)]
struct Row {
    cells: Vec<Cell>,
    shapes: Vec<Shape>,
}

/// What the definition of a row says of a cell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    pub right: i32,
    pub continues_left: bool,
    pub begins_down: bool,
    pub continues_up: bool,
}

impl Story {
    pub(super) fn end_paragraph(&mut self, paragraph: Paragraph) {
        let text = std::mem::take(&mut self.text);
        let after = std::mem::take(&mut self.after);
        if paragraph.is_in_table {
            self.cell.paragraph(&text);
            self.cell.content.append(&after);
            return;
        }
        self.end_table();
        if (1..=9).contains(&paragraph.level) && text.len() <= MAX_HEADING_BYTES {
            self.page.heading(paragraph.level, &text);
        } else {
            self.page.paragraph(&text);
        }
        self.page.append(&after);
    }

    pub(super) fn end_cell(&mut self) {
        self.end_paragraph(Paragraph { level: 0, is_in_table: true });
        let mut cell = std::mem::take(&mut self.cell);
        (cell.columns, cell.rows, cell.is_header) = (1, 1, self.is_header_row);
        self.cells.push(cell);
    }

    pub(super) fn end_row(&mut self) {
        if !self.text.trim().is_empty() {
            self.end_cell();
        }
        let cells = std::mem::take(&mut self.cells);
        if !cells.is_empty() {
            // The definition holds for the next row too, unless there is another.
            let shapes = self.shapes.iter().copied().take(cells.len()).collect();
            self.rows.push(Row { cells, shapes });
        }
    }

    /// All that came in.
    pub(super) fn finish(mut self) -> Page {
        let is_in_table = !self.cells.is_empty();
        self.end_paragraph(Paragraph { level: 0, is_in_table });
        self.end_table();
        self.page
    }

    fn end_table(&mut self) {
        if !self.cells.is_empty() && !self.cell.text.is_empty() {
            self.end_cell();
        }
        self.end_row();
        if !self.rows.is_empty() {
            let rows = std::mem::take(&mut self.rows);
            self.page.table(&merged(rows));
        }
        // What no cell mark follows was in no table.
        let rest = std::mem::take(&mut self.cell);
        self.page.append(&rest.content);
    }
}

/// The rows with cells that cover others.
fn merged(mut rows: Vec<Row>) -> Vec<Vec<Cell>> {
    let edges = edges(&rows);
    let mut heads: HashMap<i32, (usize, usize)> = HashMap::new();
    for index in 0..rows.len() {
        let row = &mut rows[index];
        let mut left = 0;
        let mut covering = Vec::new();
        for (column, (cell, shape)) in row.cells.iter_mut().zip(&row.shapes).enumerate() {
            let right = edges.partition_point(|edge| *edge <= shape.right);
            cell.columns = right.saturating_sub(left).max(1);
            left = right.max(left);
            let edge = shape.right / EDGE_TWIPS;
            if shape.continues_up {
                covering.extend(heads.get(&edge));
            } else {
                heads.remove(&edge);
                if shape.begins_down {
                    heads.insert(edge, (index, column));
                }
            }
        }
        for (row, column) in covering {
            rows[row].cells[column].rows += 1;
        }
    }
    rows.into_iter().map(Row::visible).collect()
}

impl Row {
    /// The cells that are not covered by others.
    fn visible(self) -> Vec<Cell> {
        let mut visible: Vec<Cell> = Vec::with_capacity(self.cells.len());
        let shapes = self.shapes.into_iter().chain(std::iter::repeat(Shape::default()));
        for (cell, shape) in self.cells.into_iter().zip(shapes) {
            match visible.last_mut() {
                Some(left) if shape.continues_left && cell.text.is_empty() => {
                    left.columns += cell.columns;
                }
                _ if shape.continues_up && cell.text.is_empty() => {}
                _ => visible.push(cell),
            }
        }
        visible
    }
}

/// Where cells end, from left to right.
fn edges(rows: &[Row]) -> Vec<i32> {
    let mut edges = rows.iter().flat_map(|row| &row.shapes).map(|it| it.right).collect::<Vec<_>>();
    edges.sort_unstable();
    edges.dedup_by(|edge, kept| edge.saturating_sub(*kept) < EDGE_TWIPS);
    edges
}
