//! Slack and Discord, over one core.

pub mod core;
mod error;
pub mod slack;

pub use error::{Error, Kind};
