//! Going through a whole collection in Milvus, in ranges that are small enough for one answer.

use std::collections::BTreeMap;

use super::schema::{DOCUMENT, ORDINAL};
use super::{MilvusStore, columns, expression};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// Rows of one answer at the most.
const ROWS: u64 = 16_384;
/// Passages whose vectors are read in one request.
const PASSAGES: u64 = 2_048;
/// The largest id: the server's numbers are signed.
const LAST: DocumentId = DocumentId(i64::MAX as u64);

impl MilvusStore {
    /// Every document with its number of vectors, sorted by id.
    ///
    /// Ranges are halved until they are small enough, which depends on no order of the answers.
    pub(super) async fn list_documents(&self) -> Result<Vec<(DocumentId, u64)>> {
        let mut counts: BTreeMap<DocumentId, u64> = BTreeMap::new();
        let mut ranges = vec![(DocumentId(0), LAST)];
        while let Some((first, last)) = ranges.pop() {
            let expression = expression::range(first, last);
            let rows = self.count_where(&expression).await?;
            if rows > ROWS && first < last {
                let middle = DocumentId(first.0 + (last.0 - first.0) / 2);
                ranges.push((first, middle));
                ranges.push((DocumentId(middle.0 + 1), last));
            } else if first == last {
                counts.insert(first, rows);
            } else if rows > 0 {
                let answer = self.query(&expression, &[DOCUMENT]).await?;
                for id in columns::numbers(&answer, DOCUMENT)? {
                    *counts.entry(DocumentId(*id as u64)).or_default() += 1;
                }
            }
        }
        Ok(counts.into_iter().filter(|(_, rows)| *rows > 0).collect())
    }

    /// The vectors of a document by ordinal.
    pub(super) async fn vectors_of(&self, document: DocumentId) -> Result<Vec<(u32, Vec<f32>)>> {
        let all = self.query(&expression::documents(&[document]), &[ORDINAL]).await?;
        let mut ordinals: Vec<i64> = columns::numbers(&all, ORDINAL)?.to_vec();
        ordinals.sort_unstable();
        let mut vectors = Vec::with_capacity(ordinals.len());
        for some in ordinals.chunks(PASSAGES as usize) {
            let (Some(first), Some(last)) = (some.first(), some.last()) else { break };
            let expression = expression::passages(document, *first as u32, *last as u64 + 1);
            let answer = self.query(&expression, &[ORDINAL, super::schema::VECTOR]).await?;
            let components = columns::components(&answer)?;
            let ordinals = columns::numbers(&answer, ORDINAL)?;
            if components.len() != ordinals.len() * self.dimensions {
                return Err(Error::unavailable("Milvus answered with vectors of other lengths"));
            }
            let each = components.chunks(self.dimensions.max(1)).map(<[f32]>::to_vec);
            vectors.extend(ordinals.iter().map(|ordinal| *ordinal as u32).zip(each));
        }
        vectors.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        Ok(vectors)
    }
}
