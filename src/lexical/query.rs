//! What a person typed, as terms to find, phrases that must stand and phrases that must not.

use std::collections::{HashMap, HashSet};

use super::analyzer::{Analyzer, Form, Token};
use super::clause::{Clause, Mark, clauses};
use super::normalize::{Normalized, fold_into};
use crate::error::{Error, Result};

/// Longer queries are refused.
pub const MAX_QUERY_BYTES: usize = 4096;
/// A phrase keeps this many terms; the rest of a longer one is not compared.
const MAX_PHRASE_TERMS: usize = 64;
/// So many words with digits are searched for as one; the parts of further ones count singly.
const MAX_NUMBERED: usize = 8;
/// The least letters of a word that is completed while it is typed.
const MIN_PREFIX_LETTERS: usize = 2;

/// A parsed query. The same words give the same query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// Terms that earn a passage its score; every one is optional.
    pub(super) terms: Vec<QueryTerm>,
    /// The parts of words with digits (`ERR4711`), which earn a score where they stand together.
    pub(super) numbered: Vec<Phrase>,
    /// Phrases that a passage must have.
    pub(super) phrases: Vec<Phrase>,
    /// Phrases that a passage must not have.
    pub(super) exclusions: Vec<Phrase>,
    /// The last word when it may still be growing.
    pub(super) prefix: Option<Prefix>,
}

/// One term of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueryTerm {
    pub term: String,
    pub form: Form,
    /// Terms of one run of the query without spaces share this number.
    pub run: u32,
    pub stop: bool,
    pub prefix: bool,
}

/// Terms at fixed distances from each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Phrase {
    /// (distance from the first, term), by distance.
    pub terms: Vec<(u32, String)>,
}

/// A word that is still being typed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prefix {
    /// What any completion begins with: folded, not stemmed.
    pub texts: Vec<String>,
    /// The stem of the word as it stands: an exact match, no completion.
    pub exact: String,
}

impl Query {
    /// Reads bare words, `"phrases"`, `-word`, `-"phrase"`; unbalanced quotes are tolerated.
    ///
    /// Fails with a usage error when the text is too long or has no words to search for.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_QUERY_BYTES {
            let message =
                format!("the query is {} bytes long; the limit is {MAX_QUERY_BYTES}", text.len());
            return Err(Error::usage(message).hint("search for fewer words"));
        }
        let mut analyzer = Analyzer::new();
        let mut query = Self::default();
        let mut runs = 0;
        let all = clauses(text);
        for clause in &all {
            match clause.mark {
                Mark::Words => runs += query.add_words(&mut analyzer, clause.text, runs),
                Mark::Phrase => query.phrases.extend(phrase(&mut analyzer, clause.text)),
                Mark::Exclusion => query.exclusions.extend(phrase(&mut analyzer, clause.text)),
            }
        }
        if let Some(last) = all.last().filter(|clause| clause.mark == Mark::Words) {
            query.prefix = prefix(&mut analyzer, last);
        }
        query.drop_stop_words();
        query.check(text)
    }

    /// The words of the query that say something, each counted once.
    pub fn words(&self) -> usize {
        let mut runs: HashMap<u32, Vec<&str>> = HashMap::new();
        for term in self.terms.iter().filter(|term| !term.stop) {
            runs.entry(term.run).or_default().push(&term.term);
        }
        runs.into_values().collect::<HashSet<_>>().len()
    }

    fn check(self, text: &str) -> Result<Self> {
        if !self.terms.is_empty() || !self.phrases.is_empty() || self.prefix.is_some() {
            return Ok(self);
        }
        if self.exclusions.is_empty() {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(Error::usage(format!("the query `{shown}` has no words to search for"))
                .hint("type at least one word of letters or digits"));
        }
        Err(Error::usage("the query only excludes words and has no words to search for")
            .hint("add a word that the documents should have"))
    }

    fn add_words(&mut self, analyzer: &mut Analyzer, text: &str, first_run: u32) -> u32 {
        let mut runs = 0;
        let mut numbered = 0..0;
        let mut first = 0;
        analyzer.tokens(text, &mut |token| {
            runs = token.run + 1;
            if is_numbered(token) && self.numbered.len() < MAX_NUMBERED {
                (numbered, first) = (token.start..token.end, token.position);
                self.numbered.push(Phrase::default());
            } else if numbered.contains(&token.start)
                && let Some(phrase) = self.numbered.last_mut()
            {
                return phrase.terms.push((token.position - first, token.term.to_owned()));
            }
            self.terms.push(QueryTerm {
                term: token.term.to_owned(),
                form: token.form,
                run: first_run + token.run,
                stop: token.stop,
                prefix: false,
            });
        });
        runs
    }

    /// Stop words count only when there is nothing else: `to be or not to be`, `The Who`.
    fn drop_stop_words(&mut self) {
        let content = self.terms.iter().any(|term| !term.stop) || !self.phrases.is_empty();
        if content {
            self.terms.retain(|term| !term.stop);
        }
    }
}

/// A word that digits divide, as one: its parts mean little by themselves.
fn is_numbered(token: &Token<'_>) -> bool {
    let has_digit = token.term.bytes().any(|byte| byte.is_ascii_digit());
    token.form == Form::Whole && has_digit && token.term.chars().all(char::is_alphanumeric)
}

/// The smallest terms of `text` at their distances; pairs that do not overlap suffice.
fn phrase(analyzer: &mut Analyzer, text: &str) -> Option<Phrase> {
    let mut tokens: Vec<(u32, Form, u32, String)> = Vec::new();
    analyzer.tokens(text, &mut |token| {
        if token.form != Form::Whole {
            tokens.push((token.position, token.form, token.run, token.term.to_owned()));
        }
    });
    let first = tokens.first()?.0;
    let mut phrase = Phrase::default();
    let mut covered = 0;
    for (index, (position, form, ..)) in tokens.iter().enumerate() {
        let pair_follows = *form == Form::Pair
            && tokens
                .get(index + 1)
                .is_some_and(|next| next.1 == Form::Pair && next.0 == position + 1);
        // `연차휴가` as 연차 + 휴가 also matches where the writer put a space.
        if *position < covered && pair_follows {
            continue;
        }
        covered = position + if *form == Form::Pair { 2 } else { 1 };
        if phrase.terms.len() < MAX_PHRASE_TERMS {
            phrase.terms.push((position - first, tokens[index].3.clone()));
        }
    }
    Some(phrase)
}

/// The last word of the query, unless a space ends it or it is a stop word.
fn prefix(analyzer: &mut Analyzer, clause: &Clause<'_>) -> Option<Prefix> {
    if clause.text.ends_with(char::is_whitespace) {
        return None;
    }
    let text = clause.text;
    let mut last: Option<(Form, usize, usize, bool, String)> = None;
    let mut numbered = false;
    let mut whole: Option<(usize, usize)> = None;
    analyzer.tokens(text, &mut |token: &Token<'_>| {
        if numbered || token.end != text.len() {
            return;
        }
        numbered = is_numbered(token);
        if token.form == Form::Whole && whole.is_none() {
            whole = Some((token.start, token.end));
        }
        last = Some((token.form, token.start, token.end, token.stop, token.term.to_owned()));
    });
    let (form, start, end, stop, exact) = last?;
    let mut texts: Vec<String> = Vec::new();
    for (start, end) in whole.into_iter().chain([(start, end)]) {
        let mut folded = String::new();
        fold_into(&Normalized::new(&text[start..end]).text, &mut folded);
        texts.push(folded);
    }
    texts.dedup();
    texts.retain(|text| form == Form::Single || text.chars().count() >= MIN_PREFIX_LETTERS);
    let completes = !stop && form != Form::Pair && !texts.is_empty();
    completes.then_some(Prefix { texts, exact })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn terms(text: &str) -> Vec<String> {
        Query::parse(text).unwrap().terms.into_iter().map(|term| term.term).collect()
    }

    #[test]
    fn a_query_over_the_limit_is_refused_with_both_numbers() {
        let error = Query::parse(&"a".repeat(1_048_576)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(error.to_string(), "the query is 1048576 bytes long; the limit is 4096");
    }

    #[test]
    fn a_query_without_words_says_so() {
        for text in ["", "  ", "?!...", "👍🎉", "\u{1}\u{1b}[", "\"\"", "-", "\" \" ;", "-draft"]
        {
            let error = Query::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
            assert!(error.to_string().ends_with("has no words to search for"), "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }

    #[test]
    fn stop_words_are_dropped_beside_other_words_only() {
        assert_eq!(terms("how to carry over days "), ["carri", "day"]);
        assert_eq!(terms("The Who "), ["the", "who"]);
    }

    #[test]
    fn unbalanced_quotes_are_plain_words() {
        assert_eq!(terms("\"annual leave "), ["annual", "leav"]);
    }

    #[test]
    fn pairs_of_a_phrase_do_not_overlap() {
        let phrase = |text: &str| Query::parse(text).unwrap().phrases.remove(0).terms;
        let expected = [(0, "연차".to_owned()), (2, "휴가".to_owned())];
        assert_eq!(phrase("\"연차휴가\""), expected);
        assert_eq!(phrase("\"연차 휴가\""), expected);
        let odd = [(0, "연차".to_owned()), (2, "휴가".to_owned()), (3, "가는".to_owned())];
        assert_eq!(phrase("\"연차휴가는\""), odd);
    }

    #[test]
    fn only_an_unfinished_plain_word_is_a_prefix() {
        let prefix = |text: &str| Query::parse(text).unwrap().prefix.map(|prefix| prefix.texts);
        assert_eq!(prefix("annual Poli"), Some(vec!["poli".to_owned()]));
        assert_eq!(prefix("Get-Ch"), Some(vec!["get-ch".to_owned(), "ch".to_owned()]));
        assert_eq!(prefix("연차 휴"), Some(vec!["휴".to_owned()]));
        assert_eq!(prefix("ERR4711"), Some(vec!["err4711".to_owned()]), "not any 4711");
        for text in ["annual ", "x \"quoted\"", "x -out", "carry the", "연차휴가", "x."] {
            assert_eq!(prefix(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,60}|[a-z가-힣\"“” .#+_@,-]{0,60}") {
            let parsed = Query::parse(&text);
            proptest::prop_assert!(parsed.is_ok_and(|query| !query.terms.is_empty()
                || !query.phrases.is_empty() || query.prefix.is_some())
                || Query::parse(&text).is_err_and(|error| error.kind() == ErrorKind::Usage));
        }
    }
}
