//! The built-in model's word pieces: text to token ids, in bounded steps.

use crate::error::{Error, Result};

const DESCRIPTION: &[u8] = include_bytes!("../../assets/minilm/tokenizer.json");

/// Text is tokenised in pieces of this size, so that memory does not grow with the text.
const PIECE_BYTES: usize = 16 * 1024;

/// Turns text into the built-in model's tokens. About 5 MB while loaded.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

/// The tokens of the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) ids: Vec<u32>,
    /// Whether text was left over when the limit was reached.
    pub(super) cut: bool,
}

impl Tokenizer {
    /// Reads the vocabulary from the binary; takes about 20 ms.
    pub fn load() -> Result<Self> {
        let inner = tokenizers::Tokenizer::from_bytes(DESCRIPTION).map_err(|error| {
            Error::internal("cannot read the built-in tokenizer").because(error)
        })?;
        Ok(Self { inner })
    }

    /// Tokens of the whole text, the two special ones not counted.
    pub fn count(&self, text: &str) -> Result<usize> {
        pieces(text).try_fold(0, |sum, piece| Ok(sum + self.piece_ids(piece)?.len()))
    }

    /// The first `limit` tokens of the text, without special ones.
    pub(super) fn encode(&self, text: &str, limit: usize) -> Result<Tokens> {
        let mut ids = Vec::new();
        for piece in pieces(text) {
            if ids.len() >= limit {
                return Ok(Tokens { ids, cut: true });
            }
            ids.extend(self.piece_ids(piece)?);
        }
        let cut = ids.len() > limit;
        ids.truncate(limit);
        Ok(Tokens { ids, cut })
    }

    fn piece_ids(&self, piece: &str) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .encode_fast(piece, false)
            .map_err(|error| Error::internal("cannot tokenise a text").because(error))?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// Cuts at white space, where a cut changes no token; inside a word only if it fills a piece.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(piece_end(rest));
        rest = after.trim_start();
        Some(piece)
    })
}

fn piece_end(text: &str) -> usize {
    if text.len() <= PIECE_BYTES {
        return text.len();
    }
    let end = text.floor_char_boundary(PIECE_BYTES);
    match text[..end].rfind(char::is_whitespace) {
        Some(space) if space > 0 => space,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_many_pieces_has_the_tokens_of_its_parts() {
        let tokenizer = Tokenizer::load().unwrap();
        let sentence = "Unbelievably, the naïve café owner re-indexed 1,024 files. ";
        let once = tokenizer.count(sentence).unwrap();
        assert!(once > 15, "{once}");
        assert_eq!(tokenizer.count(&sentence.repeat(2_000)).unwrap(), 2_000 * once);
    }

    #[test]
    fn a_limit_cuts_and_says_so() {
        let tokenizer = Tokenizer::load().unwrap();
        assert_eq!(tokenizer.encode("one two three", 3).unwrap().ids.len(), 3);
        assert!(!tokenizer.encode("one two three", 3).unwrap().cut);
        let cut = tokenizer.encode("one two three", 2).unwrap();
        assert_eq!((cut.ids.len(), cut.cut), (2, true));
        assert!(tokenizer.encode(&"word ".repeat(100_000), 10).unwrap().cut);
    }

    #[test]
    fn special_tokens_in_a_text_are_plain_words() {
        let tokenizer = Tokenizer::load().unwrap();
        let ids = tokenizer.encode("[CLS] [SEP] [PAD]", 100).unwrap().ids;
        assert!(ids.iter().all(|id| ![0, 101, 102].contains(id)), "{ids:?}");
    }

    #[test]
    fn one_endless_word_is_tokenised_in_bounded_pieces() {
        let tokenizer = Tokenizer::load().unwrap();
        assert_eq!(tokenizer.count(&"가".repeat(PIECE_BYTES / 3 * 4)).unwrap(), 4);
        assert_eq!(tokenizer.count("").unwrap(), 0);
        assert_eq!(tokenizer.count(" \n\t ").unwrap(), 0);
    }
}
