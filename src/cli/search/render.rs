//! The answer to a search for people.

use ragterm_proto::v1::{Highlight, Hit, Place, SearchReply};

use crate::cli::output::{BOLD, DIM, MATCH, clean};
use crate::cli::units::age;

/// The hits, best first; ages are relative to `now_ms`, in milliseconds since the epoch.
pub fn render(reply: &SearchReply, now_ms: i64) -> String {
    let differ =
        |part: fn(&Hit) -> &str| reply.hits.windows(2).any(|pair| part(&pair[0]) != part(&pair[1]));
    let shown = Shown { spaces: differ(|hit| &hit.space), sources: differ(|hit| &hit.source) };
    let hits: Vec<String> = reply.hits.iter().map(|hit| render_hit(hit, shown, now_ms)).collect();
    hits.join("\n")
}

/// What is worth showing because it differs.
#[derive(Debug, Clone, Copy)]
struct Shown {
    spaces: bool,
    sources: bool,
}

fn render_hit(hit: &Hit, shown: Shown, now_ms: i64) -> String {
    let heading: Vec<String> = hit
        .heading
        .iter()
        .filter(|heading| **heading != hit.title)
        .map(|heading| clean(heading))
        .collect();
    let mut text = format!("{}. {BOLD}{}{BOLD:#}", hit.rank, clean(&hit.title));
    if !heading.is_empty() {
        text.push_str(&format!("{DIM} › {}{DIM:#}", heading.join(" › ")));
    }
    let indent = "   ";
    text.push_str(&format!("\n{indent}{DIM}{}{DIM:#}\n", place(hit, shown, now_ms)));
    text.push_str(&format!("{indent}{}\n", highlighted(&hit.snippet, &hit.highlights)));
    for other in &hit.also_at {
        text.push_str(&format!("{indent}{DIM}also at {}{DIM:#}\n", other_place(other, hit)));
    }
    for line in &hit.explanation {
        text.push_str(&format!("{indent}{DIM}{}{DIM:#}\n", clean(line)));
    }
    text
}

/// `hr/leave.md:41-58 · share · 3 days ago`.
fn place(hit: &Hit, shown: Shown, now_ms: i64) -> String {
    let mut place = position(hit);
    if shown.sources {
        place.push_str(&format!(" · {}", clean(&hit.source)));
    }
    if shown.spaces {
        place.push_str(&format!(" · space {}", clean(&hit.space)));
    }
    format!("{place} · {}", age(hit.modified_ms, now_ms))
}

/// `hr/leave.md:41-58`, or `hr/leave.pdf page 3`.
pub fn position(hit: &Hit) -> String {
    let path = clean(&hit.path);
    match (hit.lines, hit.page) {
        (Some(lines), _) if lines.first == lines.last => format!("{path}:{}", lines.first),
        (Some(lines), _) => format!("{path}:{}-{}", lines.first, lines.last),
        (None, Some(page)) => format!("{path} page {page}"),
        (None, None) => path,
    }
}

fn other_place(other: &Place, hit: &Hit) -> String {
    match other.source == hit.source {
        true => clean(&other.path),
        false => format!("{} · {}", clean(&other.path), clean(&other.source)),
    }
}

/// The snippet on one line; ranges count its characters, and wrong ones are left out.
fn highlighted(snippet: &str, highlights: &[Highlight]) -> String {
    let mut starts: Vec<&Highlight> =
        highlights.iter().filter(|range| range.start < range.end).collect();
    starts.sort_by_key(|range| range.start);
    let mut ranges = starts.into_iter().peekable();
    let mut end = None;
    let mut text = String::new();
    // Cleaning keeps the number of characters.
    for (position, character) in (0u32..).zip(clean(snippet).chars()) {
        if end == Some(position) {
            text.push_str(&format!("{MATCH:#}"));
            end = None;
        }
        while let Some(range) = ranges.next_if(|range| range.start <= position) {
            if end.is_none() && range.start == position {
                text.push_str(&format!("{MATCH}"));
                end = Some(range.end);
            }
        }
        text.push(character);
    }
    if end.is_some() {
        text.push_str(&format!("{MATCH:#}"));
    }
    text
}

#[cfg(test)]
pub mod tests {
    //! What a reply of the daemon looks like, here and as JSON.

    use ragterm_proto::v1::{LineRange, Mode, Scores};

    use super::*;

    const NOW_MS: i64 = 1_772_356_364_999 + 3 * 86_400_000;

    /// A reply with one hit in every detail, and one with as little as possible.
    pub fn reply() -> SearchReply {
        let full = Hit {
            rank: 1,
            score: f64::from(0.87_f32),
            document: "0192".into(),
            uri: "file:///srv/share/hr/leave.md".into(),
            path: "hr/leave.md".into(),
            title: "Leave policy".into(),
            heading: vec!["Leave policy".into(), "Carry-over".into()],
            space: "hr".into(),
            source: "share".into(),
            r#type: "md".into(),
            modified_ms: 1_772_356_364_999,
            lines: Some(LineRange { first: 41, last: 58 }),
            page: None,
            snippet: "Unused vacation days\nmay be carried over …".into(),
            highlights: vec![Highlight { start: 7, end: 15 }, Highlight { start: 28, end: 40 }],
            scores: Some(Scores { dense: Some(0.71), keyword: Some(12.4), rerank: None }),
            also_at: vec![Place {
                document: "0193".into(),
                uri: "file:///srv/old/leave.md".into(),
                path: "leave.md".into(),
                space: "hr".into(),
                source: "old".into(),
            }],
            ordinal: 3,
            explanation: vec!["keyword 12.4 → 1.00 × 0.5".into()],
        };
        let bare = Hit {
            rank: 2,
            score: 0.5,
            path: "연차\u{1b}[2J.txt".into(),
            title: "연차\u{9b}2J".into(),
            source: "old".into(),
            space: "hr".into(),
            page: Some(3),
            snippet: "연차 이월".into(),
            highlights: vec![Highlight { start: 3, end: 99 }, Highlight { start: 4, end: 2 }],
            ..Hit::default()
        };
        SearchReply {
            query: "vacation carry over".into(),
            mode: Mode::Hybrid.into(),
            took_ms: 4.2,
            degraded: None,
            embedded_share: 1.0,
            hits: vec![full, bare],
        }
    }

    #[test]
    fn a_hit_shows_title_place_and_passage() {
        let text = anstream::adapter::strip_str(&render(&reply(), NOW_MS)).to_string();
        insta::assert_snapshot!(text, @r"
        1. Leave policy › Carry-over
           hr/leave.md:41-58 · share · 3 days ago
           Unused vacation days may be carried over …
           also at leave.md · old
           keyword 12.4 → 1.00 × 0.5

        2. 연차�2J
           연차�[2J.txt page 3 · old · 56 years ago
           연차 이월
        ");
    }

    #[test]
    fn what_was_searched_for_stands_out() {
        let hit = &reply().hits[0];
        let text = highlighted(&hit.snippet, &hit.highlights);
        let marked = text.replace(&MATCH.to_string(), "[").replace(&format!("{MATCH:#}"), "]");
        assert_eq!(marked, "Unused [vacation] days may be [carried over] …");
    }

    #[test]
    fn hostile_ranges_neither_panic_nor_leave_the_colour_on() {
        let ranges = [(0, u32::MAX), (1, 2), (5, 5), (7, 3), (1_000, 2_000)];
        let ranges = ranges.map(|(start, end)| Highlight { start, end });
        let text = highlighted("연차", &ranges);
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), "연차");
        assert!(text.ends_with(&format!("{MATCH:#}")));
        assert_eq!(highlighted("", &ranges), "");
    }

    #[test]
    fn nothing_of_a_document_steers_the_terminal() {
        let plain = anstream::adapter::strip_str(&render(&reply(), NOW_MS)).to_string();
        assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
    }
}
