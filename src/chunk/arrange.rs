//! Brings a document's sections into the parts to cut: headings bounded, tiny neighbours joined.

use std::borrow::Cow;

use ragterm_connectors::document::{Place, Section};

use super::Inner;
use super::embedding::Budget;
use super::run::Run;

/// A passage keeps this many headings of its path: the outermost ones.
const MAX_HEADINGS: usize = 8;
/// A heading in a path is cut to this length; its full wording becomes text.
const MAX_HEADING_BYTES: usize = 200;

/// One text under one heading path.
pub(super) struct Part<'a> {
    pub(super) heading: Cow<'a, [String]>,
    pub(super) text: Cow<'a, str>,
    pub(super) span: Span,
    /// The sections that were joined, with places in `text`; empty for one section.
    pub(super) inner: Vec<Inner>,
}

/// Where a part stands in the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Unknown,
    /// The first line of the text; each newline is one more.
    From(u32),
    /// The first and last line of sections that were joined.
    Lines(u32, u32),
    Page(u32),
}

impl Span {
    pub(super) fn page(self) -> Option<u32> {
        if let Self::Page(page) = self { Some(page) } else { None }
    }

    /// The lines of a piece; `newlines` counts those before its start and before its end.
    pub(super) fn lines(self, newlines: impl FnOnce() -> (u32, u32)) -> Option<(u32, u32)> {
        match self {
            Self::From(line) => {
                let (start, end) = newlines();
                Some((line.saturating_add(start), line.saturating_add(end)))
            }
            Self::Lines(first, last) => Some((first, last)),
            Self::Unknown | Self::Page(_) => None,
        }
    }
}

impl From<Place> for Span {
    fn from(place: Place) -> Self {
        match place {
            Place::Unknown => Self::Unknown,
            Place::Line(line) => Self::From(line),
            Place::Page(page) => Self::Page(page),
        }
    }
}

/// Bounds the headings and joins runs of tiny sections under their common heading.
pub(super) fn arrange<'a>(sections: &'a [Section], budget: &'a Budget<'_>) -> Vec<Part<'a>> {
    let mut run = Run::new(budget);
    let mut previous: &[String] = &[];
    for (index, section) in sections.iter().enumerate() {
        let next = sections.get(index + 1).map_or(&[][..], |next| &next.heading);
        if let Some(part) = orphans(section, previous, next) {
            run.push(part);
        }
        if !section.text.trim().is_empty() {
            run.push(Part {
                heading: bounded(&section.heading),
                text: Cow::Borrowed(&section.text),
                span: section.place.into(),
                inner: Vec::new(),
            });
        }
        previous = &section.heading;
    }
    run.finish()
}

/// New headings of a section that no passage would otherwise carry in full, as a text.
fn orphans<'a>(section: &Section, previous: &[String], next: &[String]) -> Option<Part<'a>> {
    let heading = &section.heading;
    let is_lone = section.text.trim().is_empty() && !next.starts_with(heading);
    let last = heading.len().saturating_sub(1);
    let is_orphan = |&index: &usize| {
        index >= MAX_HEADINGS
            || heading[index].len() > MAX_HEADING_BYTES
            || (is_lone && index == last)
    };
    let known = common_prefix(previous, heading);
    let found: Vec<usize> = (known..heading.len()).filter(is_orphan).collect();
    let first = *found.first()?;
    let texts: Vec<&str> = found.into_iter().map(|index| heading[index].as_str()).collect();
    let text = texts.join("\n");
    let parents = &heading[..first.min(MAX_HEADINGS)];
    (!text.trim().is_empty()).then(|| Part {
        heading: Cow::Owned(bounded(parents).into_owned()),
        text: Cow::Owned(text),
        span: match section.place {
            // The heading's own line is not known: it stands somewhere above the text.
            Place::Line(line) => Span::Lines(line, line),
            place => place.into(),
        },
        inner: Vec::new(),
    })
}

/// Of the joined sections, those in a piece of the text, placed within it.
pub(super) fn within(inner: &[Inner], offset: usize, length: usize) -> Vec<Inner> {
    let first = inner.partition_point(|inner| inner.at as usize <= offset).saturating_sub(1);
    let begun = inner[first..].iter().take_while(|inner| (inner.at as usize) < offset + length);
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    begun.map(|inner| Inner { at: inner.at.saturating_sub(offset), ..inner.clone() }).collect()
}

fn bounded(heading: &[String]) -> Cow<'_, [String]> {
    let kept = &heading[..heading.len().min(MAX_HEADINGS)];
    if kept.iter().all(|heading| heading.len() <= MAX_HEADING_BYTES) {
        return Cow::Borrowed(kept);
    }
    kept.iter().map(|heading| cut(heading)).collect()
}

fn cut(heading: &str) -> String {
    if heading.len() <= MAX_HEADING_BYTES {
        return heading.to_owned();
    }
    const MARK: &str = "…";
    let end = heading.floor_char_boundary(MAX_HEADING_BYTES - MARK.len());
    heading[..end].to_owned() + MARK
}

/// How many headings two paths share from the outside.
pub(super) fn common_prefix(one: &[String], other: &[String]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
