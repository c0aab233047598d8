//! A query against one state of the index: which terms exist, what each weighs, what must match.

use std::collections::HashMap;

use tantivy::TantivyError;
use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, EnableScoring, Occur, PhraseQuery,
    Query as TantivyQuery, TermQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption, Term};

use super::analyzer::Form;
use super::ground::Ground;
use super::prefix::completions;
use super::query::{Phrase, Query};

/// The rarest terms of a long query that are looked up; more add time and no quality.
const MAX_TERMS: usize = 32;

/// What an identifier as one adds to its parts, which count in full: enough to put the exact one
/// first, not so much that it drowns the other words.
const WHOLE_WEIGHT: f32 = 0.5;

/// A term to score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    pub term: String,
    pub weight: f32,
    /// In how many passages the term, or for a completion all of its kind, stand.
    pub passages: u64,
}

/// The terms of `query` that the index has, rarest first where there are too many.
pub(super) fn scored_terms(query: &Query, ground: &Ground) -> tantivy::Result<Vec<Scored>> {
    let mut weights: HashMap<&str, f32> = HashMap::new();
    for term in &query.terms {
        *weights.entry(&term.term).or_default() += weight_of(term.form);
    }
    let mut scored = Vec::with_capacity(weights.len());
    for (term, weight) in weights {
        let passages = ground.passages_with(&Term::from_field_text(ground.field, term))?;
        if passages > 0 {
            scored.push(Scored { term: term.to_owned(), weight, passages });
        }
    }
    scored.sort_by(|a, b| a.passages.cmp(&b.passages).then_with(|| a.term.cmp(&b.term)));
    scored.truncate(MAX_TERMS);
    if let Some(prefix) = &query.prefix {
        let complete = completions(prefix, ground)?;
        for term in complete {
            if !scored.iter().any(|known| known.term == term.term) {
                scored.push(term);
            }
        }
    }
    Ok(scored)
}

fn weight_of(form: Form) -> f32 {
    match form {
        Form::Whole => WHOLE_WEIGHT,
        _ => 1.0,
    }
}

/// The terms, phrases and exclusions as one weighted tantivy query; `None` when nothing can match.
pub(super) fn weight(
    query: &Query,
    scored: &[Scored],
    ground: &Ground,
) -> tantivy::Result<Option<Box<dyn Weight>>> {
    let field = ground.field;
    let mut clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
    clauses.extend(scored.iter().map(|term| (Occur::Should, term_query(term, field))));
    clauses
        .extend(query.numbered.iter().map(|phrase| (Occur::Should, phrase_query(phrase, field))));
    clauses.extend(query.phrases.iter().map(|phrase| (Occur::Must, phrase_query(phrase, field))));
    if clauses.is_empty() {
        return Ok(None);
    }
    let excluded = query.exclusions.iter();
    clauses.extend(excluded.map(|phrase| (Occur::MustNot, phrase_query(phrase, field))));
    let statistics = Statistics { ground, scored };
    let searcher = &ground.searcher;
    let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, searcher);
    BooleanQuery::new(clauses).weight(scoring).map(Some)
}

/// Each scored term and phrase by itself, named as people see it.
pub(super) fn single_weights(
    query: &Query,
    scored: &[Scored],
    ground: &Ground,
) -> tantivy::Result<Vec<(String, Box<dyn Weight>)>> {
    let statistics = Statistics { ground, scored };
    let searcher = &ground.searcher;
    let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, searcher);
    let field = ground.field;
    let terms = scored.iter().map(|scored| (scored.term.clone(), term_query(scored, field)));
    let phrases = query.phrases.iter().chain(&query.numbered).map(|phrase| {
        let words: Vec<&str> = phrase.terms.iter().map(|(_, term)| term.as_str()).collect();
        (format!("\"{}\"", words.join(" ")), phrase_query(phrase, field))
    });
    let all = terms.chain(phrases);
    all.map(|(name, query)| Ok((name, query.weight(scoring)?))).collect()
}

fn term_query(scored: &Scored, field: Field) -> Box<dyn TantivyQuery> {
    let term = Term::from_field_text(field, &scored.term);
    let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
    Box::new(BoostQuery::new(query, scored.weight))
}

fn phrase_query(phrase: &Phrase, field: Field) -> Box<dyn TantivyQuery> {
    let term = |text: &str| Term::from_field_text(field, text);
    match phrase.terms.as_slice() {
        [(_, only)] => Box::new(TermQuery::new(term(only), IndexRecordOption::WithFreqs)),
        terms => Box::new(PhraseQuery::new_with_offset(
            terms.iter().map(|(offset, text)| (*offset as usize, term(text))).collect(),
        )),
    }
}

/// The statistics of what is searched, but completions of one prefix count as one term.
struct Statistics<'a> {
    ground: &'a Ground,
    scored: &'a [Scored],
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, _: Field) -> Result<u64, TantivyError> {
        self.ground.tokens()
    }

    fn total_num_docs(&self) -> Result<u64, TantivyError> {
        self.ground.passages()
    }

    fn doc_freq(&self, term: &Term) -> Result<u64, TantivyError> {
        let field = self.ground.field;
        let is_it = |scored: &&Scored| Term::from_field_text(field, &scored.term) == *term;
        match self.scored.iter().find(is_it) {
            Some(scored) => Ok(scored.passages),
            None => self.ground.passages_with(term),
        }
    }
}
