//! Passages: a document cut along its sections into pieces that fit the embedding model.

mod arrange;
mod codec;
mod cut;
mod embedding;
mod inner;
mod run;
mod split;
mod tokens;

use std::collections::HashMap;
use std::fmt;

use ragterm_connectors::document::Document;
use serde::{Deserialize, Serialize};

use crate::id::DocumentId;

pub use codec::{decode, decode_one, encode};
pub use embedding::{embedding_key, embedding_text};
pub use inner::Inner;
pub use tokens::estimate_tokens;

/// Grows whenever the same document would give other chunks than before.
pub const CHUNKING_VERSION: u32 = 3;

/// Names a passage by its content: BLAKE3 of document id, text and repeat, cut to 16 bytes.
///
/// An unchanged passage keeps its id when the rest of its document changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChunkId(pub [u8; 16]);

/// A passage of a document; its ordinal is its index in the document's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chunk {
    /// The content's name.
    pub id: ChunkId,
    /// The headings that lead here, outermost first; at most 8 of at most 200 bytes.
    pub heading: Vec<String>,
    /// The first and the last line in the original, counted from 1.
    pub lines: Option<(u32, u32)>,
    /// The page in the original, counted from 1.
    pub page: Option<u32>,
    /// The passage itself; never blank.
    pub text: String,
    /// The small sections that it was joined from, in order; empty for a passage of one section.
    pub inner: Vec<Inner>,
}

/// How large the passages may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkSettings {
    /// What is embedded (title, headings and text) is at most this many estimated tokens.
    pub max_tokens: usize,
}

impl Default for ChunkSettings {
    /// Fits a model of 256 tokens, with room for the error of the estimate.
    fn default() -> Self {
        Self { max_tokens: 220 }
    }
}

/// Cuts a document into passages along its sections; the same input gives the same chunks.
///
/// Nothing is dropped but white space; a chunk spans several sections only when they are tiny.
pub fn chunk(document_id: DocumentId, document: &Document, settings: &ChunkSettings) -> Vec<Chunk> {
    let budget = embedding::Budget::new(document.title.as_deref(), settings.max_tokens);
    let mut names = Names::new(document_id);
    let mut splitter = split::Splitter::default();
    let mut chunks = Vec::new();
    for part in arrange::arrange(&document.sections, &budget) {
        let mut cursor = split::LineCursor::default();
        for (offset, text) in splitter.split(&part.text, budget.text_tokens(&part.heading)) {
            chunks.push(Chunk {
                id: names.name(text),
                heading: part.heading.to_vec(),
                lines: part.span.lines(|| cursor.lines(&part.text, offset, text)),
                page: part.span.page(),
                text: text.to_owned(),
                inner: arrange::within(&part.inner, offset, text.len()),
            });
        }
    }
    chunks
}

/// Names the passages of one document; equal texts get different names by their order.
struct Names {
    document: DocumentId,
    repeats: HashMap<ChunkId, u32>,
}

impl Names {
    fn new(document: DocumentId) -> Self {
        Self { document, repeats: HashMap::new() }
    }

    fn name(&mut self, text: &str) -> ChunkId {
        let first = self.hash(text, 0);
        let repeat = self.repeats.entry(first).or_insert(0);
        let nth = *repeat;
        *repeat += 1;
        if nth == 0 { first } else { self.hash(text, nth) }
    }

    fn hash(&self, text: &str, repeat: u32) -> ChunkId {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.document.0.to_le_bytes());
        hasher.update(&repeat.to_le_bytes());
        hasher.update(text.as_bytes());
        ChunkId(embedding::first_16(&hasher.finalize()))
    }
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests;
