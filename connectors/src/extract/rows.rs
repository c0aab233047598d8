//! Lines of records grouped into sections, so that line numbers hold.

use super::outline::MAX_SECTIONS;
use crate::document::{Place, Section};

/// A section is closed when its text has this length.
const SECTION_BYTES: usize = 4096;

/// Collects one line of text per record.
#[derive(Debug, Default)]
pub(super) struct Rows {
    sections: Vec<Section>,
    text: String,
    heading: Vec<String>,
    first_line: u32,
    next_line: u32,
}

impl Rows {
    /// Adds a record that begins on this line of the original; `text` must have no line feed.
    pub(super) fn add(&mut self, line: u32, text: &str) {
        // Each line feed in a section's text stands for one line of the original.
        let is_adjacent = line == self.next_line || self.sections.len() >= MAX_SECTIONS;
        if self.text.is_empty() || !is_adjacent || self.text.len() >= SECTION_BYTES {
            self.close();
            self.first_line = line;
        } else {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.next_line = line.saturating_add(1);
    }

    /// Adds a record that is a section of its own.
    pub(super) fn add_titled(&mut self, line: u32, title: String, text: &str) {
        if self.sections.len() >= MAX_SECTIONS {
            return self.add(line, text);
        }
        self.close();
        self.add(line, text);
        self.heading.push(title);
        self.close();
    }

    /// All sections.
    pub(super) fn finish(mut self) -> Vec<Section> {
        self.close();
        self.sections
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        let heading = std::mem::take(&mut self.heading);
        if !text.is_empty() {
            let place = Place::Line(self.first_line);
            self.sections.push(Section { heading, text, place });
        }
    }
}
