//! Reading and writing rows: the requests to Milvus, and what they see of earlier writes.

use std::sync::atomic::Ordering;

use prost::Message;
use ragterm_milvus::v2::{
    AllocTimestampRequest, ConsistencyLevel, DeleteRequest, DslType, FieldData, PlaceholderGroup,
    PlaceholderType, PlaceholderValue, QueryRequest, SearchRequest, UpsertRequest,
};

use super::schema::{DOCUMENT, METRIC, ORDINAL, VECTOR, pairs, search};
use super::{MilvusStore, columns};
use crate::error::{Error, Result};
use crate::id::DocumentId;
use crate::vectors::Candidate;
use crate::vectors::server::Row;

/// The column of an answer that counts.
const COUNT: &str = "count(*)";

impl MilvusStore {
    pub(super) async fn upsert(&self, rows: &[Row<'_>]) -> Result<()> {
        const TASK: &str = "store vectors";
        let request = UpsertRequest {
            collection_name: self.collection.clone(),
            fields_data: columns::columns(rows, self.dimensions),
            num_rows: rows.len() as u32,
        };
        let answer = self.connection.client().upsert(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        self.wrote_at(answer.timestamp).await
    }

    pub(super) async fn delete_where(&self, expr: String) -> Result<()> {
        const TASK: &str = "delete vectors";
        let request = DeleteRequest { collection_name: self.collection.clone(), expr };
        let answer = self.connection.client().delete(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        self.wrote_at(answer.timestamp).await
    }

    /// Notes when this process last wrote; 0 means that the server did not say.
    pub(super) async fn wrote_at(&self, timestamp: u64) -> Result<()> {
        const TASK: &str = "tell the time";
        if timestamp > 0 {
            self.written.fetch_max(timestamp, Ordering::AcqRel);
            return Ok(());
        }
        let answer = self.connection.client().alloc_timestamp(AllocTimestampRequest {}).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        self.written.fetch_max(answer.timestamp, Ordering::AcqRel);
        Ok(())
    }

    /// The rows that `expression` selects, column by column; with everything that was written.
    pub(super) async fn query(&self, expression: &str, fields: &[&str]) -> Result<Vec<FieldData>> {
        const TASK: &str = "read vectors";
        let request = QueryRequest {
            collection_name: self.collection.clone(),
            expr: expression.to_owned(),
            output_fields: fields.iter().map(ToString::to_string).collect(),
            guarantee_timestamp: self.written.load(Ordering::Acquire),
            query_params: Vec::new(),
            consistency_level: ConsistencyLevel::Session.into(),
        };
        let answer = self.connection.client().query(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        Ok(answer.fields_data)
    }

    pub(super) async fn count_where(&self, expression: &str) -> Result<u64> {
        let answer = self.query(expression, &[COUNT]).await?;
        let count = columns::numbers(&answer, COUNT)?.first().copied().unwrap_or_default();
        Ok(count.max(0) as u64)
    }

    /// The `rows` nearest of the rows that `expression` selects, best first.
    pub(super) async fn search(
        &self,
        query: &[f32],
        expression: &str,
        rows: usize,
    ) -> Result<Vec<Candidate>> {
        const TASK: &str = "search";
        let request = SearchRequest {
            collection_name: self.collection.clone(),
            dsl: expression.to_owned(),
            placeholder_group: placeholder(query),
            dsl_type: DslType::BoolExprV1.into(),
            output_fields: vec![DOCUMENT.into(), ORDINAL.into()],
            search_params: pairs(&[
                ("anns_field", VECTOR.into()),
                ("topk", rows.to_string()),
                ("metric_type", METRIC.into()),
                ("params", search(&self.config, rows)),
                ("round_decimal", "-1".into()),
            ]),
            guarantee_timestamp: self.written.load(Ordering::Acquire),
            nq: 1,
            consistency_level: ConsistencyLevel::Session.into(),
        };
        let answer = self.connection.client().search(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        let results = answer.results.unwrap_or_default();
        candidates(&results.fields_data, &results.scores)
    }
}

fn candidates(fields: &[FieldData], scores: &[f32]) -> Result<Vec<Candidate>> {
    let (documents, ordinals) =
        (columns::numbers(fields, DOCUMENT)?, columns::numbers(fields, ORDINAL)?);
    if documents.len() != scores.len() || ordinals.len() != scores.len() {
        return Err(Error::unavailable("Milvus answered with columns of different lengths"));
    }
    let rows = documents.iter().zip(ordinals).zip(scores);
    let candidate = |((document, ordinal), score): ((&i64, &i64), &f32)| Candidate {
        document: DocumentId(*document as u64),
        ordinal: *ordinal as u32,
        score: score.clamp(-1.0, 1.0),
    };
    Ok(rows.map(candidate).collect())
}

fn placeholder(query: &[f32]) -> Vec<u8> {
    let bytes = query.iter().flat_map(|value| value.to_le_bytes()).collect();
    let value = PlaceholderValue {
        tag: "$0".into(),
        r#type: PlaceholderType::FloatVectorPlaceholder.into(),
        values: vec![bytes],
    };
    PlaceholderGroup { placeholders: vec![value] }.encode_to_vec()
}
