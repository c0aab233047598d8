//! Spreadsheets of Excel: each sheet a heading, each row a line of cells with their headers.

mod chains;
mod dimensions;
mod extras;
mod gathered;
mod sheet;
#[cfg(test)]
mod tests;
mod values;

use std::io::Cursor;

use calamine::{Data, Range, Reader, SheetType, Xls, XlsError, Xlsb, Xlsx, XlsxError};

use gathered::SheetRows;
pub(super) use sheet::Sheet;
pub(super) use values::{iso_text, number_text};

use super::office::properties;
use super::outline::growth_budget;
use super::parts::Package;
use super::{Attachment, Extraction, Reason, damage};
use crate::document::Document;

/// Reads a workbook (`.xlsx`, `.xlsb`, `.xls`).
pub(super) fn read(bytes: &[u8]) -> Result<Extraction, Reason> {
    if !bytes.starts_with(b"PK") {
        return legacy(bytes);
    }
    let mut package = Package::open(bytes)?;
    check(&mut package)?;
    let extras = extras::read(&mut package);
    let mut extraction = if package.has("xl/workbook.bin") {
        let mut book = Xlsb::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        binary(&mut book, bytes.len())?
    } else {
        let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| match error {
            XlsxError::Password => Reason::Failed("protected by a password".to_owned()),
            error => damaged(&error),
        })?;
        package_sheets(&mut book, bytes.len())?
    };
    extraction.document.sections.extend(extras);
    properties::read(&mut package, &mut extraction.document);
    extraction.attachments.extend(package.loss());
    Ok(extraction)
}

/// Inflates once what calamine is going to inflate, so that it is within limits.
fn check(package: &mut Package<'_>) -> Result<(), Reason> {
    for name in package.names("xl/") {
        if name.ends_with(".xml") || name.ends_with(".bin") && !name.contains("embeddings/") {
            let content = match package.part(&name) {
                Ok(content) => content.unwrap_or_default(),
                // One damaged sheet does not hide the others.
                Err(_) if name.starts_with("xl/worksheets/") && !package.is_too_large() => continue,
                Err(reason) => return Err(reason),
            };
            if name.ends_with("/sharedstrings.xml") && lies(&content) {
                let reason = "damaged: it announces more texts than it has";
                return Err(Reason::Failed(reason.to_owned()));
            }
        }
    }
    Ok(())
}

/// Whether the number of texts that is announced, for which memory is taken, cannot be true.
fn lies(shared_strings: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&shared_strings[..shared_strings.len().min(4096)]);
    let count = start.split("uniqueCount").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1));
    let count = count.and_then(|count| count.parse::<u64>().ok());
    count.is_some_and(|count| count > shared_strings.len() as u64)
}

fn damaged(error: &dyn std::fmt::Display) -> Reason {
    damage::reason(error)
}

/// What is read of the sheets of a workbook.
#[derive(Default)]
struct Book {
    document: Document,
    budget: usize,
    /// The sheet that could not be read, and why.
    failure: Option<(String, Reason)>,
}

impl Book {
    fn new(file_bytes: usize) -> Self {
        Self { budget: growth_budget(file_bytes), ..Self::default() }
    }

    /// The sheets that could be read, unless that is none.
    fn finish(self) -> Result<Extraction, Reason> {
        let Self { document, failure, .. } = self;
        match failure {
            Some((_, reason)) if document.sections.is_empty() => Err(reason),
            Some((name, _)) => {
                let lost = Attachment::lost(&format!("damaged: the sheet {name} cannot be read"));
                Ok(Extraction { document, attachments: vec![lost], modified_ns: None })
            }
            None => Ok(document.into()),
        }
    }

    fn fail(&mut self, sheet: &str, error: &dyn std::fmt::Display) {
        self.failure.get_or_insert_with(|| (sheet.to_owned(), damaged(error)));
    }

    fn add(&mut self, name: &str, rows: SheetRows) {
        self.document.sections.extend(rows.sheet.finish(name));
    }
}

fn package_sheets(book: &mut Xlsx<Cursor<&[u8]>>, size: usize) -> Result<Extraction, Reason> {
    let mut read = Book::new(size);
    for metadata in book.sheets_metadata().to_owned() {
        if metadata.typ != SheetType::WorkSheet {
            continue;
        }
        let name = &metadata.name;
        let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
        let mut rows = SheetRows::new(merged);
        match book.worksheet_cells_reader(name) {
            Ok(mut cells) => loop {
                let (cell, style) = match cells.next_cell_with_style_id() {
                    Ok(Some(cell)) => cell,
                    Ok(None) => break,
                    Err(error) => {
                        read.fail(name, &error);
                        break;
                    }
                };
                let format = cells.styles().get(style).and_then(|it| it.number_format.as_ref());
                let text = values::text(cell.get_value(), format.map(|it| &*it.format_code));
                rows.add(cell.get_position(), text, &mut read.budget);
            },
            Err(error) => read.fail(name, &error),
        }
        rows.flush(&mut read.budget);
        read.add(name, rows);
    }
    read.finish()
}

fn binary(book: &mut Xlsb<Cursor<&[u8]>>, size: usize) -> Result<Extraction, Reason> {
    let mut read = Book::new(size);
    for metadata in book.sheets_metadata().to_owned() {
        if metadata.typ != SheetType::WorkSheet {
            continue;
        }
        let mut rows = SheetRows::new(Vec::new());
        match book.worksheet_cells_reader(&metadata.name) {
            Ok(mut cells) => loop {
                match cells.next_cell() {
                    Ok(Some(cell)) => {
                        let text = values::text(cell.get_value(), None);
                        rows.add(cell.get_position(), text, &mut read.budget);
                    }
                    Ok(None) => break,
                    Err(error) => {
                        read.fail(&metadata.name, &error);
                        break;
                    }
                }
            },
            Err(error) => read.fail(&metadata.name, &error),
        }
        rows.flush(&mut read.budget);
        read.add(&metadata.name, rows);
    }
    read.finish()
}

fn legacy(bytes: &[u8]) -> Result<Extraction, Reason> {
    if chains::are_circular(bytes) {
        let reason = "damaged: its sectors refer to each other in a circle";
        return Err(Reason::Failed(reason.to_owned()));
    }
    let mended = dimensions::without(bytes).map_err(|error| damaged(&error))?;
    let mut book = Xls::new(Cursor::new(mended)).map_err(|error| match error {
        XlsError::Password => Reason::Failed("protected by a password".to_owned()),
        error => damaged(&error),
    })?;
    let mut read = Book::new(bytes.len());
    for metadata in book.sheets_metadata().to_owned() {
        let name = &metadata.name;
        let mut rows = SheetRows::new(book.merge_cells_by_sheet_name(name).unwrap_or_default());
        match book.worksheet_range(name) {
            Ok(range) => add_range(&range, &mut rows, &mut read.budget),
            Err(error) if metadata.typ == SheetType::WorkSheet => read.fail(name, &error),
            Err(_) => continue,
        }
        rows.flush(&mut read.budget);
        read.add(name, rows);
    }
    let properties = book.workbook_properties().unwrap_or_default();
    let document = &mut read.document;
    for (name, value) in [
        ("title", properties.title),
        ("creator", properties.creator),
        ("subject", properties.subject),
        ("keywords", properties.keywords),
        ("created", properties.created),
        ("modified", properties.modified),
    ] {
        properties::set(document, name, &value.unwrap_or_default());
    }
    read.finish()
}

fn add_range(range: &Range<Data>, rows: &mut SheetRows, budget: &mut usize) {
    let (first_row, first_column) = range.start().unwrap_or_default();
    let place =
        |first: u32, index: usize| first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
    for (row, column, value) in range.used_cells() {
        let position = (place(first_row, row), place(first_column, column));
        rows.add(position, values::owned_text(value), budget);
    }
}
