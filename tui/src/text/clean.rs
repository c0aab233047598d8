//! Taking from hostile text what would steer the terminal or disguise what is read.

use ragterm_units::{breaks_line, steers};

/// Stands for each character that is not shown.
const REPLACEMENT: char = '\u{fffd}';

/// The text with as many characters, none of which steers a terminal; line feeds stay.
pub fn clean(text: &str) -> String {
    text.chars().map(harmless).collect()
}

/// The text on one line, with as many characters.
pub fn clean_line(text: &str) -> String {
    text.chars()
        .map(|character| if character == '\n' { ' ' } else { harmless(character) })
        .collect()
}

fn harmless(character: char) -> char {
    match character {
        '\n' => '\n',
        '\t' | '\u{feff}' => ' ',
        other if breaks_line(other) => ' ',
        other if steers(other) => REPLACEMENT,
        // Terminals do not agree how wide these are, and nobody sees them.
        '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{fff9}'..='\u{fffb}' => REPLACEMENT,
        '\u{e0000}'..='\u{e0fff}' => REPLACEMENT,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sequence_of_a_document_reaches_the_terminal() {
        let hostile = "a\u{1b}[2J\u{9b}31m\u{7}\u{8}\u{7f}\u{202e}b\u{2066}\r\n\u{e0041}";
        let cleaned = clean(hostile);
        assert_eq!(cleaned, "a�[2J�31m����b� \n�");
        assert_eq!(cleaned.chars().count(), hostile.chars().count());
        assert_eq!(clean_line("a\nb\tc"), "a b c");
    }

    #[test]
    fn joined_emoji_and_accents_stay_whole() {
        let text = "👩‍👩‍👧 é e\u{301} 한글 👍🏽";
        assert_eq!(clean(text), text);
    }
}
