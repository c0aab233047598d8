//! Markdown: the source lines, cut at the headings; what wikis write between is made readable.

mod pipes;
#[cfg(test)]
mod plain_tests;
#[cfg(test)]
mod tests;
mod wiki;

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::headed::{Heading, sections, whole_lines};
use super::outline::{MAX_SECTIONS, clipped, growth_budget, one_line};
use super::{Reason, front_matter};
use crate::document::Document;
use wiki::Wiki;

/// Longer texts are not parsed, since the parser's tree would need many times their memory.
const MAX_PARSED_BYTES: usize = 16 * 1024 * 1024;

/// Shorter runs of base64 could be words.
const MIN_EMBEDDED_BYTES: usize = 64;

/// The pages that wikis show beside each of their others.
const NAVIGATION: [&str; 5] = ["_Footer", "_Header", "_Sidebar", "_navbar", "_sidebar"];

const MAX_TAGS_BYTES: usize = 1000;

/// Reads a page by its file name, which is its title in a wiki if it has no other.
pub(super) fn read_page(name: &str, text: &str) -> Result<Document, Reason> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if NAVIGATION.contains(&stem) {
        return Err(Reason::Skipped("navigation of a wiki".to_owned()));
    }
    let mut document = read(text);
    if document.title.is_none() {
        document.title = wiki::page_title(stem);
    }
    Ok(document)
}

/// Reads a Markdown text.
pub(super) fn read(text: &str) -> Document {
    let text = without_embedded_data(text);
    let (mut metadata, start) = front_matter::split(&text);
    let mut shape = Shape::of(&text, start);
    let wiki = Wiki::of(&text, start, &shape.opaque);
    let text = wiki.rewrite(&text, &mut shape.headings);
    let headings = shape.headings;
    let top = headings.iter().find(|heading| heading.level == 1 && !heading.title.is_empty());
    let title = metadata.remove("title").or_else(|| top.map(|heading| heading.title.clone()));
    let tags = with_tags(metadata.remove("tags"), &wiki.tags);
    metadata.extend(tags.map(|tags| ("tags".to_owned(), tags)));
    let mut sections = sections(&text, start, &headings);
    let mut budget = growth_budget(text.len());
    for section in &mut sections {
        if let Some(spelled) = pipes::spelled_out(&section.text, &mut budget) {
            section.text = spelled;
        }
    }
    Document { title, language: None, sections, metadata }
}

/// The tags of the front matter and those in the text, each once.
fn with_tags(known: Option<String>, found: &[String]) -> Option<String> {
    let mut tags: Vec<String> = Vec::new();
    let known = known.unwrap_or_default();
    let known = known.split(',').map(|tag| tag.trim().trim_start_matches('#'));
    for tag in known.chain(found.iter().map(String::as_str)) {
        if !tag.is_empty() && !tags.iter().any(|it| it.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag.to_owned());
        }
    }
    let tags = tags.join(", ");
    (!tags.is_empty()).then(|| clipped(&tags, MAX_TAGS_BYTES).to_owned())
}

/// Where the headings are, and where nothing is markup.
#[derive(Default)]
struct Shape {
    headings: Vec<Heading>,
    /// Code and HTML, in order.
    opaque: Vec<Range<usize>>,
    /// How many quotations and lists are open; a heading in one is part of that.
    depth: usize,
    is_heading_open: bool,
}

impl Shape {
    fn of(text: &str, start: usize) -> Self {
        let body = &text[start..];
        let mut shape = Self::default();
        if body.len() > MAX_PARSED_BYTES {
            // Nothing is known of it.
            shape.opaque.push(0..text.len());
            return shape;
        }
        let parser = Parser::new_ext(body, Options::ENABLE_HEADING_ATTRIBUTES);
        for (event, range) in parser.into_offset_iter() {
            shape.take(text, event, start + range.start..start + range.end);
        }
        for heading in &mut shape.headings {
            heading.title = one_line(&heading.title);
        }
        shape
    }

    fn take(&mut self, text: &str, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => self.depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => self.depth -= 1,
            Event::Start(Tag::Heading { level, .. })
                if self.depth == 0 && self.headings.len() < MAX_SECTIONS =>
            {
                let lines = whole_lines(text, range);
                self.headings.push(Heading { level: level as u8, title: String::new(), lines });
                self.is_heading_open = true;
            }
            Event::End(TagEnd::Heading(_)) => self.is_heading_open = false,
            Event::Text(part) => self.add_title(&part),
            Event::SoftBreak | Event::HardBreak => self.add_title(" "),
            Event::Code(part) => {
                self.opaque.push(range);
                self.add_title(&part);
            }
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) | Event::InlineHtml(_) => {
                self.opaque.push(range);
            }
            _ => {}
        }
    }

    fn add_title(&mut self, part: &str) {
        if let Some(heading) = self.headings.last_mut().filter(|_| self.is_heading_open) {
            heading.title.push_str(part);
        }
    }
}

/// Pictures inside the text (`data:image/png;base64,…`) are no words.
fn without_embedded_data(text: &str) -> Cow<'_, str> {
    const MARK: &str = ";base64,";
    let Some(first) = text.find(MARK) else { return Cow::Borrowed(text) };
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Some(first);
    while let Some(mark) = next {
        let (before, after) = rest.split_at(mark + MARK.len());
        kept.push_str(before);
        let is_data = |char: char| char.is_ascii_alphanumeric() || "+/=".contains(char);
        let length = after.find(|char| !is_data(char)).unwrap_or(after.len());
        rest = if length >= MIN_EMBEDDED_BYTES { &after[length..] } else { after };
        next = rest.find(MARK);
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}
