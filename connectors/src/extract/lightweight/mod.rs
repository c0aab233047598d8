//! Other markups for plain text, as far as their headings: reStructuredText, AsciiDoc, Org.

mod asciidoc;
mod org;
mod restructured;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use super::dates;
use super::headed::{Heading, sections};
use super::outline::{MAX_SECTIONS, clipped, one_line};
use crate::document::Document;

const MAX_TITLE_BYTES: usize = 300;
const MAX_VALUE_BYTES: usize = 1000;

/// One of the markups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    AsciiDoc,
    Org,
    Restructured,
}

/// Reads a text; its lines stay as they are.
pub(super) fn read(text: &str, markup: Markup) -> Document {
    let found = match markup {
        Markup::AsciiDoc => asciidoc::read(text),
        Markup::Org => org::read(text),
        Markup::Restructured => restructured::read(text),
    };
    let Found { headings, mut metadata } = found;
    // An outline of Org has many beginnings.
    let first = headings.first().filter(|_| markup != Markup::Org);
    let first = first.map(|heading| heading.title.as_str());
    let title = metadata.remove("title");
    let title = title.as_deref().or(first).map(|title| clipped(title, MAX_TITLE_BYTES).to_owned());
    Document { title, language: None, sections: sections(text, 0, &headings), metadata }
}

/// What a text says of itself.
#[derive(Default)]
struct Found {
    headings: Vec<Heading>,
    metadata: BTreeMap<String, String>,
}

impl Found {
    fn add(&mut self, level: usize, title: &str, lines: Range<usize>) {
        let title = one_line(title);
        if self.headings.len() < MAX_SECTIONS && !title.is_empty() {
            let level = u8::try_from(level).unwrap_or(u8::MAX);
            self.headings.push(Heading { level, title, lines });
        }
    }

    /// Keeps a field of the document's head under the name that a search knows.
    fn keep(&mut self, name: &str, value: &str) {
        let key = match name.trim().to_lowercase().as_str() {
            "author" | "authors" => "author",
            "date" => "created",
            "description" | "abstract" => "description",
            "keywords" => "keywords",
            "modified" | "revdate" => "modified",
            "filetags" | "tags" => "tags",
            "title" => "title",
            _ => return,
        };
        let mut value = clipped(&one_line(value), MAX_VALUE_BYTES).to_owned();
        if matches!(key, "created" | "modified") {
            value = dates::normalised(value.trim_matches(['<', '>', '[', ']'])).unwrap_or(value);
        }
        if key == "tags" {
            value = value
                .split([':', ','])
                .filter(|tag| !tag.is_empty())
                .collect::<Vec<_>>()
                .join(", ");
        }
        if !value.is_empty() {
            self.metadata.entry(key.to_owned()).or_insert(value);
        }
    }
}

/// The lines of a text without their line feeds, each with where it stands.
fn lines(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end;
        (range, line.trim_end())
    })
}
