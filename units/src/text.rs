//! Characters of foreign text that must not reach a terminal or a reader as they are.

/// Whether a line ends here, for some terminal or reader.
pub fn breaks_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Control characters, and those that reorder what follows them.
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_read_steers_nothing() {
        assert!(!"연차 휴가 👩‍👩‍👧 e\u{301} שלום".chars().any(|c| steers(c) || breaks_line(c)));
        assert!("\u{1b}\u{9b}\u{7f}\u{202e}\u{2066}\u{61c}\r".chars().all(steers));
        assert!("\n\r\u{85}\u{2028}".chars().all(breaks_line));
    }
}
