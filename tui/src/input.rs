//! The line that is typed into: edited by graphemes, so that no syllable or emoji is torn.

use unicode_segmentation::UnicodeSegmentation;

use crate::text::{clean_line, grapheme_width, width};

/// Longer input is not taken, in characters: the daemon takes no longer question.
pub const MAX_CHARACTERS: usize = 8000;

/// A text and where the cursor is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputLine {
    text: String,
    cursor: usize,
}

impl InputLine {
    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing but spaces was typed.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Puts another text in place of the old one, with the cursor behind it.
    pub fn set(&mut self, text: &str) {
        self.text = clean_line(text).chars().take(MAX_CHARACTERS).collect();
        self.cursor = self.text.len();
    }

    /// Inserts typed or pasted text at the cursor, on one line; all of it, or nothing when there is
    /// no room: then it says `false`.
    #[must_use]
    pub fn insert(&mut self, text: &str) -> bool {
        // A line end of a pasted text of another system is one space, not two.
        let text = clean_line(&text.replace("\r\n", "\n"));
        let has_room = self.text.chars().count() + text.chars().count() <= MAX_CHARACTERS;
        if has_room {
            self.text.insert_str(self.cursor, &text);
            self.cursor += text.len();
        }
        has_room
    }

    /// Moves by one grapheme to the left.
    pub fn left(&mut self) {
        self.cursor = self.before();
    }

    /// Moves by one grapheme to the right.
    pub fn right(&mut self) {
        self.cursor = self.after();
    }

    /// Moves to the beginning of the word on the left.
    pub fn word_left(&mut self) {
        self.cursor = self.word_before();
    }

    /// Moves behind the word on the right.
    pub fn word_right(&mut self) {
        let rest = &self.text[self.cursor..];
        let word = rest.trim_start();
        let end = word.find(char::is_whitespace).unwrap_or(word.len());
        self.cursor += rest.len() - word.len() + end;
    }

    /// Moves to the beginning.
    pub fn start(&mut self) {
        self.cursor = 0;
    }

    /// Moves to the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Deletes the grapheme on the left.
    pub fn delete_back(&mut self) {
        self.delete_from(self.before());
    }

    /// Deletes the grapheme on the right.
    pub fn delete(&mut self) {
        let end = self.after();
        self.text.replace_range(self.cursor..end, "");
    }

    /// Deletes the word on the left.
    pub fn delete_word(&mut self) {
        self.delete_from(self.word_before());
    }

    /// Deletes everything on the left.
    pub fn delete_to_start(&mut self) {
        self.delete_from(0);
    }

    /// Deletes everything on the right.
    pub fn delete_to_end(&mut self) {
        self.text.truncate(self.cursor);
    }

    /// The part that is shown in so many columns, and the column of the cursor in it.
    pub fn window(&self, columns: usize) -> (String, usize) {
        let columns = columns.max(1);
        let mut start = 0;
        // The cursor itself takes a column.
        let mut before = width(&self.text[..self.cursor]);
        for (index, grapheme) in self.text.grapheme_indices(true) {
            if before < columns || index >= self.cursor {
                break;
            }
            before -= grapheme_width(grapheme);
            start = index + grapheme.len();
        }
        let mut shown = String::new();
        let mut used = 0;
        for grapheme in self.text[start.min(self.cursor)..].graphemes(true) {
            used += grapheme_width(grapheme);
            if used > columns {
                break;
            }
            shown.push_str(grapheme);
        }
        (shown, before.min(columns - 1))
    }

    fn delete_from(&mut self, start: usize) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(index, _)| index)
    }

    fn after(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let word = self.text[..self.cursor].trim_end();
        word.rfind(char::is_whitespace)
            .map_or(0, |index| index + word[index..].chars().next().map_or(0, char::len_utf8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> InputLine {
        let mut line = InputLine::default();
        text.chars().for_each(|character| assert!(line.insert(&character.to_string())));
        line
    }

    #[test]
    fn one_key_deletes_one_syllable_or_emoji() {
        let mut line = typed("휴가👩‍👩‍👧e\u{301}");
        line.delete_back();
        assert_eq!(line.text(), "휴가👩‍👩‍👧");
        line.delete_back();
        assert_eq!(line.text(), "휴가");
        line.left();
        line.delete();
        assert_eq!(line.text(), "휴");
        line.delete();
        assert_eq!(line.text(), "휴");
    }

    #[test]
    fn pasted_lines_become_one_and_steer_nothing() {
        let mut line = InputLine::default();
        assert!(line.insert("one\r\ntwo\n\u{1b}[31mthree"));
        assert_eq!(line.text(), "one two �[31mthree");
        assert!(!line.insert(&"x".repeat(MAX_CHARACTERS)), "nothing is cut in silence");
        assert_eq!(line.text(), "one two �[31mthree");
    }

    #[test]
    fn words_are_moved_over_and_deleted() {
        let mut line = typed("연차 휴가  carry over");
        line.word_left();
        line.word_left();
        line.delete_word();
        assert_eq!(line.text(), "연차 carry over");
        line.word_right();
        line.delete_to_end();
        assert_eq!(line.text(), "연차 carry");
        line.delete_to_start();
        assert_eq!(line.text(), "");
        line.delete_word();
    }

    #[test]
    fn the_cursor_is_always_inside_the_window() {
        let mut line = typed("연차 휴가 carry over 👩‍👩‍👧");
        for columns in 0..12 {
            line.end();
            for _ in 0..25 {
                let (shown, cursor) = line.window(columns);
                assert!(width(&shown) <= columns.max(1));
                assert!(cursor < columns.max(1));
                line.left();
            }
        }
        line.end();
        assert_eq!(line.window(8), (String::from("over 👩‍👩‍👧"), 7));
    }
}
