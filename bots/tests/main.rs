//! The bots, driven through the fake platforms against a scripted daemon.

mod core;
mod daemon;
