//! The best passage of each document, from servers that answer with the nearest rows.

use std::collections::HashSet;

use async_trait::async_trait;

use crate::error::Result;
use crate::filter::Filter;
use crate::id::DocumentId;
use crate::vectors::Candidate;

/// Rows asked for per document that is wanted: most documents have fewer near passages.
const ROWS_PER_DOCUMENT: usize = 4;
/// Fewer rows than this are not worth a request.
const MIN_ROWS: usize = 64;
/// No server answers with more rows at a time than this.
const MAX_ROWS: usize = 16_384;
/// Documents named in one request at the most.
const MAX_DOCUMENTS: usize = 4_096;

/// What one request for rows selects.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Sources, types and times; its documents are split up into `documents`.
    pub filter: &'a Filter,
    /// Only these documents; `None` means all.
    pub documents: Option<&'a [DocumentId]>,
    /// None of these.
    pub except: &'a [DocumentId],
}

/// A server that finds the nearest rows.
#[async_trait]
pub trait RowSearch: Sync {
    /// The `rows` nearest of the rows that `part` selects, fewer when there are not so many.
    async fn nearest_rows(
        &self,
        query: &[f32],
        part: Part<'_>,
        rows: usize,
    ) -> Result<Vec<Candidate>>;
}

/// The best passage of each of the `limit` nearest documents, best first, ties by document id.
///
/// There are `limit` of them when the filter selects so many documents, whatever the number of
/// their passages: what was found is excluded and the rest is searched again.
pub async fn best_passages(
    server: &impl RowSearch,
    query: &[f32],
    filter: &Filter,
    limit: usize,
) -> Result<Vec<Candidate>> {
    // No sources are no grants: nothing may be found.
    if limit == 0 || filter.sources.is_empty() {
        return Ok(Vec::new());
    }
    let mut best = Vec::new();
    match &filter.documents {
        None => {
            let all = Part { filter, documents: None, except: &[] };
            best = documents_of(server, query, all, limit).await?;
        }
        Some(documents) => {
            let mut documents: Vec<_> = documents.iter().copied().collect();
            documents.sort_unstable();
            for some in documents.chunks(MAX_DOCUMENTS) {
                let part = Part { filter, documents: Some(some), except: &[] };
                best.extend(documents_of(server, query, part, limit).await?);
            }
        }
    }
    sort(&mut best);
    best.truncate(limit);
    Ok(best)
}

async fn documents_of(
    server: &impl RowSearch,
    query: &[f32],
    part: Part<'_>,
    limit: usize,
) -> Result<Vec<Candidate>> {
    let mut best: Vec<Candidate> = Vec::new();
    let mut seen: Vec<DocumentId> = Vec::new();
    let mut rows = (limit * ROWS_PER_DOCUMENT).clamp(MIN_ROWS, MAX_ROWS);
    loop {
        let mut found = server.nearest_rows(query, Part { except: &seen, ..part }, rows).await?;
        let is_all = found.len() < rows;
        let before = best.len();
        sort(&mut found);
        let mut known: HashSet<DocumentId> = seen.iter().copied().collect();
        best.extend(found.into_iter().filter(|candidate| known.insert(candidate.document)));
        // A server that finds nothing new has nothing more, whatever it said before.
        if is_all || best.len() >= limit || best.len() == before {
            return Ok(best);
        }
        seen = best.iter().map(|candidate| candidate.document).collect();
        rows = (rows * 2).min(MAX_ROWS);
    }
}

fn sort(candidates: &mut [Candidate]) {
    candidates.sort_unstable_by(|one, other| {
        let by_score = other.score.total_cmp(&one.score);
        by_score.then((one.document, one.ordinal).cmp(&(other.document, other.ordinal)))
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::id::SourceId;

    /// Rows of (document, ordinal, score), and how often they were asked for.
    struct Rows(Vec<(u64, u32, f32)>, AtomicUsize);

    #[async_trait]
    impl RowSearch for Rows {
        async fn nearest_rows(
            &self,
            _: &[f32],
            part: Part<'_>,
            rows: usize,
        ) -> Result<Vec<Candidate>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            let admits = |id: &DocumentId| {
                !part.except.contains(id) && part.documents.is_none_or(|some| some.contains(id))
            };
            let all = self.0.iter().map(|&(document, ordinal, score)| Candidate {
                document: DocumentId(document),
                ordinal,
                score,
            });
            let mut found: Vec<_> = all.filter(|one| admits(&one.document)).collect();
            sort(&mut found);
            found.truncate(rows);
            Ok(found)
        }
    }

    fn filter() -> Filter {
        Filter { sources: [SourceId(1)].into(), ..Filter::default() }
    }

    async fn found(rows: &Rows, filter: &Filter, limit: usize) -> Vec<(u64, u32)> {
        let best = best_passages(rows, &[1.0], filter, limit).await.unwrap();
        best.iter().map(|one| (one.document.0, one.ordinal)).collect()
    }

    #[tokio::test]
    async fn a_document_with_very_many_near_passages_hides_no_other() {
        let mut rows: Vec<_> = (0..5000).map(|ordinal| (1, ordinal, 0.9)).collect();
        rows.extend((2..12).map(|document| (document, 3, 0.5 - document as f32 / 100.0)));
        let rows = Rows(rows, AtomicUsize::new(0));
        let expected: Vec<_> = (1..9).map(|id| (id, if id == 1 { 0 } else { 3 })).collect();
        assert_eq!(found(&rows, &filter(), 8).await, expected);
        assert!(rows.1.load(Ordering::Relaxed) <= 3);
    }

    #[tokio::test]
    async fn many_documents_are_asked_for_in_parts_and_merged() {
        let rows: Vec<_> = (0..10_000).map(|id| (id, 0, (id % 1000) as f32 / 1000.0)).collect();
        let rows = Rows(rows, AtomicUsize::new(0));
        let documents: HashSet<_> = (0..9_000).map(DocumentId).collect();
        let filter = Filter { documents: Some(Arc::new(documents)), ..filter() };
        assert_eq!(found(&rows, &filter, 3).await, [(999, 0), (1999, 0), (2999, 0)]);
        assert_eq!(rows.1.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn nothing_is_asked_where_nothing_may_be_found() {
        let rows = Rows(vec![(1, 0, 1.0)], AtomicUsize::new(0));
        assert_eq!(found(&rows, &Filter::default(), 3).await, []);
        let none = Filter { documents: Some(Arc::default()), ..filter() };
        assert_eq!(found(&rows, &none, 3).await, []);
        assert_eq!(found(&rows, &filter(), 0).await, []);
        assert_eq!(rows.1.load(Ordering::Relaxed), 0);
    }
}
