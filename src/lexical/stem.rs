//! English stems and stop words, remembered for the words that come again and again.

use std::collections::HashSet;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

/// Words up to this many bytes are remembered; longer ones are stemmed each time.
const REMEMBERED_BYTES: usize = 30;
const SLOTS: usize = 2048;

/// Reduces English words to stems; keeps a small table of the latest words.
pub(super) struct Stems {
    stemmer: Stemmer,
    slots: Vec<Slot>,
    long: String,
}

#[derive(Clone)]
struct Slot {
    word: [u8; REMEMBERED_BYTES],
    stem: [u8; REMEMBERED_BYTES],
    word_length: u8,
    stem_length: u8,
    stop: bool,
}

const EMPTY: Slot = Slot {
    word: [0; REMEMBERED_BYTES],
    stem: [0; REMEMBERED_BYTES],
    word_length: 0,
    stem_length: 0,
    stop: false,
};

impl Stems {
    pub fn new() -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        Self { stemmer, slots: Vec::new(), long: String::new() }
    }

    /// The stem of a lower-case ASCII word, and whether the word is a stop word.
    pub fn stem(&mut self, word: &str) -> (&str, bool) {
        if word.len() > REMEMBERED_BYTES {
            self.long.clear();
            self.long.push_str(&self.stemmer.stem(word));
            return (&self.long, false);
        }
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, EMPTY);
        }
        let slot = &mut self.slots[place(word)];
        if slot.word[..usize::from(slot.word_length)] != *word.as_bytes() {
            slot.fill(word, &self.stemmer.stem(word));
        }
        let stem = &slot.stem[..usize::from(slot.stem_length)];
        (std::str::from_utf8(stem).unwrap_or_default(), slot.stop)
    }
}

impl Slot {
    fn fill(&mut self, word: &str, stem: &str) {
        // A stem never outgrows its word in this algorithm; were it so, the word stands.
        let stem = if stem.len() <= REMEMBERED_BYTES { stem } else { word };
        self.word[..word.len()].copy_from_slice(word.as_bytes());
        self.stem[..stem.len()].copy_from_slice(stem.as_bytes());
        self.word_length = word.len() as u8;
        self.stem_length = stem.len() as u8;
        self.stop = is_stop_word(word);
    }
}

fn place(word: &str) -> usize {
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    (hash >> 32) as usize % SLOTS
}

/// Whether a lower-case word carries so little meaning that a query does better without it.
pub(super) fn is_stop_word(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| STOP_WORDS.split(' ').collect());
    WORDS.contains(word)
}

/// Articles, pronouns, prepositions, auxiliaries and the words that questions begin with.
const STOP_WORDS: &str = "\
    a about above after again against all am an and any are as at be because been before being \
    below between both but by can cannot could d did do does doing down during each few for from \
    further had has have having he her here hers herself him himself his how i if in into is it \
    its itself ll m me more most my myself no nor not of off on once only or other ought our \
    ours ourselves out over own re s same she should so some such t than that the their theirs \
    them themselves then there these they this those through to too under until up ve very was \
    we were what when where which while who whom why will with would you your yours yourself \
    yourselves";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_words_between_single_spaces() {
        assert!(STOP_WORDS.split(' ').all(|word| !word.is_empty() && is_stop_word(word)));
        assert!(!is_stop_word("policy"));
    }

    #[test]
    fn remembered_stems_equal_fresh_ones() {
        let mut stems = Stems::new();
        let fresh = Stemmer::create(Algorithm::English);
        let words = ["policies", "policy", "running", "the", "configuration", "hoping"];
        for word in words.iter().cycle().take(40) {
            assert_eq!(stems.stem(word), (&*fresh.stem(word), is_stop_word(word)));
        }
    }

    #[test]
    fn long_words_are_stemmed_too() {
        let word = format!("{}ing", "supercali".repeat(5));
        assert_eq!(Stems::new().stem(&word).0, &word[..word.len() - 3]);
    }
}
