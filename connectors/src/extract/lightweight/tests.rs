//! What becomes of texts in other markups.

use super::*;
use crate::document::Place;

fn outline(text: &str, markup: Markup) -> Vec<(String, String, Place)> {
    let sections = read(text, markup).sections.into_iter();
    sections.map(|it| (it.heading.join(" > "), it.text, it.place)).collect()
}

fn part(heading: &str, text: &str, line: u32) -> (String, String, Place) {
    (heading.to_owned(), text.to_owned(), Place::Line(line))
}

#[test]
fn the_order_of_signs_makes_the_levels_of_restructured_text() {
    let text = "=====\nGuide\n=====\n\n:Author: Kim\n\nIntro\n\n휴가\n----\n\na\n\nSub part\n~~~~~~~~\n\nb\n\nLast\n----\nc\n";
    let expected = [
        part("Guide", ":Author: Kim\n\nIntro", 5),
        part("Guide > 휴가", "a", 12),
        part("Guide > 휴가 > Sub part", "b", 17),
        part("Guide > Last", "c", 21),
    ];
    assert_eq!(outline(text, Markup::Restructured), expected);
    assert_eq!(read(text, Markup::Restructured).metadata["author"], "Kim");
}

#[test]
fn a_heading_of_restructured_text_loses_its_roles() {
    let title =
        |text: &str| read(&format!("{text}\n{}\nx", "=".repeat(60)), Markup::Restructured).title;
    assert_eq!(title(":mod:`email` and ``x``: more").as_deref(), Some("email and x: more"));
    assert_eq!(title("Note: this: that").as_deref(), Some("Note: this: that"));
}

#[test]
fn tables_and_rules_of_restructured_text_are_no_headings() {
    for same in [
        "a\n\n=====  =====\nA      B\n=====  =====\n1      2\n=====  =====",
        "a\n\n-----\n\nb",
        "    code\n----",
        "long title here\n---",
    ] {
        assert_eq!(outline(same, Markup::Restructured), [part("", same, 1)]);
    }
}

#[test]
fn headings_of_asciidoc_are_found_outside_of_blocks() {
    let text = "= Guide\nKim Lee <kim@x.org>\n:keywords: a, b\n\nIntro\n\n== Part\n\n----\n== code\n----\n\n=== Sub ===\nb\n";
    let expected = [
        part("Guide", "Kim Lee <kim@x.org>\n:keywords: a, b\n\nIntro", 2),
        part("Guide > Part", "----\n== code\n----", 9),
        part("Guide > Part > Sub", "b", 14),
    ];
    assert_eq!(outline(text, Markup::AsciiDoc), expected);
    let document = read(text, Markup::AsciiDoc);
    assert_eq!(document.title.as_deref(), Some("Guide"));
    assert_eq!(
        (document.metadata["author"].as_str(), document.metadata["keywords"].as_str()),
        ("Kim Lee <kim@x.org>", "a, b")
    );
}

#[test]
fn headings_of_org_lose_their_state_and_tags() {
    let text = "#+TITLE: Notes\n#+DATE: <2026-03-01 Sun>\n#+FILETAGS: :hr:pay:\n* TODO [#A] Plan :work:\nx\n#+BEGIN_SRC org\n,* no\n#+END_SRC\n** Sub\n*bold* text\n";
    let expected = [
        part("", "#+TITLE: Notes\n#+DATE: <2026-03-01 Sun>\n#+FILETAGS: :hr:pay:", 1),
        part("Plan", "x\n#+BEGIN_SRC org\n,* no\n#+END_SRC", 5),
        part("Plan > Sub", "*bold* text", 10),
    ];
    assert_eq!(outline(text, Markup::Org), expected);
    let document = read(text, Markup::Org);
    assert_eq!(document.title.as_deref(), Some("Notes"));
    assert_eq!(
        (document.metadata["created"].as_str(), document.metadata["tags"].as_str()),
        ("2026-03-01", "hr, pay")
    );
}

#[test]
fn many_headings_are_bounded() {
    for (text, markup) in [
        ("= h\nx\n", Markup::AsciiDoc),
        ("* h\nx\n", Markup::Org),
        ("\nhhh\n---\nx\n", Markup::Restructured),
    ] {
        let sections = read(&text.repeat(MAX_SECTIONS + 10), markup).sections;
        assert!(sections.len() <= MAX_SECTIONS + 1, "{}", sections.len());
    }
}
