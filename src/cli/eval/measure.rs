//! Asking all questions in one mode, and judging the answers.

use std::collections::HashSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use ragterm_proto::v1::{Mode as WireMode, SearchReply, SearchRequest};

use super::beir::Question;
use super::corpus::Corpus;
use super::metrics::{Scores, percentile};
use crate::cli::client::{Client, quick};
use crate::cli::search::Mode;
use crate::error::{ErrorKind, Result};

/// As many documents as the deepest figure looks at.
const DEPTH: u32 = 100;

/// What came out of one mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The mean over all questions.
    pub scores: Scores,
    /// Questions that the daemon refused, for example because they have no words; they count 0.
    pub refused: usize,
    /// Answers that were not all that they could have been.
    pub degraded: usize,
    /// The median of the daemon's own time for a question, in milliseconds.
    pub p50_ms: f64,
    /// The time that 95 % of the questions kept below, in milliseconds.
    pub p95_ms: f64,
}

#[derive(Debug, Default)]
struct Answered {
    scores: Scores,
    refused: bool,
    degraded: bool,
    took_ms: f64,
}

/// Asks every question in `mode`, several at a time.
pub async fn measure(
    client: &Client,
    corpus: &Corpus,
    questions: &[Question],
    mode: Mode,
    bar: &ProgressBar,
) -> Result<Measured> {
    let at_a_time = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let answers: Vec<Answered> = stream::iter(questions)
        .map(|question| ask(client.clone(), corpus, question, mode))
        .buffer_unordered(at_a_time)
        .inspect(|_| bar.inc(1))
        .try_collect()
        .await?;
    Ok(sum_up(&answers))
}

async fn ask(
    mut client: Client,
    corpus: &Corpus,
    question: &Question,
    mode: Mode,
) -> Result<Answered> {
    let request = SearchRequest {
        query: question.text.clone(),
        limit: DEPTH,
        mode: WireMode::from(mode).into(),
        ..SearchRequest::default()
    };
    match quick(client.search(request)).await {
        Ok(reply) => {
            let ranking = ranking(&reply, corpus, question);
            Ok(Answered {
                scores: Scores::of(&ranking, &question.judged),
                refused: false,
                degraded: reply.degraded.is_some(),
                took_ms: reply.took_ms,
            })
        }
        Err(error) if error.kind() == ErrorKind::Usage => {
            Ok(Answered { refused: true, ..Answered::default() })
        }
        Err(error) => Err(error),
    }
}

/// The names of the documents, best first; equal documents stand one after the other.
fn ranking(reply: &SearchReply, corpus: &Corpus, question: &Question) -> Vec<String> {
    let mut seen = HashSet::new();
    let is_judged = |name: &str| question.judged.contains_key(name);
    let paths = reply.hits.iter().flat_map(|hit| {
        std::iter::once(&hit.path).chain(hit.also_at.iter().map(|place| &place.path))
    });
    paths
        .map(|path| corpus.name(path, is_judged).to_owned())
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

fn sum_up(answers: &[Answered]) -> Measured {
    let scores: Vec<Scores> = answers.iter().map(|answer| answer.scores).collect();
    let answered = answers.iter().filter(|answer| !answer.refused);
    let mut times_ms: Vec<f64> = answered.map(|answer| answer.took_ms).collect();
    times_ms.sort_by(f64::total_cmp);
    Measured {
        scores: Scores::mean(&scores),
        refused: answers.iter().filter(|answer| answer.refused).count(),
        degraded: answers.iter().filter(|answer| answer.degraded).count(),
        p50_ms: percentile(&times_ms, 0.5),
        p95_ms: percentile(&times_ms, 0.95),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_question_counts_as_zero_but_has_no_time() {
        let scores = Scores { ndcg_10: 1.0, recall_10: 1.0, recall_100: 1.0, mrr_10: 0.5 };
        let good = Answered { scores, took_ms: 4.0, ..Answered::default() };
        let refused = Answered { refused: true, ..Answered::default() };
        let measured = sum_up(&[good, refused]);
        assert_eq!(measured.scores.ndcg_10, 0.5);
        assert_eq!((measured.refused, measured.p50_ms, measured.p95_ms), (1, 4.0, 4.0));
    }
}
