//! Reading and writing points: the requests to Qdrant.

use std::collections::BTreeMap;

use qdrant_client::qdrant::vector_output::Vector;
use qdrant_client::qdrant::{
    CountPointsBuilder, DeletePointsBuilder, Filter, PointStruct, Query, QueryPointsBuilder,
    RetrievedPoint, ScrollPointsBuilder, UpsertPointsBuilder,
};

use super::{QdrantStore, points};
use crate::error::{Error, Result};
use crate::id::DocumentId;
use crate::vectors::Candidate;
use crate::vectors::server::Row;

/// Points of one page, without and with their vectors.
const PAGE: u32 = 10_000;
const PAGE_OF_VECTORS: u32 = 1_000;

impl QdrantStore {
    pub(super) async fn upsert(&self, rows: &[Row<'_>]) -> Result<()> {
        let failed = self.connection.failed("store vectors");
        let version = self.version();
        let points: Vec<PointStruct> = rows.iter().map(|row| points::point(row, version)).collect();
        let request = UpsertPointsBuilder::new(&self.collection, points).wait(true);
        self.connection.client.upsert_points(request).await.map_err(failed)?;
        Ok(())
    }

    pub(super) async fn delete(&self, filter: Filter) -> Result<()> {
        let failed = self.connection.failed("delete vectors");
        let request = DeletePointsBuilder::new(&self.collection).points(filter).wait(true);
        self.connection.client.delete_points(request).await.map_err(failed)?;
        Ok(())
    }

    /// The `rows` nearest of the points that `filter` selects, best first.
    pub(super) async fn search(
        &self,
        query: &[f32],
        filter: Filter,
        rows: usize,
    ) -> Result<Vec<Candidate>> {
        let failed = self.connection.failed("search");
        let request = QueryPointsBuilder::new(&self.collection)
            .query(Query::new_nearest(query.to_vec()))
            .filter(filter)
            .limit(rows as u64)
            .with_payload(false);
        let answer = self.connection.client.query(request).await.map_err(failed)?;
        let candidate = |point: &qdrant_client::qdrant::ScoredPoint| {
            let (document, ordinal) = points::passage(point.id.as_ref())?;
            Some(Candidate { document, ordinal, score: point.score.clamp(-1.0, 1.0) })
        };
        Ok(answer.result.iter().filter_map(candidate).collect())
    }

    pub(super) async fn count_all(&self) -> Result<u64> {
        let failed = self.connection.failed("count the vectors");
        let request = CountPointsBuilder::new(&self.collection).exact(true);
        let answer = self.connection.client.count(request).await.map_err(failed)?;
        Ok(answer.result.map_or(0, |result| result.count))
    }

    /// Every document with its number of vectors, sorted by id.
    pub(super) async fn list_documents(&self) -> Result<Vec<(DocumentId, u64)>> {
        let mut counts: BTreeMap<DocumentId, u64> = BTreeMap::new();
        let request = ScrollPointsBuilder::new(&self.collection).limit(PAGE);
        let request = request.with_payload(false).with_vectors(false);
        self.pages(request, |point| {
            if let Some((document, _)) = points::passage(point.id.as_ref()) {
                *counts.entry(document).or_default() += 1;
            }
            Ok(())
        })
        .await?;
        Ok(counts.into_iter().collect())
    }

    /// The vectors of a document by ordinal.
    pub(super) async fn vectors_of(&self, document: DocumentId) -> Result<Vec<(u32, Vec<f32>)>> {
        let mut vectors = Vec::new();
        let request = ScrollPointsBuilder::new(&self.collection)
            .filter(points::of_documents(&[document], Vec::new()))
            .limit(PAGE_OF_VECTORS)
            .with_payload(false)
            .with_vectors(true);
        self.pages(request, |point| {
            let Some((_, ordinal)) = points::passage(point.id.as_ref()) else { return Ok(()) };
            match point.vectors.as_ref().and_then(|vectors| vectors.get_vector()) {
                Some(Vector::Dense(dense)) => vectors.push((ordinal, dense.data)),
                _ => return Err(Error::unavailable("Qdrant answered with a point without vector")),
            }
            Ok(())
        })
        .await?;
        vectors.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        Ok(vectors)
    }

    /// Goes through all points of a request, page by page.
    async fn pages(
        &self,
        request: ScrollPointsBuilder,
        mut see: impl FnMut(&RetrievedPoint) -> Result<()>,
    ) -> Result<()> {
        let mut next = request.clone();
        loop {
            let failed = self.connection.failed("read vectors");
            let answer = self.connection.client.scroll(next).await.map_err(failed)?;
            answer.result.iter().try_for_each(&mut see)?;
            let Some(offset) = answer.next_page_offset else { return Ok(()) };
            next = request.clone().offset(offset);
        }
    }
}
