//! Tables as text (CSV, TSV): each row a line of `header: value; header: value`.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord};

use super::outline::{clipped, growth_budget, one_line};
use super::rows::Rows;
use crate::document::Document;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of the text shows its dialect.
const SAMPLE_BYTES: usize = 32 * 1024;
const SAMPLE_ROWS: usize = 50;

const MAX_HEADER_BYTES: usize = 80;

/// Lines above the headers, such as a title, have one cell.
const MAX_PREAMBLE_ROWS: usize = 5;

/// Reads a table; without a given delimiter, the most regular one is taken.
pub(super) fn read(text: &str, delimiter: Option<u8>) -> Document {
    let (declared, body) = declared_delimiter(text);
    let delimiter = declared.or(delimiter).unwrap_or_else(|| likely_delimiter(body));
    let skipped = text[..text.len() - body.len()].matches('\n').count();
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(body.as_bytes());
    let mut table = Table { budget: growth_budget(text.len()), ..Table::default() };
    let mut record = StringRecord::new();
    // The input is text, so that reading it cannot fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let start = record.position().map_or(1, csv::Position::line) + skipped as u64;
        table.add(u32::try_from(start).unwrap_or(u32::MAX), &record);
    }
    Document { sections: table.rows.finish(), ..Document::default() }
}

#[derive(Default)]
struct Table {
    rows: Rows,
    headers: Option<Vec<String>>,
    preamble: usize,
    /// The headers are repeated in each row until this is used up; then the values stand alone.
    budget: usize,
}

impl Table {
    fn add(&mut self, line: u32, record: &StringRecord) {
        let headers = self.headers.as_deref().filter(|_| self.budget > 0).unwrap_or_default();
        let row = joined(record, headers);
        if row.is_empty() {
            return;
        }
        if self.headers.is_some() {
            self.budget = self.budget.saturating_sub(row.len());
        } else if self.preamble < MAX_PREAMBLE_ROWS && filled(record).nth(1).is_none() {
            self.preamble += 1;
        } else {
            let headers = if looks_like_headers(record) { clean(record) } else { Vec::new() };
            self.headers = Some(headers);
        }
        self.rows.add(line, &row);
    }
}

/// Excel's first line `sep=;`, and the text below it.
fn declared_delimiter(text: &str) -> (Option<u8>, &str) {
    let Some((line, body)) = text.split_once('\n') else { return (None, text) };
    match line.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) => (Some(*delimiter), body),
        _ => (None, text),
    }
}

/// The delimiter that cuts the most rows into the same number of cells, and into more than one.
fn likely_delimiter(text: &str) -> u8 {
    let sample = clipped(text, SAMPLE_BYTES);
    let score = |delimiter: &u8| {
        let mut reader = ReaderBuilder::new()
            .delimiter(*delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(sample.as_bytes());
        let widths = reader.records().take(SAMPLE_ROWS).flatten().map(|row| row.len());
        let widths = widths.collect::<Vec<_>>();
        let first = widths.first().copied().unwrap_or(0);
        let alike = widths.iter().filter(|width| **width == first).count();
        if first < 2 { (0, 0) } else { (alike * 100 / widths.len().max(1), first) }
    };
    // Of equals the last wins: the comma.
    DELIMITERS.iter().rev().copied().max_by_key(score).unwrap_or(b',')
}

/// Names, not numbers: most cells are filled, all are different and have a letter.
fn looks_like_headers(record: &StringRecord) -> bool {
    let names = filled(record).collect::<Vec<_>>();
    let is_name = |cell: &&str| cell.len() <= 200 && cell.chars().any(char::is_alphabetic);
    let distinct = names.iter().collect::<BTreeSet<_>>().len();
    names.len() > 1
        && names.len() * 2 > record.len()
        && distinct == names.len()
        && names.iter().all(is_name)
}

fn filled(record: &StringRecord) -> impl Iterator<Item = &str> {
    record.iter().map(str::trim).filter(|cell| !cell.is_empty())
}

fn clean(record: &StringRecord) -> Vec<String> {
    record.iter().map(|cell| clipped(&one_line(cell), MAX_HEADER_BYTES).to_owned()).collect()
}

fn joined(record: &StringRecord, headers: &[String]) -> String {
    let mut row = String::new();
    for (column, cell) in record.iter().enumerate() {
        let value = one_line(cell);
        if value.is_empty() {
            continue;
        }
        if !row.is_empty() {
            row.push_str("; ");
        }
        if let Some(header) = headers.get(column).filter(|header| !header.is_empty()) {
            row.push_str(header);
            row.push_str(": ");
        }
        row.push_str(&value);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Place;

    fn texts(text: &str) -> Vec<(String, Place)> {
        read(text, None).sections.into_iter().map(|it| (it.text, it.place)).collect()
    }

    #[test]
    fn values_stand_behind_their_headers() {
        let expected = "Team; City; Cups\nTeam: Blues; City: STL; Cups: 1\nTeam: Flyers; Cups: 2";
        for delimiter in [",", ";", "\t", "|"] {
            let text = "Team,City,Cups\nBlues,STL,1\nFlyers,,2\n".replace(',', delimiter);
            assert_eq!(texts(&text), [(expected.to_owned(), Place::Line(1))], "{delimiter}");
        }
    }

    #[test]
    fn a_delimiter_in_quotes_is_text() {
        assert_eq!(
            texts("Name;Note\nKim;\"a, b; c\"\n")[0].0,
            "Name; Note\nName: Kim; Note: a, b; c"
        );
    }

    #[test]
    fn headers_are_found_below_a_title() {
        assert_eq!(
            texts("Cups,\nTeam,City\nBlues,STL\n")[0].0,
            "Cups\nTeam; City\nTeam: Blues; City: STL"
        );
    }

    #[test]
    fn numbers_are_no_headers() {
        assert_eq!(texts("1,2\n3,4\n")[0].0, "1; 2\n3; 4");
    }

    #[test]
    fn a_row_of_several_lines_begins_a_new_count() {
        let text = "a,b\n1,\"x\ny\"\n2,z\n";
        let expected = [
            ("a; b\na: 1; b: x y".to_owned(), Place::Line(1)),
            ("a: 2; b: z".to_owned(), Place::Line(4)),
        ];
        assert_eq!(texts(text), expected);
    }

    #[test]
    fn a_declared_delimiter_is_obeyed() {
        assert_eq!(texts("sep=;\nx;y\n1;2\n"), [("x; y\nx: 1; y: 2".to_owned(), Place::Line(2))]);
    }

    #[test]
    fn long_headers_cannot_blow_up_the_text() {
        let header = (0..500).map(|n| format!("{n}{}", "h".repeat(70))).collect::<Vec<_>>();
        let rows = format!("{}\n", ["1"; 500].join(",")).repeat(2000);
        let text = format!("{}\n{rows}", header.join(","));
        let size = texts(&text).iter().map(|(text, _)| text.len()).sum::<usize>();
        assert!(size < text.len() * 4 + 2 * 1024 * 1024, "{size}");
    }
}
