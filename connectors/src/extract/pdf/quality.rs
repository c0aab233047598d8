//! Whether what came out of a PDF is language: fonts without a map to Unicode yield nonsense.

/// Fewer letters than these prove nothing.
const LEAST_LETTERS: usize = 300;

/// In every language of Latin script, vowels are between about 35 and 50 of 100 letters.
const LEAST_VOWELS: f32 = 0.22;
const MOST_VOWELS: f32 = 0.68;

/// Signs without meaning among all signs.
const MOST_MEANINGLESS: f32 = 0.2;

const VOWELS: &str = "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāăąēėęěīįıōőœūůűų";

/// Why a text is no language; `None` for one that may be.
pub(super) fn fault(text: &str) -> Option<&'static str> {
    let mut counts = Counts::default();
    text.chars().for_each(|c| counts.add(c));
    counts.fault()
}

#[derive(Debug, Default)]
struct Counts {
    signs: usize,
    meaningless: usize,
    letters: usize,
    latin: usize,
    vowels: usize,
}

impl Counts {
    fn add(&mut self, c: char) {
        if c.is_whitespace() {
            return;
        }
        self.signs += 1;
        // Replacement characters, private use, and controls.
        if c.is_control() || matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..) {
            self.meaningless += 1;
        }
        if c.is_alphabetic() {
            self.letters += 1;
            self.latin += usize::from(c < '\u{250}');
            self.vowels += usize::from(c.to_lowercase().any(|c| VOWELS.contains(c)));
        }
    }

    fn fault(&self) -> Option<&'static str> {
        if self.signs > 20 && self.meaningless as f32 > self.signs as f32 * MOST_MEANINGLESS {
            return Some("characters without a meaning");
        }
        let is_latin = self.latin * 10 > self.letters * 9;
        let share = self.vowels as f32 / self.latin.max(1) as f32;
        let is_language = (LEAST_VOWELS..=MOST_VOWELS).contains(&share);
        if self.letters >= LEAST_LETTERS && is_latin && !is_language {
            return Some("letters that form no words");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_letters_are_no_language() {
        let german = "Mit dem offiziellen Spatenstich startete die Gemeinde das Projekt. ";
        let shifted = |c: char| match c {
            ' '..='z' => char::from_u32(u32::from(c) - 29).filter(|c| !c.is_control()),
            other => Some(other),
        };
        let garbage = german.chars().filter_map(shifted).collect::<String>();
        assert_eq!(fault(&german.repeat(9)), None);
        assert!(fault(&garbage.repeat(9)).is_some(), "{garbage}");
    }

    #[test]
    fn private_characters_are_no_language() {
        assert!(fault(&"\u{e012}\u{e013} \u{fffd}a".repeat(20)).is_some());
        assert_eq!(fault(&"• \u{f0b7} a list item of some length".repeat(20)), None);
    }

    #[test]
    fn other_scripts_and_tables_of_numbers_pass() {
        assert_eq!(fault(&"연차 휴가는 다음 해로 이월할 수 있다. ".repeat(40)), None);
        assert_eq!(fault(&"1,234.50 99 (12) ".repeat(100)), None);
    }
}
