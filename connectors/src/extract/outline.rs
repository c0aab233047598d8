//! The headings that lead to a place in a document.

/// Longer headings are clipped: they are repeated for every section beneath them.
const MAX_HEADING_BYTES: usize = 200;

/// A document with more sections than this is cut no further.
pub(super) const MAX_SECTIONS: usize = 50_000;

const FREE_GROWTH_BYTES: usize = 1024 * 1024;
const MAX_GROWTH_BYTES: usize = 128 * 1024 * 1024;

/// The open headings, outermost first.
#[derive(Debug, Default)]
pub(super) struct Outline {
    open: Vec<(u8, String)>,
}

impl Outline {
    /// Goes to a heading: it closes all of its level or deeper.
    pub(super) fn enter(&mut self, level: u8, title: &str) {
        while self.open.last().is_some_and(|(open, _)| *open >= level) {
            self.open.pop();
        }
        self.open.push((level, clipped(title, MAX_HEADING_BYTES).to_owned()));
    }

    /// The titles of the open headings that have one.
    pub(super) fn path(&self) -> Vec<String> {
        let titles = self.open.iter().map(|(_, title)| title);
        titles.filter(|title| !title.is_empty()).cloned().collect()
    }
}

/// How many bytes of text may come from repeating headers, in a file of this size.
pub(super) fn growth_budget(file_bytes: usize) -> usize {
    (file_bytes.saturating_mul(2) + FREE_GROWTH_BYTES).min(MAX_GROWTH_BYTES)
}

/// The longest beginning of `text` that is no longer than `max_bytes`.
pub(super) fn clipped(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// The text in one line: each run of white space is one space, none at the ends.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
