//! Tables and sheets, while they are open.

use super::{
    BytesStart, Container, MAX_TABLES, OpenSheet, Table, Walker, attribute, iso_text, number,
    number_text,
};
use crate::extract::table::OpenCell;

impl Walker {
    pub(super) fn open_in_table(&mut self, tag: &BytesStart<'_>) {
        if tag.local_name().as_ref() == "table" {
            self.open_table(tag);
        }
        let index = self.tables.len().wrapping_sub(1);
        let is_ignored = self.ignored_tables > 0;
        let Some(table) = self.tables.get_mut(index).filter(|_| !is_ignored) else { return };
        match tag.local_name().as_ref() {
            "table-header-rows" => self.is_header = true,
            "table-row" => {
                table.is_header_row = self.is_header;
                self.covered = 0;
                if let Some(sheet) = &mut self.sheet {
                    let repeated = number(tag, "number-rows-repeated").unwrap_or(1).max(1);
                    sheet.repeated_rows = u32::try_from(repeated).unwrap_or(u32::MAX);
                }
            }
            "table-cell" => {
                let columns = number(tag, "number-columns-spanned").unwrap_or(1);
                table.cell.columns = columns.clamp(1, 1000);
                table.cell.is_tall = number(tag, "number-rows-spanned").unwrap_or(1) > 1;
                self.repeated = number(tag, "number-columns-repeated").unwrap_or(1);
                self.value = value(tag);
                self.covered = table.cell.columns - 1;
                self.containers.push(Container::Cell(index));
            }
            "covered-table-cell" => {
                let cells = number(tag, "number-columns-repeated").unwrap_or(1);
                // The wide cell at its left counts for some of them.
                self.repeated = cells.saturating_sub(self.covered);
                self.covered = self.covered.saturating_sub(cells);
                table.cell = OpenCell { continues: true, ..OpenCell::default() };
                self.value = None;
                self.containers.push(Container::Cell(index));
            }
            _ => {}
        }
    }

    fn open_table(&mut self, tag: &BytesStart<'_>) {
        if self.tables.len() >= MAX_TABLES || self.ignored_tables > 0 {
            self.ignored_tables += 1;
            return;
        }
        if self.is_spreadsheet && self.tables.is_empty() {
            let name = attribute(tag, "name").unwrap_or_default();
            self.sheet = Some(OpenSheet { name, ..OpenSheet::default() });
        }
        self.tables.push(Table::default());
        self.is_header = false;
    }

    pub(super) fn close_in_table(&mut self, name: &str) {
        if name == "table" && self.ignored_tables > 0 {
            self.ignored_tables -= 1;
            return;
        }
        if self.ignored_tables > 0 {
            return;
        }
        match name {
            "table" => {
                self.tables.pop();
                if self.tables.is_empty()
                    && let Some(sheet) = self.sheet.take()
                {
                    self.sheets.extend(sheet.sheet.finish(&sheet.name));
                }
            }
            "table-header-rows" => self.is_header = false,
            "table-row" => self.close_row(),
            "table-cell" | "covered-table-cell" => self.close_cell(),
            _ => {}
        }
    }

    fn close_cell(&mut self) {
        if self.containers.pop_if(|it| !it.is_box()).is_none() {
            return;
        }
        let repeated = std::mem::replace(&mut self.repeated, 1);
        let value = self.value.take();
        let Some(table) = self.tables.last_mut() else { return };
        match value {
            // More than one line: a comment hangs on it.
            Some(value) if value.is_forced && table.cell.text.contains('\n') => {
                table.cell.text = format!("{}\n{}", value.text, table.cell.text);
            }
            Some(value) if value.is_forced || table.cell.text.is_empty() => {
                table.cell.text = value.text;
            }
            _ => {}
        }
        if table.cell.continues && !table.cell.text.is_empty() {
            // Hidden by the cell that covers it.
            table.cell.text.clear();
        }
        if repeated == 0 {
            table.cell = OpenCell::default();
        } else if repeated == 1 {
            table.close_cell();
        } else {
            table.repeat_cell(repeated, &mut self.flow.budget);
        }
    }

    fn close_row(&mut self) {
        let is_outer = self.tables.len() == 1;
        let Some(table) = self.tables.last_mut() else { return };
        if let Some(sheet) = self.sheet.as_mut().filter(|_| is_outer) {
            let row = table.take_row();
            let cells = row.iter().map(OpenCell::as_cell).collect::<Vec<_>>();
            let number = sheet.row.saturating_add(1);
            sheet.sheet.add(number, &cells, &mut self.flow.budget);
            // Rows that repeat one another are shown once.
            sheet.row = sheet.row.saturating_add(sheet.repeated_rows);
            return;
        }
        let row = table.close_row(&mut self.flow.budget);
        self.add_line(&row);
    }
}

/// What an attribute says of the value of a cell.
#[derive(Debug)]
pub(super) struct Value {
    text: String,
    /// Whether it is better than what is shown.
    is_forced: bool,
}

fn value(tag: &BytesStart<'_>) -> Option<Value> {
    let forced = |text| Some(Value { text, is_forced: true });
    let fallback = |text| Some(Value { text, is_forced: false });
    match attribute(tag, "value-type")?.as_str() {
        "date" => forced(iso_text(&attribute(tag, "date-value")?)),
        "boolean" => fallback(attribute(tag, "boolean-value")?),
        "string" => fallback(attribute(tag, "string-value")?),
        _ => fallback(number_text(attribute(tag, "value")?.parse().ok()?)),
    }
}
