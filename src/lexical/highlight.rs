//! Where a query's words, phrases and beginnings of words stand in a text.

use std::collections::{HashMap, HashSet};

use super::analyzer::{Analyzer, Form, Token};
use super::normalize::{Normalized, fold_into};
use super::query::{Phrase, Query};

/// A place in a text that a query matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Equal for matches of the same word of the query.
    pub word: u32,
}

/// A pair of characters of the text that also stands in the query.
struct PairMatch {
    /// The run of the query, and the place of the pair in it.
    run: u32,
    index: u32,
    position: u32,
    opens_run: bool,
    start: usize,
    end: usize,
}

impl Query {
    /// All matches in `text`, by place; found with the analysis that the index uses.
    pub fn highlights(&self, text: &str) -> Vec<Highlight> {
        let mut finder = Finder::new(self);
        Analyzer::new().tokens(text, &mut |token| finder.look(text, token));
        finder.finish()
    }
}

struct Finder<'q> {
    words: HashMap<&'q str, u32>,
    pairs: HashMap<&'q str, Vec<(u32, u32)>>,
    pairs_of_run: HashMap<u32, u32>,
    phrases: Vec<&'q Phrase>,
    phrase_terms: HashSet<&'q str>,
    beginnings: &'q [String],
    last_run: Option<u32>,
    folded: String,
    found: Vec<Highlight>,
    pair_matches: Vec<PairMatch>,
    phrase_matches: HashMap<(u32, String), (usize, usize)>,
}

impl<'q> Finder<'q> {
    fn new(query: &'q Query) -> Self {
        let mut words = HashMap::new();
        let mut pairs: HashMap<&str, Vec<(u32, u32)>> = HashMap::new();
        let mut pairs_of_run: HashMap<u32, u32> = HashMap::new();
        for term in &query.terms {
            if term.form == Form::Pair {
                let count = pairs_of_run.entry(term.run).or_default();
                pairs.entry(&term.term).or_default().push((term.run, *count));
                *count += 1;
            } else {
                words.insert(term.term.as_str(), term.run);
            }
        }
        let phrases: Vec<_> = query.phrases.iter().chain(&query.numbered).collect();
        let phrase_terms = phrases.iter().flat_map(|phrase| &phrase.terms);
        Self {
            words,
            pairs,
            pairs_of_run,
            phrase_terms: phrase_terms.map(|(_, term)| term.as_str()).collect(),
            phrases,
            beginnings: query.prefix.as_ref().map_or(&[], |prefix| &prefix.texts),
            last_run: None,
            folded: String::new(),
            found: Vec::new(),
            pair_matches: Vec::new(),
            phrase_matches: HashMap::new(),
        }
    }

    fn look(&mut self, text: &str, token: &Token<'_>) {
        let opens_run = self.last_run.replace(token.run) != Some(token.run);
        let (start, end) = (token.start, token.end);
        if self.phrase_terms.contains(token.term) && token.form != Form::Whole {
            self.phrase_matches.insert((token.position, token.term.to_owned()), (start, end));
        }
        if token.form == Form::Pair {
            for &(run, index) in self.pairs.get(token.term).into_iter().flatten() {
                let position = token.position;
                self.pair_matches.push(PairMatch { run, index, position, opens_run, start, end });
            }
        }
        if let Some(&word) = self.words.get(token.term) {
            self.found.push(Highlight { start, end, word });
        } else if self.begins(&text[start..end]) {
            self.found.push(Highlight { start, end, word: u32::MAX });
        }
    }

    /// Whether a word of the text begins with what is being typed.
    fn begins(&mut self, word: &str) -> bool {
        if self.beginnings.is_empty() {
            return false;
        }
        self.folded.clear();
        fold_into(&Normalized::new(word).text, &mut self.folded);
        self.beginnings.iter().any(|beginning| self.folded.starts_with(beginning))
    }

    fn finish(mut self) -> Vec<Highlight> {
        self.keep_pairs();
        self.keep_phrases();
        self.found.sort_unstable_by_key(|found| (found.start, found.end));
        self.found
    }

    /// One shared pair may be chance (`가는` in 연차휴가는 and in 나가는). It counts when it is all
    /// of the query's word, when both words begin with it, or when three characters are shared.
    fn keep_pairs(&mut self) {
        let matches = std::mem::take(&mut self.pair_matches);
        // Pairs at the same distance to the query's word belong to one occurrence of it.
        let mut occurrences: HashMap<(u32, i64), Vec<&PairMatch>> = HashMap::new();
        for found in &matches {
            let distance = i64::from(found.position) - i64::from(found.index);
            occurrences.entry((found.run, distance)).or_default().push(found);
        }
        for ((run, _), occurrence) in occurrences {
            let whole_word = self.pairs_of_run.get(&run) == Some(&1);
            for (at, found) in occurrence.iter().enumerate() {
                let near = |other: Option<&&PairMatch>| {
                    other.is_some_and(|other| other.position.abs_diff(found.position) <= 2)
                };
                let company =
                    at > 0 && near(occurrence.get(at - 1)) || near(occurrence.get(at + 1));
                if whole_word || company || (found.index == 0 && found.opens_run) {
                    let (start, end) = (found.start, found.end);
                    self.found.push(Highlight { start, end, word: run });
                }
            }
        }
    }

    fn keep_phrases(&mut self) {
        for (number, phrase) in self.phrases.iter().enumerate() {
            let Some((_, first)) = phrase.terms.first() else { continue };
            let word = u32::MAX - 1 - number as u32;
            let starts: Vec<u32> = self
                .phrase_matches
                .keys()
                .filter(|(_, term)| term == first)
                .map(|(position, _)| *position)
                .collect();
            for position in starts {
                let places: Option<Vec<_>> = phrase
                    .terms
                    .iter()
                    .map(|(offset, term)| {
                        self.phrase_matches.get(&(position + offset, term.clone())).copied()
                    })
                    .collect();
                for (start, end) in places.into_iter().flatten() {
                    self.found.push(Highlight { start, end, word });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(query: &str, text: &str) -> Vec<String> {
        let query = Query::parse(query).unwrap();
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for found in query.highlights(text) {
            match merged.last_mut() {
                Some(last) if found.start <= last.1 => last.1 = last.1.max(found.end),
                _ => merged.push((found.start, found.end)),
            }
        }
        merged.into_iter().map(|(start, end)| text[start..end].to_owned()).collect()
    }

    #[test]
    fn other_forms_of_a_word_are_marked() {
        assert_eq!(marked("policy ", "Our policies; a policy."), ["policies", "policy"]);
    }

    #[test]
    fn korean_words_are_marked_through_spaces_and_particles() {
        assert_eq!(marked("연차 휴가", "연차휴가는 15일"), ["연차휴가"]);
        assert_eq!(marked("연차휴가", "연차 휴가를 쓴다"), ["연차", "휴가"]);
        assert_eq!(marked("휴가를", "휴가는 길다"), ["휴가"]);
    }

    #[test]
    fn a_stray_pair_is_not_marked() {
        assert!(marked("연차휴가는", "집에 나가는 길").is_empty());
    }

    #[test]
    fn words_of_a_phrase_are_marked_only_where_it_stands() {
        let text = "Carry it. You may carry over days.";
        assert_eq!(marked("\"carry over\"", text), ["carry", "over"]);
    }

    #[test]
    fn parts_of_a_word_with_digits_are_marked_only_together() {
        let text = "ERR4711 or err-4711, not err 5 nor 4711.";
        assert_eq!(marked("ERR4711", text), ["ERR4711", "err", "4711"]);
    }

    #[test]
    fn the_beginning_of_a_word_is_marked_while_it_is_typed() {
        assert_eq!(marked("confi", "Configuration files"), ["Configuration"]);
    }

    #[test]
    fn decomposed_text_is_marked_at_its_own_bytes() {
        let text = "\u{1112}\u{1172}\u{1100}\u{1161} 신청";
        assert_eq!(marked("휴가", text), ["\u{1112}\u{1172}\u{1100}\u{1161}"]);
    }
}
