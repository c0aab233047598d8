//! The last word on the order of hits, where a server is configured for it.
//!
//! Speaks `/v1/rerank` as Jina, Cohere, vLLM and llama.cpp have it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use super::Hit;
use crate::config;
use crate::error::Result;
use crate::http::{Call, Endpoint, Http, Patience, Scheme};

/// Whoever searches waits no longer for it.
const TIMEOUT: Duration = Duration::from_millis(2_500);

/// An answer is no longer than this, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Of each passage, so many characters are scored.
const PASSAGE: usize = 4_000;

/// A server that scores passages against a question.
#[derive(Debug)]
pub(super) struct Reranker {
    http: Http,
    model: String,
    depth: usize,
}

#[derive(Deserialize)]
struct Reply {
    results: Vec<Score>,
}

#[derive(Deserialize)]
struct Score {
    index: usize,
    #[serde(alias = "score")]
    relevance_score: f32,
}

impl Reranker {
    /// A client of the configured server; asks nobody yet.
    pub fn new(config: &config::Reranker) -> Result<Self> {
        let url = config.url.trim_end_matches('/');
        let http = Http::new(Endpoint {
            name: "the reranker",
            url: url.strip_suffix("/v1").unwrap_or(url),
            section: "search",
            when_busy: "ask again in a moment",
            api_key: &config.api_key,
            scheme: Scheme::Bearer,
            headers: &[],
            timeout: TIMEOUT,
        })?;
        Ok(Self { http, model: config.model.clone(), depth: config.depth as usize })
    }

    /// Hits that are worth scoring.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Puts the best first; says why when the order is still that of the searches.
    pub async fn order(&self, question: &str, hits: &mut [Hit]) -> Option<String> {
        let count = hits.len().min(self.depth);
        let scored = &mut hits[..count];
        if scored.len() < 2 {
            return None;
        }
        let scores = match self.scores(question, scored).await {
            Ok(scores) => scores,
            Err(reason) => {
                warn!(%reason, "hits are not ordered anew");
                return Some(format!("hits are in the order of the searches: {reason}"));
            }
        };
        for (hit, score) in scored.iter_mut().zip(scores) {
            hit.rerank = Some(score);
            hit.fused.score = score;
        }
        scored.sort_by(|one, other| other.fused.score.total_cmp(&one.fused.score));
        None
    }

    async fn scores(&self, question: &str, hits: &[Hit]) -> std::result::Result<Vec<f32>, String> {
        let passages: Vec<String> =
            hits.iter().map(|hit| hit.text.chars().take(PASSAGE).collect()).collect();
        let body = json!({
            "model": self.model,
            "query": question,
            "documents": passages,
            "top_n": passages.len(),
            "return_documents": false,
        });
        let call = Call {
            path: "/v1/rerank",
            body: Some(&body),
            patience: Patience::Once(TIMEOUT),
            max_bytes: MAX_BYTES,
        };
        let reply: Reply =
            self.http.json(call).await.map_err(|fault| self.http.error(&fault).to_string())?;
        arranged(reply.results, hits.len())
            .ok_or_else(|| format!("{} does not score each passage", self.http.name()))
    }
}

/// The score of each passage in the order of the passages, from 0 to 1.
fn arranged(results: Vec<Score>, passages: usize) -> Option<Vec<f32>> {
    let mut scores = vec![None; passages];
    for Score { index, relevance_score } in results {
        *scores.get_mut(index)? = Some(relevance_score).filter(|score| score.is_finite());
    }
    let mut scores: Vec<f32> = scores.into_iter().collect::<Option<_>>()?;
    // Some servers give logits.
    if scores.iter().any(|score| !(0.0..=1.0).contains(score)) {
        scores.iter_mut().for_each(|score| *score = 1.0 / (1.0 + (-*score).exp()));
    }
    Some(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(results: &[(usize, f32)], passages: usize) -> Option<Vec<f32>> {
        let score = |(index, relevance_score): &(usize, f32)| Score {
            index: *index,
            relevance_score: *relevance_score,
        };
        arranged(results.iter().map(score).collect(), passages)
    }

    #[test]
    fn scores_stand_in_the_order_of_the_passages() {
        assert_eq!(scores(&[(1, 0.9), (0, 0.2)], 2), Some(vec![0.2, 0.9]));
        let logits = scores(&[(0, -4.0), (1, 4.0)], 2).unwrap();
        assert!(logits[0] < 0.1 && logits[1] > 0.9);
    }

    #[test]
    fn a_reply_that_leaves_one_out_is_none() {
        assert_eq!(scores(&[(0, 0.5)], 2), None);
        assert_eq!(scores(&[(0, 0.5), (7, 0.5)], 2), None);
        assert_eq!(scores(&[(0, 0.5), (1, f32::NAN)], 2), None);
    }
}
