//! The answer to a search as JSON: a contract, the order of its keys included.

use ragterm_proto::v1::{self as wire, SearchReply};
use serde::Serialize;

use super::Mode;
use crate::cli::hit::Whereabouts;

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    query: &'a str,
    mode: &'static str,
    took_ms: f64,
    degraded: Option<&'a str>,
    embedded_share: f64,
    hits: Vec<Hit<'a>>,
}

#[derive(Debug, Serialize)]
struct Hit<'a> {
    rank: u32,
    score: f32,
    #[serde(flatten)]
    place: Whereabouts<'a>,
    snippet: &'a str,
    highlights: Vec<(u32, u32)>,
    scores: Scores,
    also_at: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    explanation: &'a [String],
}

/// Scores are single precision inside; as such they are short.
#[derive(Debug, Serialize)]
struct Scores {
    dense: Option<f32>,
    keyword: Option<f32>,
    rerank: Option<f32>,
}

#[derive(Debug, Serialize)]
struct Place<'a> {
    document: &'a str,
    uri: &'a str,
    path: &'a str,
    space: &'a str,
    source: &'a str,
}

/// The answer in the shape of the contract; `asked` counts where the daemon names no mode.
pub fn report(reply: &SearchReply, asked: Mode) -> Report<'_> {
    let mode = match reply.mode() {
        wire::Mode::Unspecified => asked.name(),
        wire::Mode::Hybrid => Mode::Hybrid.name(),
        wire::Mode::Keyword => Mode::Keyword.name(),
        wire::Mode::Semantic => Mode::Semantic.name(),
    };
    Report {
        query: &reply.query,
        mode,
        took_ms: (reply.took_ms * 1000.0).round() / 1000.0,
        degraded: reply.degraded.as_deref(),
        embedded_share: reply.embedded_share,
        hits: reply.hits.iter().map(hit).collect(),
    }
}

fn hit(hit: &wire::Hit) -> Hit<'_> {
    let scores = hit.scores.unwrap_or_default();
    let single = |score: Option<f64>| score.map(|score| score as f32);
    Hit {
        rank: hit.rank,
        score: hit.score as f32,
        place: hit.into(),
        snippet: &hit.snippet,
        highlights: hit.highlights.iter().map(|range| (range.start, range.end)).collect(),
        scores: Scores {
            dense: single(scores.dense),
            keyword: single(scores.keyword),
            rerank: single(scores.rerank),
        },
        also_at: hit.also_at.iter().map(place).collect(),
        explanation: &hit.explanation,
    }
}

fn place(place: &wire::Place) -> Place<'_> {
    Place {
        document: &place.document,
        uri: &place.uri,
        path: &place.path,
        space: &place.space,
        source: &place.source,
    }
}

#[cfg(test)]
mod tests {
    use super::super::render::tests::reply;
    use super::*;
    use crate::cli::output::to_json;

    #[test]
    fn the_shape_is_the_contract() {
        let json = to_json(&report(&reply(), Mode::Hybrid)).unwrap();
        insta::assert_snapshot!(json, @r#"{"query":"vacation carry over","mode":"hybrid","took_ms":4.2,"degraded":null,"embedded_share":1.0,"hits":[{"rank":1,"score":0.87,"document":"0192","uri":"file:///srv/share/hr/leave.md","path":"hr/leave.md","title":"Leave policy","heading":["Leave policy","Carry-over"],"space":"hr","source":"share","type":"md","modified":"2026-03-01T09:12:44Z","lines":[41,58],"page":null,"snippet":"Unused vacation days\nmay be carried over …","highlights":[[7,15],[28,40]],"scores":{"dense":0.71,"keyword":12.4,"rerank":null},"also_at":[{"document":"0193","uri":"file:///srv/old/leave.md","path":"leave.md","space":"hr","source":"old"}],"explanation":["keyword 12.4 → 1.00 × 0.5"]},{"rank":2,"score":0.5,"document":"","uri":"","path":"연차\u001b[2J.txt","title":"연차\u009b2J","heading":[],"space":"hr","source":"old","type":"","modified":"1970-01-01T00:00:00Z","lines":null,"page":3,"snippet":"연차 이월","highlights":[[3,99],[4,2]],"scores":{"dense":null,"keyword":null,"rerank":null},"also_at":[]}]}"#);
    }

    #[test]
    fn an_answer_without_hits_is_an_answer() {
        let reply =
            SearchReply { query: "x".into(), embedded_share: 1.0, ..SearchReply::default() };
        let json = to_json(&report(&reply, Mode::Keyword)).unwrap();
        insta::assert_snapshot!(json, @r#"{"query":"x","mode":"keyword","took_ms":0.0,"degraded":null,"embedded_share":1.0,"hits":[]}"#);
    }
}
