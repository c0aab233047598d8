//! Pages of lines as sections, each under the headings that the PDF's outline gives it.

use super::bookmarks::Bookmark;
use super::paragraphs::Line;
use crate::document::{Place, Section};
use crate::extract::outline::{MAX_SECTIONS, Outline, growth_budget};

/// A heading of the outline may be broken into so many lines on its page.
const MAX_HEADING_LINES: usize = 3;

/// A page with more bookmarks than this is not searched for its headings.
const MAX_SEARCHED: usize = 200;

/// The sections of all pages; a page begins a section, and so does each heading on it.
pub(super) fn of(pages: &[Vec<Line>], bookmarks: &[Bookmark], file_bytes: usize) -> Vec<Section> {
    let mut writer = Writer {
        budget: growth_budget(file_bytes),
        outline: Outline::default(),
        sections: Vec::new(),
    };
    let mut rest = bookmarks;
    for (number, lines) in pages.iter().enumerate() {
        let count = rest.iter().take_while(|bookmark| bookmark.page <= number).count();
        let (here, later) = rest.split_at(count);
        rest = later;
        writer.page(number, lines, here);
    }
    writer.sections
}

struct Writer {
    /// What headings may still take; then sections have none.
    budget: usize,
    outline: Outline,
    sections: Vec<Section>,
}

impl Writer {
    fn page(&mut self, number: usize, lines: &[Line], bookmarks: &[Bookmark]) {
        let mut from = 0;
        for bookmark in bookmarks {
            let found = if bookmarks.len() <= MAX_SEARCHED {
                find(&lines[from..], &bookmark.title)
            } else {
                None
            };
            if let Some((start, length)) = found {
                self.section(number, &lines[from..from + start]);
                from += start + length;
            }
            self.outline.enter(bookmark.level, &bookmark.title);
        }
        self.section(number, &lines[from..]);
    }

    fn section(&mut self, number: usize, lines: &[Line]) {
        let mut text = String::new();
        for line in lines.iter().filter(|line| !line.text.is_empty()) {
            if !text.is_empty() {
                text.push_str(if line.begins { "\n\n" } else { "\n" });
            }
            text.push_str(&line.text);
        }
        if text.is_empty() {
            return;
        }
        let heading = self.outline.path();
        let size = heading.iter().map(String::len).sum::<usize>();
        let heading = if size <= self.budget { heading } else { Vec::new() };
        self.budget = self.budget.saturating_sub(size);
        let place = Place::Page(u32::try_from(number + 1).unwrap_or(u32::MAX));
        let is_full = self.sections.len() >= MAX_SECTIONS;
        match self.sections.last_mut().filter(|_| is_full) {
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(&text);
            }
            None => self.sections.push(Section { heading, text, place }),
        }
    }
}

/// Where a heading stands among lines, and how many lines it takes.
fn find(lines: &[Line], title: &str) -> Option<(usize, usize)> {
    let title = letters(title);
    if title.is_empty() {
        return None;
    }
    (0..lines.len()).find_map(|start| {
        let mut text = String::new();
        for length in 1..=MAX_HEADING_LINES.min(lines.len() - start) {
            text.push_str(&lines[start + length - 1].text);
            let text = letters(&text);
            if text == title {
                return Some((start, length));
            }
            if !title.starts_with(&text) {
                return None;
            }
        }
        None
    })
}

/// The letters alone: numbers, leaders and blanks differ between the outline and the page.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}
