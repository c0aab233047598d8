//! Characters that belong to print, not to text: ligatures, leaders, odd blanks.

use unicode_normalization::UnicodeNormalization;

use crate::extract::outline::one_line;

/// Dots between an entry of a table of contents and its page number are cut to these.
pub(super) const LEADER: &str = " … ";
const LEADER_DOTS: usize = 5;

/// The text with ligatures spelt out and without invisible characters.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // Latin, Hebrew and Arabic ligatures and forms of letters; nothing else is changed.
            '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
                out.extend(std::iter::once(c).nfkc())
            }
            // Bullets of the Symbol and Wingdings fonts.
            '\u{f0b7}' | '\u{f0a7}' | '\u{f06c}' | '\u{f06e}' | '\u{f0d8}' => out.push('•'),
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// One line of text, its cells two blanks apart, without dots that only lead the eye.
pub(super) fn without_leaders(text: &str) -> String {
    let cells = text.split("  ").map(one_line).filter(|cell| !cell.is_empty());
    let text = cells.collect::<Vec<_>>().join("  ");
    if !["...", ". . .", "···", "___"].iter().any(|dots| text.contains(dots)) {
        return text;
    }
    let is_dot = |c: char| matches!(c, '.' | '·' | '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_dot) {
        let length = rest[start..].find(|c| !is_dot(c) && c != ' ');
        let end = length.map_or(rest.len(), |length| start + length);
        let run = &rest[start..end];
        if run.chars().filter(|c| is_dot(*c)).count() >= LEADER_DOTS {
            out.push_str(rest[..start].trim_end());
            out.push_str(LEADER);
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.trim_end_matches([' ', '…']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ligatures_are_spelt_out_and_nothing_else_is_changed() {
        assert_eq!(text("e\u{fb03}cient\u{a0}x²"), "efficient x²");
        assert_eq!(text("ﻻ"), "لا");
        assert_eq!(text("가\u{200b}나\u{0}"), "가나");
    }

    #[test]
    fn leaders_are_cut_and_sentences_are_not() {
        assert_eq!(without_leaders("What is it?...........12"), "What is it? … 12");
        assert_eq!(without_leaders("1.1 Spaces . . . . . . . . 2"), "1.1 Spaces … 2");
        assert_eq!(without_leaders("Wait... e.g. this. And  that"), "Wait... e.g. this. And  that");
        assert_eq!(without_leaders("Name: ________"), "Name:");
    }
}
