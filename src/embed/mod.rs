//! Embedding: texts in, unit vectors out, and what callers must know about the model.

mod builtin;
pub mod language;
mod network;
#[cfg(test)]
mod tests;
mod tokenizer;
mod windows;
mod workers;

pub use builtin::{BuiltinEmbedder, Counts};
pub use tokenizer::Tokenizer;

/// Which model makes the vectors; those of different models never meet in one search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelIdentity {
    /// Who runs the model, such as `builtin`.
    pub provider: String,
    /// The model's published name.
    pub name: String,
    /// Changes whenever the same text could get another vector.
    pub fingerprint: String,
    /// Numbers in a vector.
    pub dimensions: usize,
    /// Longest text embedded in one piece, in the model's tokens; the special ones included.
    pub max_tokens: usize,
}

/// What a text is embedded for: some models prefix questions and passages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A question: answered at once, at normal priority, ahead of all documents.
    Query,
    /// A passage to be found: in the background, on all cores.
    Document,
}
