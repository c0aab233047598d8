//! Whether anything that was found has to do with the question at all; pure.

/// What speaks for a passage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Words of the question, without those that say nothing.
    pub words: usize,
    /// Those of them that stand in the passage, its title or its headings.
    pub matched: usize,
    /// The cosine of question and passage, where meaning was searched.
    pub cosine: Option<f32>,
}

/// The part of the question's words that is enough by itself.
const SHARE: f32 = 0.25;

/// A likeness of meaning that is enough by itself.
const COSINE: f32 = 0.4;

/// Whether one of the passages may hold an answer. Refuses only where nothing speaks for any: what
/// is passed on, the model can still decline.
pub fn is_relevant(found: &[Evidence]) -> bool {
    found.iter().any(|evidence| {
        let share = evidence.matched as f32 / evidence.words.max(1) as f32;
        share >= SHARE || evidence.cosine.is_some_and(|cosine| cosine >= COSINE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_or_meaning_make_a_passage_relevant() {
        let evidence = |matched, cosine| [Evidence { words: 4, matched, cosine }];
        assert!(is_relevant(&evidence(2, None)));
        assert!(is_relevant(&evidence(0, Some(0.6))));
        assert!(!is_relevant(&evidence(1, Some(0.1))));
        assert!(!is_relevant(&evidence(0, None)));
        assert!(!is_relevant(&[]));
    }
}
