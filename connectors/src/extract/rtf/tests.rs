//! RTF texts of our own making, and what must be read in them.

use super::*;

fn text(rtf: &str) -> String {
    let sections = read(rtf.as_bytes()).unwrap().sections.into_iter();
    sections.map(|section| section.text).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn paragraphs_lines_and_letters_are_read() {
    let rtf = r"{\rtf1\ansi\ansicpg1252 one\line two\par caf\'e9 \endash  {\b x}\tab \{y\}\~z}";
    assert_eq!(text(rtf), "one\ntwo\n\ncafé – x {y} z");
}

#[test]
fn a_document_that_breaks_off_keeps_its_text_and_says_so() {
    let whole = r"{\rtf1\ansi one {\b two}\par three}";
    assert_eq!(read_file(whole.as_bytes()).unwrap().attachments, []);
    let cut = read_file(&whole.as_bytes()[..whole.len() - 3]).unwrap();
    assert!(cut.document.sections[0].text.starts_with("one two"));
    assert!(matches!(cut.attachments[0].content, Err(Reason::Failed(_))));
}

#[test]
fn korean_is_read_across_runs() {
    let rtf = r"{\rtf1\ansi\ansicpg949{\fonttbl{\f0\fcharset129 Batang;}}\f0 \'b0{\b\'a1}\'b3\'aa}";
    assert_eq!(text(rtf), "가나");
}

#[test]
fn each_font_has_its_own_encoding() {
    let rtf = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset129 B;}
        {\f2\fcharset128 C;}{\f3\fcharset204 D;}}\f1\'b0\'a1\f2\'82\'a0\f3\'c6\f0\'e9}";
    assert_eq!(text(rtf), "가あЖé");
}

#[test]
fn east_asian_letters_have_a_font_beside_the_other() {
    let rtf = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset129 B;}}
        \loch\af0\hich\af0\dbch\af1\'b0\'a1\loch\f0\'e9}";
    assert_eq!(text(rtf), "가é");
}

#[test]
fn letters_by_number_replace_their_fallback() {
    assert_eq!(text(r"{\rtf1\uc1 \u44032?\u-10179?\u-8704?x}"), "가😀x");
    assert_eq!(text(r"{\rtf1\uc2 \u44032\'b0\'a1{\uc0\u45208 }\u45796??!}"), "가나다!");
}

#[test]
fn a_cell_keeps_its_header() {
    let row =
        |a: &str, b: &str| format!(r"\trowd\cellx1000\cellx2000\pard\intbl {a}\cell {b}\cell\row ");
    let rtf = format!(r"{{\rtf1 {}{}\pard after\par}}", row("Name", "City"), row("Kim", "Seoul"));
    assert_eq!(text(&rtf), "Name: Kim; City: Seoul\n\nafter");
}

#[test]
fn text_after_a_table_is_not_lost_where_nothing_ends_it() {
    let rtf = r"{\rtf1\trowd\cellx100\cellx200\intbl a1\cell b2\cell\row after\par last}";
    assert_eq!(text(rtf), "a1: b2\n\nafter\n\nlast");
    let rtf = r"{\rtf1\trowd\cellx100\intbl a\cell b\par\pard c\par}";
    assert_eq!(text(rtf), "a: b\n\nc");
}

#[test]
fn what_is_said_of_a_paragraph_ends_with_its_group() {
    let rtf = r"{\rtf1{\pard\outlinelevel0 Top\par}{text\par}}";
    let section = &read(rtf.as_bytes()).unwrap().sections[0];
    assert_eq!((section.heading.join(""), &*section.text), ("Top".to_owned(), "text"));
}

#[test]
fn merged_cells_cover_columns_and_rows() {
    let rtf = r"{\rtf1\trowd\trhdr\cellx1000\cellx3000\intbl A\cell B\cell\row
        \trowd\clvmgf\cellx1000\cellx2000\cellx3000\intbl 1\cell 2\cell 3\cell\row
        \trowd\clvmrg\cellx1000\cellx2000\cellx3000\intbl\cell 4\cell 5\cell\row}";
    assert_eq!(text(rtf), "A: 1; B: 2; B: 3\nA: 1; B: 4; B: 5");
}

#[test]
fn what_is_no_text_is_left_out() {
    let rtf = r"{\rtf1{\colortbl;\red1;}{\*\generator Word;}{\pict 0badcafe}{\v hidden}{\*\new x}
        {\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\object{\*\objdata 00}{\result shown}}}";
    assert_eq!(text(rtf), "linkshown");
}

#[test]
fn notes_and_headers_stand_apart_from_their_sentence() {
    let rtf = r"{\rtf1{\header top\par}A sentence{\footnote a note} ends.\par}";
    assert_eq!(text(rtf), "A sentence ends.\n\ntop\n\na note");
}

#[test]
fn a_text_box_is_text() {
    let rtf = r"{\rtf1{\shp{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt box\par}}{\shprslt no}}x}";
    assert_eq!(text(rtf), "x\n\nbox");
}

#[test]
fn headings_are_known_by_style_and_level() {
    let rtf = r"{\rtf1{\stylesheet{\s0 Normal;}{\s1 heading 1;}}\pard\s1 One\par
        \pard\outlinelevel1 Two\par\pard text\par}";
    let section = &read(rtf.as_bytes()).unwrap().sections[0];
    assert_eq!((section.heading.join(" > ").as_str(), &*section.text), ("One > Two", "text"));
}

#[test]
fn the_document_says_what_it_is() {
    let rtf = r"{\rtf1\ansicpg949{\info{\title \'b0\'a1}{\author Kim}{\operator no}
        {\creatim\yr2009\mo1\dy2\hr3}}x}";
    let document = read(rtf.as_bytes()).unwrap();
    assert_eq!(document.title.as_deref(), Some("가"));
    assert_eq!(document.metadata["author"], "Kim");
    assert_eq!(document.metadata["created"], "2009-01-02");
    assert_eq!(document.metadata.len(), 2);
}

#[test]
fn a_text_that_is_given_twice_is_read_once() {
    let rtf = r"{\rtf1{\info{\upr{\title ?}{\*\ud{\title \u44032?}}}}{\upr{?}{\*\ud{\u45208?}}}}";
    let document = read(rtf.as_bytes()).unwrap();
    assert_eq!((document.title.as_deref(), text(rtf).as_str()), (Some("가"), "나"));
}

#[test]
fn braces_that_do_not_match_lose_no_text() {
    assert_eq!(text(r"{\rtf1 a}}{\b b}}\par c"), "ab\n\nc");
    assert_eq!(text(r"{\rtf1 a{\b b{\i c"), "abc");
    assert_eq!(text("{\\rtf1 a}\0\0garbage"), "a");
}

#[test]
fn deep_nesting_is_harmless() {
    let rtf = format!("{{\\rtf1 {}deep{}end}}", "{".repeat(300_000), "}".repeat(300_000));
    assert_eq!(text(&rtf), "deepend");
    let notes = format!("{{\\rtf1 {}deep", "{\\footnote x".repeat(50_000));
    assert!(text(&notes).ends_with("deep"));
}

/// A sequence that looks random but is the same each time.
fn noise(seed: u64) -> impl Iterator<Item = usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 40).unwrap_or(0)
    })
}

const PIECES: [&str; 34] = [
    "{",
    "}",
    "\\par ",
    "\\cell ",
    "\\row ",
    "\\trowd ",
    "\\cellx500",
    "\\cellx-9",
    "\\intbl ",
    "\\u44032 ?",
    "\\u-1",
    "\\uc9 ",
    "\\'b0",
    "\\'zz",
    "\\bin3 ",
    "\\*",
    "\\footnote ",
    "\\pict ",
    "\\fonttbl ",
    "\\f1 ",
    "\\fcharset129 ",
    "\\dbch ",
    "\\info ",
    "\\title ",
    "\\stylesheet ",
    "\\s1 ",
    "\\shptxt ",
    "\\clvmrg",
    "\\clvmgf",
    "\\pard ",
    "word ",
    "\u{ff}",
    "\\nestrow ",
    "\\",
];

#[test]
fn no_sequence_of_tokens_panics_and_the_output_is_bounded() {
    for seed in 0..400 {
        let pieces = noise(seed).take(300).map(|number| PIECES[number % PIECES.len()]);
        let rtf = format!("{{\\rtf1 {}", pieces.collect::<String>());
        let size = text(&rtf).len();
        assert!(size <= rtf.len() * 4, "{size} of {}", rtf.len());
    }
}

#[test]
fn no_sequence_of_bytes_panics() {
    for seed in 0..400 {
        let bytes = noise(seed).take(400).map(|number| number.to_le_bytes()[0]);
        let rtf = b"{\\rtf1 ".iter().copied().chain(bytes).collect::<Vec<_>>();
        assert!(read(&rtf).is_ok());
    }
}

#[test]
fn every_byte_is_cut_into_one_token_at_most() {
    for seed in 0..100 {
        let pieces = noise(seed).take(2000).map(|number| PIECES[number % PIECES.len()]);
        let rtf = pieces.collect::<String>();
        assert!(tokens::Tokens::new(rtf.as_bytes()).count() <= rtf.len());
    }
}
