//! An answer as JSON: a contract, the order of its keys included.

use ragterm_proto::v1::{Answered, CitedSource};
use serde::Serialize;

use super::Collected;
use crate::cli::hit::Whereabouts;
use crate::error::Error;

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    question: &'a str,
    answer: &'a str,
    refused: bool,
    sources: Vec<Source<'a>>,
    degraded: Option<String>,
    session: &'a str,
    model: Option<&'a str>,
    first_token_ms: Option<f64>,
    took_ms: Option<f64>,
    partial: bool,
    query: &'a str,
    turn: Option<&'a str>,
    cached: bool,
    unsupported: Vec<(u32, u32)>,
}

#[derive(Debug, Serialize)]
struct Source<'a> {
    n: u32,
    #[serde(flatten)]
    place: Whereabouts<'a>,
    ordinal: u32,
    passage: &'a str,
}

/// What came of a question; where it was broken off, what came until then.
pub(super) fn report<'a>(
    question: &'a str,
    collected: &'a Collected,
    broken: Option<&Error>,
) -> Report<'a> {
    let answered = collected.answered.as_ref();
    let consulted = collected.consulted.as_ref();
    let text = |text: fn(&Answered) -> &str| answered.map(text).filter(|text| !text.is_empty());
    let milliseconds = |number: f64| (number * 1000.0).round() / 1000.0;
    let session = consulted.map_or("", |consulted| &consulted.session);
    let asked = consulted.map(|consulted| consulted.model.as_str()).filter(|it| !it.is_empty());
    Report {
        question,
        answer: answered.map_or(&collected.text, |answered| &answered.answer),
        refused: answered.is_some_and(|answered| answered.refused),
        sources: answered.map_or(Vec::new(), |it| it.sources.iter().filter_map(source).collect()),
        degraded: match broken {
            Some(error) => Some(error.to_string()),
            None => answered.and_then(|answered| answered.degraded.clone()),
        },
        session: answered.map_or(session, |answered| &answered.session),
        model: if answered.is_some() { text(|answered| &answered.model) } else { asked },
        first_token_ms: answered.and_then(|answered| answered.first_token_ms).map(milliseconds),
        took_ms: answered.map(|answered| milliseconds(answered.took_ms)),
        partial: answered.is_none_or(|answered| answered.partial),
        query: consulted.map_or("", |consulted| &consulted.query),
        turn: text(|answered| &answered.turn),
        cached: answered.is_some_and(|answered| answered.cached),
        unsupported: answered.map_or(Vec::new(), |answered| {
            answered.unsupported.iter().map(|range| (range.start, range.end)).collect()
        }),
    }
}

fn source(source: &CitedSource) -> Option<Source<'_>> {
    let hit = source.hit.as_ref()?;
    Some(Source { n: source.n, place: hit.into(), ordinal: hit.ordinal, passage: &source.passage })
}
