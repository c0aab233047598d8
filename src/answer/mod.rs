//! Answers from documents.
pub mod check;
pub mod fence;
