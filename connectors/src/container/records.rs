//! Files of JSON records, each of them a document.
//!
//! Read as a stream, a line at a time. Of two records with one id both stay: which is the newer
//! one is known only at the end of the file.

use std::io::{BufRead, BufReader, Read};

use super::{Entry, Opened, Walk};
use crate::extract::{Reason, damage, record};

/// Longer lines are not read: what JSON becomes in memory is many times its size.
const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

/// So many lines that are no records are named one by one.
const MAX_NAMED: u64 = 100;

const KIND: &str = "record";

/// Visits each record.
pub(super) fn walk(opened: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let mut lines = Lines::new(opened.content);
    let (mut records, mut others) = (0_u64, 0_u64);
    while let Some(line) = lines.next_line()? {
        let Some(outcome) = record_in(line) else { continue };
        match outcome {
            Ok(record) => {
                records += 1;
                walk.admit(0, 0)??;
                let path = record.path.unwrap_or_else(|| format!("line {}", lines.number));
                let modified_ns = record.modified_ns;
                let entry = Entry { path, modified_ns, kind: Some(KIND), ..Entry::default() };
                walk.page(entry, record.document)?;
            }
            Err(reason) => {
                others += 1;
                if others <= MAX_NAMED {
                    let number = lines.number;
                    let entry = Entry { kind: Some(KIND), ..Entry::at(format!("line {number}")) };
                    walk.admit(0, 0)??;
                    walk.unreadable(entry, Reason::Failed(format!("line {number}: {reason}")))?;
                }
            }
        }
        if records == 0 && others > MAX_NAMED {
            return Err(Reason::Failed("not a file of JSON records".to_owned()));
        }
    }
    if others > MAX_NAMED {
        let rest = others - MAX_NAMED;
        return Err(Reason::Failed(format!("{rest} more lines are no records")));
    }
    Ok(())
}

/// The record in a line; `None` for a blank one.
fn record_in(line: Line<'_>) -> Option<Result<record::Record, String>> {
    let bytes = match line {
        Line::Whole(bytes) => bytes,
        Line::TooLong => {
            let most = MAX_LINE_BYTES / 1024 / 1024;
            return Some(Err(format!("longer than {most} MB")));
        }
    };
    match std::str::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(record::read(text)),
        Err(_) => Some(Err("not in UTF-8".to_owned())),
    }
}

enum Line<'a> {
    Whole(&'a [u8]),
    TooLong,
}

/// The lines of a file, never more than one in memory.
struct Lines<R> {
    content: BufReader<R>,
    line: Vec<u8>,
    /// Of the last line that was read, counted from 1.
    number: u64,
}

impl<R: Read> Lines<R> {
    fn new(content: R) -> Self {
        Self { content: BufReader::new(content), line: Vec::new(), number: 0 }
    }

    fn next_line(&mut self) -> Result<Option<Line<'_>>, Reason> {
        self.line.clear();
        let most = MAX_LINE_BYTES as u64 + 1;
        let read = (&mut self.content).take(most).read_until(b'\n', &mut self.line);
        if read.map_err(|error| damage::of_reading(&error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() != Some(&b'\n') && self.line.len() > MAX_LINE_BYTES {
            self.line.clear();
            let skipped = self.content.skip_until(b'\n');
            skipped.map_err(|error| damage::of_reading(&error))?;
            return Ok(Some(Line::TooLong));
        }
        let is_first = self.number == 1;
        let line = self.line.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first);
        Ok(Some(Line::Whole(line.unwrap_or(&self.line))))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::tests::Collected;
    use super::super::{Limits, Shape};
    use super::*;
    use crate::extract::Dialect;

    fn walked(text: &[u8], limits: Limits) -> (Collected, Result<(), Reason>) {
        let mut collected = Collected::default();
        let mut content = Cursor::new(text);
        let dialect = Dialect::JsonLines;
        let shape = Shape::of("a.jsonl", dialect, &mut content).unwrap().unwrap();
        let content = Box::new(content);
        let opened = Opened { path: "a.jsonl", dialect, content, beside: None };
        let outcome = opened.walk(shape, &mut Walk::new(&mut collected, limits));
        (collected, outcome)
    }

    #[test]
    fn each_line_is_a_document() {
        let text = "\u{feff}{\"id\":\"hr/leave\",\"text\":\"a\",\"modified\":1700000000}\n\n\
                    {\"text\":\"b\"}\n{\"id\":\"hr/leave\",\"text\":\"c\"}";
        let (collected, outcome) = walked(text.as_bytes(), Limits::default());
        assert_eq!(outcome, Ok(()));
        assert_eq!(collected.paths(), ["hr/leave", "line 3", "hr/leave (2)"]);
        let first = &collected.members[0];
        assert_eq!(first.modified_ns, Some(1_700_000_000_000_000_000));
        assert_eq!(first.kind.as_deref(), Some("record"));
        assert_eq!(first.outcome.as_ref().unwrap().sections[0].text, "a");
    }

    #[test]
    fn a_line_that_is_no_record_is_named_and_the_rest_is_read() {
        let long = format!("{{\"text\":\"{}\"}}\n", "x".repeat(MAX_LINE_BYTES));
        let text = [
            b"{\"text\":\"a\"}\nno\n\xff\n".as_slice(),
            long.as_bytes(),
            b"{\"id\":\"z\",\"text\":\"z\"}\n",
        ]
        .concat();
        let (collected, outcome) = walked(&text, Limits::default());
        assert_eq!(outcome, Ok(()));
        assert_eq!(collected.paths(), ["line 1", "line 2", "line 3", "line 4", "z"]);
        let reason =
            |index: usize| collected.members[index].outcome.as_ref().unwrap_err().to_string();
        assert_eq!(reason(1), "line 2: not JSON: damaged at character 2");
        assert_eq!(reason(2), "line 3: not in UTF-8");
        assert_eq!(reason(3), "line 4: longer than 8 MB");
    }

    #[test]
    fn what_is_no_file_of_records_says_so() {
        let (collected, outcome) = walked(&b"no\n".repeat(500), Limits::default());
        assert_eq!(outcome, Err(Reason::Failed("not a file of JSON records".to_owned())));
        assert!(collected.members.len() as u64 <= MAX_NAMED);
        let text = ["{\"text\":\"a\"}\n", &"no\n".repeat(500)].concat();
        let (collected, outcome) = walked(text.as_bytes(), Limits::default());
        assert_eq!(outcome, Err(Reason::Failed("400 more lines are no records".to_owned())));
        assert_eq!(collected.members.len() as u64, MAX_NAMED + 1);
    }

    #[test]
    fn the_limits_of_the_walk_hold() {
        let few = Limits { entries: 2, ..Limits::default() };
        let (collected, outcome) = walked(&b"{\"text\":\"a\"}\n".repeat(5), few);
        assert_eq!(collected.members.len(), 2);
        assert!(outcome.is_err());
    }
}
