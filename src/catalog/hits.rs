//! What a search shows of the documents that it found: each with one passage, many in one statement.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::documents::Document;
use super::{Catalog, passages};
use crate::chunk::Chunk;
use crate::error::Result;
use crate::id::DocumentId;

const TASK: &str = "read hits";

/// A document with the passage of it that was found.
#[derive(Debug)]
pub struct Found {
    /// The document.
    pub document: Document,
    /// The passage that was asked for.
    pub chunk: Chunk,
    /// Whether other indexed documents have this content.
    pub has_copies: bool,
}

impl Catalog {
    /// For each document and ordinal, in their order, the document with that chunk; a few dozen of
    /// them at the most.
    ///
    /// The first chunk stands in for one that is no longer there; `None` where the document is gone.
    pub async fn hits(&self, wanted: &[(DocumentId, u32)]) -> Result<Vec<Option<Found>>> {
        let mut found = self.hits_there(wanted).await?;
        let shorter: Vec<usize> = (0..wanted.len())
            .filter(|place| found[*place].is_none() && wanted[*place].1 > 0)
            .collect();
        let first: Vec<_> = shorter.iter().map(|place| (wanted[*place].0, 0)).collect();
        for (place, instead) in shorter.into_iter().zip(self.hits_there(&first).await?) {
            found[place] = instead;
        }
        Ok(found)
    }

    /// `None` also where the document has no such chunk.
    async fn hits_there(&self, wanted: &[(DocumentId, u32)]) -> Result<Vec<Option<Found>>> {
        let mut found = Vec::new();
        found.resize_with(wanted.len(), || None);
        if wanted.is_empty() {
            return Ok(found);
        }
        let query = sqlx::query(sqlx::AssertSqlSafe(statement(wanted.len())));
        let query = wanted.iter().fold(query, |query, (id, ordinal)| {
            query.bind(id.0 as i64).bind(passages::part_of(*ordinal))
        });
        for row in query.fetch_all(&self.inner.readers).await.map_err(self.failed(TASK))? {
            let place: i64 = row.try_get("place").map_err(self.failed(TASK))?;
            let Some((_, ordinal)) = wanted.get(place as usize) else { continue };
            found[place as usize] = self.found(&row, *ordinal)?;
        }
        Ok(found)
    }

    fn found(&self, row: &AnyRow, ordinal: u32) -> Result<Option<Found>> {
        let encoded: &[u8] = row.try_get("chunks").map_err(self.failed(TASK))?;
        let Some(chunk) = self.noted(passages::chunk_of(encoded, ordinal))? else {
            return Ok(None);
        };
        let document = <Document as sqlx::FromRow<AnyRow>>::from_row(row);
        let document = document.map_err(self.failed(TASK))?;
        let copied: i64 = row.try_get("copied").map_err(self.failed(TASK))?;
        Ok(Some(Found { document, chunk, has_copies: copied != 0 }))
    }
}

/// Asks for the parts of so many documents; SQLite takes the tables in this order.
fn statement(hits: usize) -> String {
    let row = |place: usize| {
        let (document, part) = (place * 2 + 1, place * 2 + 2);
        format!("({place}, CAST(${document} AS BIGINT), CAST(${part} AS BIGINT))")
    };
    let wanted: Vec<String> = (0..hits).map(row).collect();
    format!(
        "WITH wanted (place, document, part) AS (VALUES {}) \
         SELECT w.place, d.id, d.source, d.path, d.raw_path, d.type, d.modified_ns, d.stated_ns, \
         d.hash, d.state, d.title, d.metadata, d.embedded, d.seq, p.chunks, \
         CASE WHEN EXISTS (SELECT 1 FROM documents o WHERE o.hash = d.hash AND o.state = 0 \
         AND o.id <> d.id) THEN 1 ELSE 0 END AS copied \
         FROM wanted w CROSS JOIN documents d CROSS JOIN passages p \
         WHERE d.id = w.document AND d.state = 0 AND p.document = d.id AND p.part = w.part",
        wanted.join(", ")
    )
}
