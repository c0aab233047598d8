//! Text for the screen: cleaned of what would steer a terminal, measured, cut and wrapped.

mod clean;
mod compose;
mod mark;
mod piece;
mod wrap;

pub use clean::{clean, clean_line};
pub use compose::composed;
pub use mark::{mark_ranges, mark_terms};
pub use piece::{Piece, Role, Row, row_width};
pub use wrap::{cut, cut_row, cut_start, title_and_place, wrap};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns a text takes; a grapheme takes at most two.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(grapheme_width).sum()
}

/// How many columns one grapheme takes.
pub fn grapheme_width(grapheme: &str) -> usize {
    grapheme.width().min(2)
}

/// The word of `known` that somebody who wrote `word` most likely meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().count() > 64 {
        return None;
    }
    known
        .map(|other| (strsim::normalized_damerau_levenshtein(word, other), other))
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_measured_as_terminals_show_them() {
        assert_eq!(width("leave"), 5);
        assert_eq!(width("연차 휴가"), 9);
        assert_eq!(width("👩‍👩‍👧‍👦"), 2);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("\u{1112}\u{1161}\u{11ab}"), 2, "a syllable in conjoining letters");
    }
}
