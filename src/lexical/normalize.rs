//! One spelling for equal text: compatibility composition and full case folding, with the way back.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// Text in NFKC, and where each piece of it stood in the original.
pub(super) struct Normalized<'t> {
    pub text: Cow<'t, str>,
    /// (byte in `text`, byte in the original) at the start of each cluster; empty when equal.
    origins: Vec<(usize, usize)>,
    original_length: usize,
}

impl<'t> Normalized<'t> {
    /// Composes `text`; borrowed and free of cost when it is composed already.
    pub fn new(text: &'t str) -> Self {
        let original_length = text.len();
        if text.chars().all(|c| c.is_ascii_alphanumeric() || is_syllable(c)) {
            return Self { text: Cow::Borrowed(text), origins: Vec::new(), original_length };
        }
        if is_nfkc_quick(text.chars()) == IsNormalized::Yes && !text.contains(is_ignorable) {
            return Self { text: Cow::Borrowed(text), origins: Vec::new(), original_length };
        }
        let mut composed = String::with_capacity(text.len());
        let mut origins = Vec::new();
        for (origin, cluster) in text.grapheme_indices(true) {
            let before = composed.len();
            composed.extend(cluster.chars().filter(|c| !is_ignorable(*c)).nfkc());
            if composed.len() > before {
                origins.push((before, origin));
            }
        }
        Self { text: Cow::Owned(composed), origins, original_length }
    }

    /// The original byte range behind the bytes `start..end` of the normalised text.
    pub fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        if self.origins.is_empty() {
            return (start, end);
        }
        let first = self.origins.partition_point(|(byte, _)| *byte <= start).saturating_sub(1);
        let next = self.origins.partition_point(|(byte, _)| *byte < end);
        let from = self.origins.get(first).map_or(0, |(_, origin)| *origin);
        let to = self.origins.get(next).map_or(self.original_length, |(_, origin)| *origin);
        (from, to)
    }
}

/// Appends `text` (already NFKC) to `folded` with letter case removed (`Straße` → `strasse`).
pub(super) fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        let start = folded.len();
        folded.push_str(text);
        folded[start..].make_ascii_lowercase();
        return;
    }
    // Upper, then lower, per character is Unicode's full folding: ß → SS → ss, ς → Σ → σ.
    folded.extend(text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
}

/// Whether a character is part of words: letters, digits, marks and what is dropped inside words.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    // The common case first: the tables of Unicode are slow.
    if is_syllable(c) {
        return true;
    }
    c.is_alphanumeric() || is_combining_mark(c) || is_ignorable(c) || is_squared(c)
}

/// Whether a character is a whole Hangul syllable, which no normalisation changes by itself.
fn is_syllable(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

/// Invisible characters that may stand inside a word without dividing it.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Units and marks in one cell such as ㎏ and ㈜, which decompose into letters.
fn is_squared(c: char) -> bool {
    matches!(c, '\u{3200}'..='\u{33ff}')
}

/// Whether a character belongs to a script that is indexed by pairs of characters.
pub(super) fn is_paired(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{11ff}' // Myanmar, Georgian apart, Hangul letters
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{318f}' // Kana, Hangul letters
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' // Han
        | '\u{ac00}'..='\u{d7ff}' // Hangul syllables
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && !matches!(c, '\u{10a0}'..='\u{10ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_text_is_composed_and_keeps_its_places() {
        let original = "a한글b";
        let decomposed: String = original.nfd().collect();
        let normalized = Normalized::new(&decomposed);
        assert_eq!(normalized.text, original);
        let (start, end) = normalized.origin(1, 7);
        assert_eq!(decomposed[start..end].nfc().collect::<String>(), "한글");
    }

    #[test]
    fn composed_text_is_borrowed() {
        assert!(matches!(Normalized::new("연차휴가 Policy").text, Cow::Borrowed(_)));
    }

    #[test]
    fn folding_is_full_and_not_only_lower_case() {
        let mut folded = String::new();
        fold_into("Straße ΣΊΣΥΦΟΣ σίσυφος", &mut folded);
        assert_eq!(folded, "strasse σίσυφοσ σίσυφοσ");
    }

    #[test]
    fn soft_hyphens_do_not_divide_words() {
        assert_eq!(Normalized::new("exam\u{ad}ple").text, "example");
    }
}
