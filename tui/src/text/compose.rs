//! Putting together what some systems take apart: Korean syllables in conjoining letters, as the file
//! names of macOS have them, and which many terminals do not join.

const LEADING: u32 = 0x1100;
const VOWEL: u32 = 0x1161;
const TRAILING: u32 = 0x11a7;
const SYLLABLE: u32 = 0xac00;

/// The text with each syllable of conjoining letters as one character; it takes as many columns.
pub fn composed(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for character in text.chars() {
        match all.chars().next_back().and_then(|before| joined(before, character)) {
            Some(syllable) => {
                all.pop();
                all.push(syllable);
            }
            None => all.push(character),
        }
    }
    all
}

/// A leading letter with a vowel, or a syllable that is still open with a trailing letter.
fn joined(before: char, character: char) -> Option<char> {
    let (before, character) = (u32::from(before), u32::from(character));
    let leading = before.checked_sub(LEADING).filter(|index| *index < 19);
    let vowel = character.checked_sub(VOWEL).filter(|index| *index < 21);
    if let (Some(leading), Some(vowel)) = (leading, vowel) {
        return char::from_u32(SYLLABLE + (leading * 21 + vowel) * 28);
    }
    let open = before.checked_sub(SYLLABLE).filter(|index| *index < 11_172 && index % 28 == 0)?;
    let trailing = character.checked_sub(TRAILING).filter(|index| (1..28).contains(index))?;
    char::from_u32(SYLLABLE + open + trailing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    #[test]
    fn syllables_in_conjoining_letters_become_one_character() {
        let apart = "\u{110b}\u{1167}\u{11ab}\u{110e}\u{1161} a.md";
        assert_eq!(composed(apart), "연차 a.md");
        assert_eq!(width(apart), width("연차 a.md"));
        for text in ["연차", "각\u{11a8}", "\u{1161}\u{11ab}", "e\u{301}👩‍👩‍👧", ""]
        {
            assert_eq!(composed(text), text);
        }
    }
}
