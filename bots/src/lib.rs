//! Slack and Discord, over one core.

pub mod core;
pub mod discord;
mod error;
pub mod slack;

pub use error::{Error, Kind};
