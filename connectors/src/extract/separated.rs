//! Tables as text (CSV, TSV): each row a line of `header: value; header: value`.

use csv::{ReaderBuilder, StringRecord};

use super::cells::{Cell, Grid};
use super::outline::{clipped, growth_budget};
use super::rows::Rows;
use crate::document::Document;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of the text shows its dialect.
const SAMPLE_BYTES: usize = 32 * 1024;
const SAMPLE_ROWS: usize = 50;

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
    let (mut rows, mut grid) = (Rows::default(), Grid::default());
    let mut budget = growth_budget(text.len());
    let mut record = StringRecord::new();
    // The input is text, so that reading it cannot fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let start = record.position().map_or(1, csv::Position::line) + skipped as u64;
        let cells = record.iter().map(Cell::new).collect::<Vec<_>>();
        let row = grid.row(&cells, &mut budget);
        if !row.is_empty() {
            rows.add(u32::try_from(start).unwrap_or(u32::MAX), &row);
        }
    }
    Document { sections: rows.finish(), ..Document::default() }
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
