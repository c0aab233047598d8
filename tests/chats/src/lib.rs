//! Chat platforms for tests: local servers that speak their wire protocols, with a journal to read.

pub mod discord;
mod served;

pub use served::Served;
