//! The bots, driven through the fake platforms against a scripted daemon.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod core;
mod daemon;
mod slack;
