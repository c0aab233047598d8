//! One sheet as text: a line for each row, each value behind its header.

use crate::document::Section;
use crate::extract::cells::{Cell, Grid};
use crate::extract::rows::Rows;

/// So many empty rows do not part what stands above and below them.
const MAX_GAP_ROWS: u32 = 5;

/// A sheet while its rows come in.
#[derive(Debug, Default)]
pub(in crate::extract) struct Sheet {
    rows: Rows,
    grid: Grid,
    last_row: u32,
}

impl Sheet {
    /// Adds a row; `number` counts from 1 and grows.
    pub(in crate::extract) fn add(&mut self, number: u32, cells: &[Cell<'_>], budget: &mut usize) {
        let is_filled = |cell: &Cell<'_>| !cell.text.trim().is_empty();
        let Some(last) = cells.iter().rposition(|cell| is_filled(cell) || cell.continues) else {
            return;
        };
        let cells = &cells[..=last];
        let gap = number.saturating_sub(self.last_row).saturating_sub(1);
        if gap > 0 && self.last_row > 0 && self.is_another_table(cells) {
            self.grid.restart();
        }
        let text = self.grid.row(cells, budget);
        if text.is_empty() {
            return;
        }
        if self.last_row > 0 && gap <= MAX_GAP_ROWS {
            (self.last_row.saturating_add(1)..number).for_each(|empty| self.rows.add(empty, ""));
        }
        self.rows.add(number, &text);
        self.last_row = number;
    }

    /// The sections of the sheet, under its name.
    pub(in crate::extract) fn finish(self, name: &str) -> Vec<Section> {
        let mut sections = self.rows.finish();
        for section in &mut sections {
            section.heading = vec![name.to_owned()];
        }
        sections
    }

    /// Below empty rows, names in other columns than the headers above are new headers, and so are
    /// names where numbers stood.
    fn is_another_table(&self, cells: &[Cell<'_>]) -> bool {
        if self.grid.is_left_by(cells) {
            return true;
        }
        let mut column = 0;
        let mut columns = Vec::new();
        for cell in cells {
            if !cell.text.trim().is_empty() {
                columns.push(column);
            }
            column += cell.columns;
        }
        columns.len() > 1 && self.grid.header_columns().ne(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Place;

    fn sheet(rows: &[(u32, &[&str])]) -> Vec<Section> {
        let (mut sheet, mut budget) = (Sheet::default(), 10_000);
        for (number, row) in rows {
            let cells = row.iter().map(|text| Cell::new(text)).collect::<Vec<_>>();
            sheet.add(*number, &cells, &mut budget);
        }
        sheet.finish("Plan")
    }

    #[test]
    fn a_hit_can_name_its_row() {
        let sections = sheet(&[
            (3, &["Team", "City"]),
            (4, &["Blues", "STL"]),
            (6, &["Flyers", "PHI"]),
            (99, &["Leafs", "TOR"]),
        ]);
        let text = "Team; City\nTeam: Blues; City: STL\n\nTeam: Flyers; City: PHI";
        assert_eq!((&*sections[0].text, sections[0].place), (text, Place::Line(3)));
        assert_eq!(sections[1].place, Place::Line(99));
        assert_eq!(sections[1].heading, ["Plan"]);
    }

    #[test]
    fn a_second_table_has_its_own_headers() {
        let sections = sheet(&[
            (1, &["Team", "City"]),
            (2, &["Blues", "STL"]),
            (4, &["", "Rule", "Days", "Note"]),
            (5, &["", "Leave", "20", "paid"]),
        ]);
        assert!(sections[0].text.ends_with("Rule: Leave; Days: 20; Note: paid"), "{sections:?}");
        let sections = sheet(&[
            (1, &["Name", "Phone"]),
            (2, &["Axel", "111"]),
            (4, &["City", "Zip"]),
            (5, &["Ghent", "9000"]),
        ]);
        assert!(sections[0].text.ends_with("City: Ghent; Zip: 9000"), "{sections:?}");
    }

    #[test]
    fn a_line_of_two_cells_above_a_table_is_not_its_headers() {
        let sections = sheet(&[
            (1, &["Report of May"]),
            (2, &["Created by Bob", "on 2 May"]),
            (4, &["Person", "Car"]),
            (5, &["Ulf", "Saab"]),
        ]);
        assert!(sections[0].text.ends_with("Person; Car\nPerson: Ulf; Car: Saab"), "{sections:?}");
    }
}
