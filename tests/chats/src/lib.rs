//! Chat platforms for tests: local servers that speak the real wire protocols, with journals of what
//! the bots did.

pub mod discord;
mod served;
pub mod slack;

pub use served::Served;
