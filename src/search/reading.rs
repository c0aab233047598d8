//! Reading on from a hit: a document's passages, a part at a time.

use std::sync::Arc;

use super::Retriever;
use crate::access::Grants;
use crate::catalog::{Source, Stretch};
use crate::error::{Error, ErrorKind, Result};
use crate::id::DocumentId;

/// Passages in one part at the most.
pub const MAX_PASSAGES: u32 = 512;

/// Passages in a part when the caller names no number.
const PASSAGES: u32 = 64;

/// Text in one part at the most, in bytes; a longer passage stands alone.
const MAX_BYTES: usize = 1 << 20;

impl Retriever {
    /// At most `limit` passages of a document from the ordinal `from` on; 0 means the usual number.
    ///
    /// `NotFound` when there is no such document, or not any more, or not for these grants.
    pub async fn read(
        &self,
        document: DocumentId,
        grants: &Grants,
        (from, limit): (u32, u32),
    ) -> Result<(Arc<Source>, Stretch)> {
        let limit = if limit == 0 { PASSAGES } else { limit.min(MAX_PASSAGES) };
        let stretch = self.catalog.stretch(document, from..from.saturating_add(limit)).await?;
        let mut stretch = stretch.ok_or_else(|| gone(document))?;
        let source = self.catalog.source(stretch.document.source).await?;
        let source = source.filter(|source| grants.sees(&source.registered.space));
        let source = source.ok_or_else(|| gone(document))?;
        let mut bytes = 0;
        let fitting = stretch.passages.iter().take_while(|(_, passage)| {
            let is_first = bytes == 0;
            bytes += passage.text.len();
            is_first || bytes <= MAX_BYTES
        });
        let fitting = fitting.count();
        stretch.passages.truncate(fitting);
        Ok((Arc::new(source), stretch))
    }
}

fn gone(document: DocumentId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no document `{document}`, or not any more"))
        .hint("search again: a hit names the document that is there now")
}
