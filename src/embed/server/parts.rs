//! Texts on their way to a server, and the parts of those that are too long for it.

use crate::chunk::estimate_tokens;

/// A text, or a part of one that was too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Which of the caller's texts it belongs to.
    pub(super) text: usize,
    /// The words themselves, without the model's prefix.
    pub(super) words: String,
    /// About how many tokens the words have.
    pub(super) tokens: usize,
}

/// Parts of fewer tokens than this are not divided any more.
const FEWEST_TOKENS: usize = 8;

impl Part {
    pub(super) fn new(text: usize, words: String) -> Self {
        let tokens = estimate_tokens(&words);
        Self { text, words, tokens }
    }

    /// Two parts that together are this one, divided at a word border near the middle; `None`
    /// when it is too short for that.
    pub(super) fn halves(&self) -> Option<[Self; 2]> {
        if self.tokens < FEWEST_TOKENS {
            return None;
        }
        let (left, right) = self.words.split_at(border(&self.words));
        let [left, right] = [left, right].map(str::trim);
        let is_divided = !left.is_empty() && !right.is_empty();
        is_divided.then(|| [left, right].map(|words| Self::new(self.text, words.to_owned())))
    }

    /// The parts of at most `most` tokens that it is made of.
    pub(super) fn within(self, most: usize, parts: &mut Vec<Self>) {
        match (self.tokens > most).then(|| self.halves()).flatten() {
            Some(halves) => halves.into_iter().for_each(|half| half.within(most, parts)),
            None => parts.push(self),
        }
    }
}

/// The white space nearest to the middle, within the middle half; else the middle itself.
fn border(words: &str) -> usize {
    let middle = words.floor_char_boundary(words.len() / 2);
    let reach = words.len() / 4;
    let before = words[..middle].rfind(char::is_whitespace).filter(|at| middle - at <= reach);
    let after = words[middle..].find(char::is_whitespace).filter(|at| *at <= reach);
    match (before, after.map(|at| middle + at)) {
        (Some(before), Some(after)) if middle - before <= after - middle => before,
        (_, Some(after)) => after,
        (Some(before), None) => before,
        (None, None) => middle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_divided_at_a_word_border_and_nothing_is_lost() {
        let text = "alpha beta gamma delta epsilon zeta eta theta iota kappa";
        let [left, right] = Part::new(3, text.into()).halves().unwrap();
        assert_eq!(format!("{} {}", left.words, right.words), text);
        assert_eq!((left.text, right.text), (3, 3));
    }

    #[test]
    fn text_without_spaces_is_divided_between_characters() {
        let text = "한국어문서는띄어쓰기없이도나뉜다";
        let [left, right] = Part::new(0, text.into()).halves().unwrap();
        assert_eq!(format!("{}{}", left.words, right.words), text);
    }

    #[test]
    fn a_long_text_becomes_parts_that_all_fit() {
        let text = "some words that go on and on ".repeat(500);
        let mut parts = Vec::new();
        Part::new(0, text.clone()).within(100, &mut parts);
        assert!(parts.iter().all(|part| part.tokens <= 100 && part.tokens > 40));
        let joined: Vec<&str> = parts.iter().map(|part| part.words.as_str()).collect();
        assert_eq!(joined.join(" "), text.trim());
    }

    #[test]
    fn what_is_short_is_not_divided() {
        assert_eq!(Part::new(0, "two words".into()).halves(), None);
        assert_eq!(Part::new(0, " ".repeat(1_000)).halves(), None);
    }
}
