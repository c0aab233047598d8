//! Markdown: the source lines as they stand, cut at the headings.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::front_matter;
use super::outline::{MAX_SECTIONS, Outline, one_line};
use crate::document::{Document, Place, Section};

/// Longer texts are not parsed, since the parser's tree would need many times their memory.
const MAX_PARSED_BYTES: usize = 16 * 1024 * 1024;

/// Shorter runs of base64 could be words.
const MIN_EMBEDDED_BYTES: usize = 64;

struct Heading {
    level: u8,
    title: String,
    /// Its lines, to the end of the last.
    lines: Range<usize>,
}

/// Reads a Markdown text.
pub(super) fn read(text: &str) -> Document {
    let text = without_embedded_data(text);
    let (mut metadata, start) = front_matter::split(&text);
    let headings = headings(&text, start);
    let top = headings.iter().find(|heading| heading.level == 1 && !heading.title.is_empty());
    let title = metadata.remove("title").or_else(|| top.map(|heading| heading.title.clone()));
    Document { title, language: None, sections: sections(&text, start, &headings), metadata }
}

fn headings(text: &str, start: usize) -> Vec<Heading> {
    let body = &text[start..];
    if body.len() > MAX_PARSED_BYTES {
        return Vec::new();
    }
    let mut headings: Vec<Heading> = Vec::new();
    let mut depth = 0_usize;
    let mut is_open = false;
    let parser = Parser::new_ext(body, Options::ENABLE_HEADING_ATTRIBUTES);
    for (event, range) in parser.into_offset_iter() {
        match event {
            // A heading in a quotation or a list is part of that.
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => depth -= 1,
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                if headings.len() == MAX_SECTIONS {
                    break;
                }
                let lines = whole_lines(text, start + range.start..start + range.end);
                headings.push(Heading { level: level as u8, title: String::new(), lines });
                is_open = true;
            }
            Event::End(TagEnd::Heading(_)) => is_open = false,
            Event::Text(part) | Event::Code(part) if is_open => push(&mut headings, &part),
            Event::SoftBreak | Event::HardBreak if is_open => push(&mut headings, " "),
            _ => {}
        }
    }
    for heading in &mut headings {
        heading.title = one_line(&heading.title);
    }
    headings
}

fn push(headings: &mut [Heading], part: &str) {
    if let Some(heading) = headings.last_mut() {
        heading.title.push_str(part);
    }
}

fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
    if text[..range.end].ends_with('\n') {
        return start..range.end;
    }
    start..text[range.end..].find('\n').map_or(text.len(), |end| range.end + end + 1)
}

fn sections(text: &str, start: usize, headings: &[Heading]) -> Vec<Section> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Vec<(String, String, Place)> {
        let sections = read(text).sections.into_iter();
        sections.map(|it| (it.heading.join(" > "), it.text, it.place)).collect()
    }

    fn part(heading: &str, text: &str, line: u32) -> (String, String, Place) {
        (heading.to_owned(), text.to_owned(), Place::Line(line))
    }

    #[test]
    fn sections_keep_their_source_lines() {
        let text =
            "intro\n\n# One\n\nfirst\nsecond *line*\n\n## Two\n    indented\n# Three `x`\nend";
        let expected = [
            part("", "intro", 1),
            part("One", "first\nsecond *line*", 5),
            part("One > Two", "    indented", 9),
            part("Three x", "end", 11),
        ];
        assert_eq!(outline(text), expected);
    }

    #[test]
    fn front_matter_is_metadata_and_its_lines_count() {
        let document = read("---\ntitle: From above\ndate: 2026-01-01\n---\n# Heading\nbody\n");
        assert_eq!(document.title.as_deref(), Some("From above"));
        assert_eq!(document.metadata["date"], "2026-01-01");
        assert_eq!(document.sections[0].place, Place::Line(6));
        assert_eq!(document.sections[0].text, "body");
    }

    #[test]
    fn what_only_looks_like_a_heading_is_text() {
        let text =
            "# Real\n```sh\n# comment\n```\n> # quoted\n\n- # listed\n\n    # code\n#hashtag";
        assert_eq!(outline(text), [part("Real", &text[7..], 2)]);
    }

    #[test]
    fn underlined_headings_and_identifiers_are_understood() {
        let text = "Top of\nit\n===\na\n\nSub {#id}\n---\nb\n";
        assert_eq!(outline(text), [part("Top of it", "a", 4), part("Top of it > Sub", "b", 8)]);
        assert_eq!(read(text).title.as_deref(), Some("Top of it"));
    }

    #[test]
    fn a_heading_without_text_is_still_found() {
        let text = "# Parent\n## Leaf\n# Last\n";
        assert_eq!(outline(text), [part("Parent > Leaf", "## Leaf", 2), part("Last", "# Last", 3)]);
    }

    #[test]
    fn an_embedded_picture_is_dropped_but_not_its_lines() {
        let text = format!("# A\n![x](data:image/png;base64,{})\n# B\nend", "iVBO".repeat(100));
        let expected = [part("A", "![x](data:image/png;base64,)", 2), part("B", "end", 4)];
        assert_eq!(outline(&text), expected);
    }

    #[test]
    fn the_number_of_sections_is_bounded() {
        let sections = outline(&"# h\nx\n".repeat(MAX_SECTIONS + 10));
        assert_eq!(sections.len(), MAX_SECTIONS);
    }

    #[test]
    fn deep_nesting_is_harmless() {
        assert_eq!(read(&">".repeat(80_000)).sections.len(), 1);
        assert_eq!(read(&"- ".repeat(80_000)).sections.len(), 1);
        assert_eq!(read(&"[".repeat(80_000)).sections.len(), 1);
    }
}
