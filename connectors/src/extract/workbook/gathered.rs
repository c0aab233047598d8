//! Cells in the order of the file, gathered into rows, with what is merged.

use calamine::Dimensions;

use super::Sheet;
use crate::extract::cells::Cell;

/// Merged cells beyond these numbers count as not merged.
const MAX_MERGED: usize = 100_000;
const MAX_OPEN: usize = 256;

/// A sheet while its cells come in.
pub(super) struct SheetRows {
    pub sheet: Sheet,
    /// By their first row, from the last to the first.
    merged: Vec<Dimensions>,
    /// Those that reach into the open row or below it.
    open: Vec<Dimensions>,
    row: u32,
    cells: Vec<(u32, String)>,
}

impl SheetRows {
    pub(super) fn new(mut merged: Vec<Dimensions>) -> Self {
        merged.truncate(MAX_MERGED);
        merged.sort_unstable_by_key(|it| std::cmp::Reverse(it.start));
        Self { sheet: Sheet::default(), merged, open: Vec::new(), row: 0, cells: Vec::new() }
    }

    /// Adds a cell; rows and columns count from 0.
    pub(super) fn add(&mut self, (row, column): (u32, u32), text: String, budget: &mut usize) {
        if text.trim().is_empty() {
            return;
        }
        if row != self.row {
            self.flush(budget);
            self.row = row;
        }
        self.cells.push((column, text));
    }

    /// Writes the row that is open.
    pub(super) fn flush(&mut self, budget: &mut usize) {
        let mut cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return;
        }
        self.open_merged();
        let continuing = self.open.iter().filter(|it| it.start.0 < self.row);
        cells.extend(continuing.map(|it| (it.start.1, String::new())));
        // Empty texts first: what a merged cell hides gives way to it.
        cells.sort_by_key(|(column, text)| (*column, !text.is_empty()));
        let mut row = Vec::new();
        let mut next = 0;
        for (column, text) in &cells {
            if *column < next {
                continue;
            }
            if *column > next {
                row.push(Cell { columns: (column - next) as usize, ..Cell::new("") });
            }
            let merged = self.open.iter().find(|it| it.start.1 == *column);
            let columns = merged.map_or(1, |it| it.end.1.saturating_sub(it.start.1) + 1);
            row.push(Cell {
                text,
                columns: columns as usize,
                is_tall: merged.is_some_and(|it| it.start.0 == self.row && it.end.0 > self.row),
                continues: merged.is_some_and(|it| it.start.0 < self.row),
            });
            next = column.saturating_add(columns);
        }
        self.sheet.add(self.row.saturating_add(1), &row, budget);
    }

    fn open_merged(&mut self) {
        self.open.retain(|it| it.end.0 >= self.row);
        while let Some(merged) = self.merged.pop_if(|it| it.start.0 <= self.row) {
            if merged.end.0 >= self.row && self.open.len() < MAX_OPEN {
                self.open.push(merged);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_cell_holds_for_all_its_rows() {
        let mut rows = SheetRows::new(vec![Dimensions::new((1, 0), (2, 0))]);
        let mut budget = 1000;
        for (row, column, text) in
            [(0, 0, "Region"), (0, 1, "Sales"), (1, 0, "North"), (1, 1, "1"), (2, 1, "2")]
        {
            rows.add((row, column), text.to_owned(), &mut budget);
        }
        rows.flush(&mut budget);
        let text = &rows.sheet.finish("S")[0].text;
        assert_eq!(text, "Region; Sales\nRegion: North; Sales: 1\nRegion: North; Sales: 2");
    }
}
