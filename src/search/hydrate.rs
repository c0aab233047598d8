//! From ranked documents to hits: the catalog has the last word, equal documents fold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fuse::Fused;
use super::{Hit, Retriever, snippet};
use crate::catalog::{Document, Source};
use crate::error::Result;
use crate::id::SourceId;
use crate::lexical::Query;

/// The length of a snippet, in characters.
const SNIPPET: usize = 280;

/// Other places of equal content that are named.
const PLACES: u32 = 8;

type Sources = HashMap<SourceId, Arc<Source>>;

impl Retriever {
    /// The first `limit` documents that are current; a deleted one is passed over.
    pub(super) async fn hydrate(
        &self,
        ranked: Vec<Fused>,
        sources: &Sources,
        query: &Query,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let mut hits = Vec::new();
        let mut shown: HashSet<Vec<u8>> = HashSet::new();
        for fused in ranked {
            if hits.len() == limit {
                break;
            }
            let Some(document) = self.catalog.document(fused.document).await? else { continue };
            let Some(source) = sources.get(&document.source) else { continue };
            if !shown.insert(document.hash.clone()) {
                continue;
            }
            let source = Arc::clone(source);
            if let Some(hit) = self.hit(fused, document, source, query).await? {
                hits.push(hit);
            }
        }
        for hit in &mut hits {
            hit.also_at = self.also_at(&hit.document, sources).await?;
        }
        Ok(hits)
    }

    async fn hit(
        &self,
        fused: Fused,
        document: Document,
        source: Arc<Source>,
        query: &Query,
    ) -> Result<Option<Hit>> {
        let chunk = match self.catalog.chunk(document.id, fused.ordinal).await? {
            Some(chunk) => Some(chunk),
            // The document became shorter since the follower saw it.
            None => self.catalog.chunk(document.id, 0).await?,
        };
        let Some(chunk) = chunk else { return Ok(None) };
        Ok(Some(Hit {
            document,
            source,
            snippet: snippet::snippet(&chunk.text, query, SNIPPET),
            heading: chunk.heading,
            lines: chunk.lines,
            page: chunk.page,
            fused,
            also_at: Vec::new(),
            explanation: Vec::new(),
        }))
    }

    /// Other documents of equal content within the scope of the search.
    async fn also_at(
        &self,
        document: &Document,
        sources: &Sources,
    ) -> Result<Vec<(Document, Arc<Source>)>> {
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
