//! A document's passages, as the wire takes them.

use ragterm_proto::v1::{LineRange, Passage, ReadReply, ReadRequest};
use tonic::Status;

use super::convert;
use crate::catalog::{Source, Stretch};
use crate::error::Error;
use crate::id::DocumentId;

/// The document that is to be read.
pub fn document(request: &ReadRequest) -> Result<DocumentId, Status> {
    request.document.parse().map_err(|_| {
        super::status(
            &Error::usage(format!("`{}` names no document", brief(&request.document)))
                .hint("a document's id stands in each hit of a search"),
        )
    })
}

/// A part of a document as the wire takes it.
pub fn reply(source: &Source, stretch: Stretch) -> ReadReply {
    let Stretch { document, language, total, passages } = stretch;
    ReadReply {
        place: Some(convert::place(&document, source)),
        title: convert::title(&document),
        r#type: document.kind.clone(),
        modified_ms: document.modified_ns / 1_000_000,
        language,
        metadata: document.metadata.into_iter().collect(),
        total,
        passages: passages
            .into_iter()
            .map(|(ordinal, chunk)| Passage {
                ordinal,
                heading: chunk.heading,
                lines: chunk.lines.map(|(first, last)| LineRange { first, last }),
                page: chunk.page,
                text: chunk.text,
            })
            .collect(),
    }
}

fn brief(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
