//! The text of a document while it is read: headings, paragraphs and rows become sections.

use super::outline::{MAX_SECTIONS, Outline, growth_budget, one_line};
use crate::document::{Place, Section};

/// A heading longer than this stands in the text too: the heading path clips it.
const MAX_HEADING_BYTES: usize = 200;

/// What is open while a document is read from its beginning to its end.
#[derive(Debug, Default)]
pub(super) struct Flow {
    outline: Outline,
    sections: Vec<Section>,
    text: String,
    place: Place,
    /// The heading that no section has shown yet, and its level.
    unshown: Option<(u8, String)>,
    /// How much may still be repeated from headers.
    pub budget: usize,
}

impl Flow {
    /// The flow of a file of this size.
    pub(super) fn new(file_bytes: usize) -> Self {
        Self { budget: growth_budget(file_bytes), ..Self::default() }
    }

    /// Goes to a heading.
    pub(super) fn heading(&mut self, level: u8, title: &str) {
        if self.sections.len() >= MAX_SECTIONS {
            return self.paragraph(title);
        }
        let title = one_line(title);
        if title.is_empty() && self.outline.path().is_empty() {
            return;
        }
        self.close(Some(level));
        self.outline.enter(level, &title);
        if title.len() > MAX_HEADING_BYTES {
            self.text.push_str(&title);
        } else if !title.is_empty() {
            self.unshown = Some((level, title));
        }
    }

    /// Goes to another place of the original.
    pub(super) fn go_to(&mut self, place: Place) {
        if self.sections.len() < MAX_SECTIONS {
            self.close(Some(0));
            self.place = place;
        }
    }

    /// Adds text with a blank line before it.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.add("\n\n", text);
    }

    /// Adds text on a line of its own.
    pub(super) fn line(&mut self, text: &str) {
        self.add("\n", text);
    }

    /// All sections.
    pub(super) fn finish(mut self) -> Vec<Section> {
        self.close(Some(0));
        self.sections
    }

    fn add(&mut self, gap: &str, text: &str) {
        let text = text.trim_matches('\n').trim_end();
        if text.trim_start().is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str(gap);
        }
        self.text.push_str(text);
    }

    /// Ends a section before a heading of this level.
    fn close(&mut self, next_level: Option<u8>) {
        let mut text = std::mem::take(&mut self.text);
        if let Some((level, title)) = self.unshown.take()
            && text.is_empty()
        {
            if next_level.is_some_and(|next| next > level) {
                return;
            }
            // Nothing stands beneath it: it would be lost.
            text = title;
        }
        if !text.is_empty() {
            let (heading, place) = (self.outline.path(), self.place);
            self.sections.push(Section { heading, text, place });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_without_text_is_not_lost() {
        let mut flow = Flow::new(0);
        flow.heading(1, "Rules");
        flow.heading(2, "Leave");
        flow.paragraph("Ten days.");
        flow.heading(2, "Pay");
        let sections = flow.finish();
        let shown = sections.iter().map(|it| (it.heading.join(">"), &*it.text));
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [("Rules>Leave".to_owned(), "Ten days."), ("Rules>Pay".to_owned(), "Pay")]
        );
    }
}
