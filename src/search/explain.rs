//! How each hit came to its score, in lines for people; only when somebody asks.

use std::sync::Arc;

use super::{Fused, Hit, Retriever, Weights};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::lexical::{Contribution, Query};

impl Retriever {
    /// Adds its lines to each hit.
    pub(super) async fn explain(
        &self,
        hits: &mut [Hit],
        (query, filter): (&Arc<Query>, &Arc<Filter>),
        weights: Weights,
    ) -> Result<()> {
        let places = hits.iter().map(|hit| (hit.document.id, hit.fused.ordinal)).collect();
        let terms = self.terms(places, (query, filter)).await?;
        for (hit, terms) in hits.iter_mut().zip(terms) {
            hit.explanation = parts(&hit.fused, weights);
            hit.explanation.extend(words(&terms));
        }
        Ok(())
    }

    async fn terms(
        &self,
        places: Vec<(crate::id::DocumentId, u32)>,
        (query, filter): (&Arc<Query>, &Arc<Filter>),
    ) -> Result<Vec<Vec<Contribution>>> {
        let index = Arc::clone(&self.lexical.borrow());
        let (query, filter) = (Arc::clone(query), Arc::clone(filter));
        let look = move || {
            let mut places = places.into_iter();
            places.try_fold(Vec::new(), |mut all, (document, ordinal)| {
                all.push(index.explain(&query, &filter, (document, ordinal))?);
                Ok(all)
            })
        };
        tokio::task::spawn_blocking(look)
            .await
            .map_err(|error| Error::internal("the explanation failed").because(error))?
    }
}

fn parts(fused: &Fused, weights: Weights) -> Vec<String> {
    let part = |name: &str, raw: Option<f32>, unit: f32, weight: f32| match raw {
        Some(raw) => {
            format!("{name} {raw:.3} → {unit:.3} × weight {weight:.2} = {:.3}", unit * weight)
        }
        None => format!("{name}: not among the candidates"),
    };
    vec![
        part("keyword (BM25)", fused.keyword, fused.keyword_part, weights.keyword),
        part("meaning (cosine)", fused.dense, fused.dense_part, weights.dense),
    ]
}

/// `words of this passage: vacat 2.104 + carri 0.811`; nothing where none of them is in it.
fn words(terms: &[Contribution]) -> Option<String> {
    let term = |part: &Contribution| format!("{} {:.3}", part.term, part.score);
    let terms: Vec<String> = terms.iter().map(term).collect();
    (!terms.is_empty()).then(|| format!("words of this passage: {}", terms.join(" + ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_passage_are_told_with_their_parts() {
        let part = |term: &str, score| Contribution { term: term.into(), score };
        let line = words(&[part("vacat", 2.1042), part("carri", 0.8)]).unwrap();
        assert_eq!(line, "words of this passage: vacat 2.104 + carri 0.800");
        assert_eq!(words(&[]), None);
    }
}
