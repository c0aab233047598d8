//! The bots, driven through the fake platforms against a scripted daemon.

// Helpers may end a test as its own body may.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod core;
mod daemon;
mod discord;
mod slack;
