//! The server against the protocol's own client, over a daemon with scripted answers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod faults;
mod hostile;
mod paging;
mod support;
mod tools;
