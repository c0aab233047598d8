//! Documents as the rows that servers store, checked before anything is sent.

use crate::error::{Error, Result};
use crate::filter::Attributes;
use crate::id::DocumentId;
use crate::vectors::DocumentVectors;
use crate::vectors::unit::unit;

/// Bytes of vectors in one request at the most; servers refuse more than some ten megabytes.
const MAX_BYTES: usize = 4 << 20;

/// One passage with its vector.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The document.
    pub document: DocumentId,
    /// The passage's index in the document.
    pub ordinal: u32,
    /// What filters look at.
    pub attributes: &'a Attributes,
    /// Of length 1.
    pub vector: Vec<f32>,
}

/// Every vector of the documents as a row; nothing may be sent when one of them is wrong.
pub fn rows<'a>(documents: &'a [DocumentVectors<'_>], dimensions: usize) -> Result<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    for DocumentVectors { document, attributes, vectors } in documents {
        for (ordinal, vector) in *vectors {
            let what = || format!("the vector of passage {ordinal} of document {document}");
            if vector.len() != dimensions {
                let components = vector.len();
                let what = what();
                return Err(Error::internal(format!(
                    "{what} has {components} components, not {dimensions}"
                )));
            }
            let vector = unit(vector).ok_or_else(|| {
                Error::internal(format!("{} holds a component that is not finite", what()))
            })?;
            rows.push(Row { document: *document, ordinal: *ordinal, attributes, vector });
        }
    }
    Ok(rows)
}

/// The rows in blocks that fit into one request each.
pub fn blocks<'r, 'a>(rows: &'r [Row<'a>], dimensions: usize) -> std::slice::Chunks<'r, Row<'a>> {
    rows.chunks((MAX_BYTES / (4 * dimensions.max(1))).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SourceId;

    fn attributes() -> Attributes {
        Attributes { source: SourceId(1), kind: "md".into(), modified_ms: 0 }
    }

    #[test]
    fn vectors_are_scaled_and_wrong_ones_are_refused_before_anything_is_sent() {
        let documents = |vector: &[f32]| {
            let vectors = [(4, vector)];
            let document = DocumentId(7);
            let one = DocumentVectors { document, attributes: attributes(), vectors: &vectors };
            rows(&[one], 2).map(|rows| rows[0].vector.clone()).map_err(|error| error.to_string())
        };
        assert_eq!(documents(&[3.0, 4.0]).unwrap(), [0.6, 0.8]);
        assert!(documents(&[1.0]).unwrap_err().contains("passage 4"));
        assert!(documents(&[f32::NAN, 1.0]).unwrap_err().contains("not finite"));
    }

    #[test]
    fn a_request_stays_below_what_servers_take() {
        let attributes = attributes();
        let row =
            Row { document: DocumentId(1), ordinal: 0, attributes: &attributes, vector: vec![] };
        let rows = vec![row; 3000];
        assert_eq!(blocks(&rows, 1024).map(<[_]>::len).collect::<Vec<_>>(), [1024, 1024, 952]);
    }
}
