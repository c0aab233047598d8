//! From ranked documents to hits: the catalog has the last word, equal documents fold.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fuse::{Fused, by_score};
use super::{Hit, Retriever, snippet};
use crate::catalog::{Document, Found, Source};
use crate::error::Result;
use crate::id::SourceId;
use crate::lexical::Query;

/// The length of a snippet, in characters.
const SNIPPET: usize = 280;

/// Other places of equal content that are named.
const PLACES: u32 = 8;

/// So many hits of equal score beyond the limit are looked at for newer documents.
const TIED: usize = 32;

/// So many more than are wanted are read at first: some may be gone, or say the same as others.
const AHEAD: usize = 2;

type Places = Vec<(Document, Arc<Source>)>;

type Sources = HashMap<SourceId, Arc<Source>>;

impl Retriever {
    /// The first `limit` documents that are current, of equal ones the newest first; a deleted
    /// one is passed over.
    pub(super) async fn hydrate(
        &self,
        ranked: Vec<Fused>,
        sources: &Sources,
        query: &Query,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let mut hits = Vec::new();
        let mut shown: HashSet<Vec<u8>> = HashSet::new();
        'enough: for ahead in ranked.chunks(limit.min(TIED) + AHEAD) {
            let wanted: Vec<_> = ahead.iter().map(|it| (it.document, it.ordinal)).collect();
            for (fused, found) in ahead.iter().zip(self.catalog.hits(&wanted).await?) {
                if is_enough(&hits, limit, fused) {
                    break 'enough;
                }
                let Some(found) = found else { continue };
                let Some(source) = sources.get(&found.document.source) else { continue };
                if !shown.insert(found.document.hash.clone()) {
                    continue;
                }
                let also_at = match found.has_copies {
                    true => self.also_at(&found.document, sources).await?,
                    false => Vec::new(),
                };
                hits.push(hit(*fused, found, (Arc::clone(source), also_at), query));
            }
        }
        hits.sort_by(newest_of_equals);
        hits.truncate(limit);
        Ok(hits)
    }

    /// Other documents of equal content within the scope of the search.
    async fn also_at(&self, document: &Document, sources: &Sources) -> Result<Places> {
        let equal = self.catalog.of_equal_content(&document.hash, PLACES + 1).await?;
        let others = equal.into_iter().filter(|other| other.id != document.id);
        Ok(others
            .filter_map(|other| {
                let source = Arc::clone(sources.get(&other.source)?);
                Some((other, source))
            })
            .collect())
    }
}

/// Whether `next` and what follows it can stand before none of the first `limit` hits.
fn is_enough(hits: &[Hit], limit: usize, next: &Fused) -> bool {
    let is_equal = |last: &Hit| by_score(&last.fused, next).is_eq();
    hits.len() >= limit && (hits.len() >= limit + TIED || !hits.last().is_some_and(is_equal))
}

/// Best first; what says the same in a newer document is more likely to be still true.
fn newest_of_equals(one: &Hit, other: &Hit) -> Ordering {
    let by_age = other.document.modified_ns.cmp(&one.document.modified_ns);
    by_score(&one.fused, &other.fused).then(by_age)
}

fn hit(fused: Fused, found: Found, (source, also_at): (Arc<Source>, Places), query: &Query) -> Hit {
    let Found { document, chunk, .. } = found;
    let snippet = snippet::snippet(&chunk.text, query, SNIPPET);
    let (mut heading, mut lines) = (chunk.heading.clone(), chunk.lines);
    if let Some(section) = chunk.best_inner(&snippet.found) {
        heading.extend(section.heading.iter().cloned());
        lines = section.lines.or(lines);
    }
    Hit {
        document,
        source,
        snippet,
        heading,
        lines,
        page: chunk.page,
        text: chunk.text,
        fused,
        rerank: None,
        also_at,
        explanation: Vec::new(),
    }
}
