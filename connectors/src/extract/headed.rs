//! Texts with headings: the source lines as they stand, cut at the headings.

use std::ops::Range;

use super::outline::Outline;
use crate::document::{Place, Section};

/// A heading of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heading {
    /// Counted from 1, the outermost.
    pub level: u8,
    /// In one line.
    pub title: String,
    /// Its lines in the text, to the end of the last.
    pub lines: Range<usize>,
}

/// The text from `start` on, cut at its headings; they must be in order.
pub(super) fn sections(text: &str, start: usize, headings: &[Heading]) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut outline = Outline::default();
    let mut lines = LineCounter { text, counted: 0, line: 1 };
    let first = headings.first().map_or(text.len(), |heading| heading.lines.start);
    sections.extend(section(&mut lines, &outline, start..first));
    for (index, heading) in headings.iter().enumerate() {
        outline.enter(heading.level, &heading.title);
        let next = headings.get(index + 1);
        let end = next.map_or(text.len(), |next| next.lines.start);
        match section(&mut lines, &outline, heading.lines.end..end) {
            Some(section) => sections.push(section),
            // Its words are in the paths of the headings below it.
            None if next.is_some_and(|next| next.level > heading.level) => {}
            None => sections.extend(section(&mut lines, &outline, heading.lines.clone())),
        }
    }
    sections
}

/// The text of a range without the blank lines around it; `None` if nothing is left.
fn section(lines: &mut LineCounter<'_>, outline: &Outline, range: Range<usize>) -> Option<Section> {
    let whole = lines.text[range.clone()].trim_end();
    let blank = whole.len() - whole.trim_start().len();
    // Indentation of the first line has a meaning.
    let skipped = whole[..blank].rfind('\n').map_or(0, |end| end + 1);
    let text = &whole[skipped..];
    if text.is_empty() {
        return None;
    }
    let place = Place::Line(lines.at(range.start + skipped));
    Some(Section { heading: outline.path(), text: text.to_owned(), place })
}

/// Counts lines up to ever later places.
struct LineCounter<'a> {
    text: &'a str,
    counted: usize,
    line: u32,
}

impl LineCounter<'_> {
    /// The number of the line at a byte offset, counted from 1.
    fn at(&mut self, offset: usize) -> u32 {
        if offset < self.counted {
            (self.counted, self.line) = (0, 1);
        }
        let passed = &self.text.as_bytes()[self.counted..offset];
        let feeds = passed.iter().filter(|byte| **byte == b'\n').count();
        self.counted = offset;
        self.line = self.line.saturating_add(u32::try_from(feeds).unwrap_or(u32::MAX));
        self.line
    }
}

/// A range, widened to whole lines.
pub(super) fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
    if text[..range.end].ends_with('\n') {
        return start..range.end;
    }
    start..text[range.end..].find('\n').map_or(text.len(), |end| range.end + end + 1)
}
