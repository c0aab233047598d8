//! What becomes of plain Markdown.

use super::*;
use crate::document::Place;

fn outline(text: &str) -> Vec<(String, String, Place)> {
    let sections = read(text).sections.into_iter();
    sections.map(|it| (it.heading.join(" > "), it.text, it.place)).collect()
}

fn part(heading: &str, text: &str, line: u32) -> (String, String, Place) {
    (heading.to_owned(), text.to_owned(), Place::Line(line))
}

#[test]
fn sections_keep_their_source_lines() {
    let text = "intro\n\n# One\n\nfirst\nsecond *line*\n\n## Two\n    indented\n# Three `x`\nend";
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
    let text = "# Real\n```sh\n# comment\n```\n> # quoted\n\n- # listed\n\n    # code\n#hashtag";
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
