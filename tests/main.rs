//! End-to-end tests: each starts the real program in a directory of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod adding;
mod asking;
mod attacks;
mod backup;
mod bots;
mod certificate;
mod clock_backup;
mod conformance;
mod containers;
mod crash;
mod dropping;
mod embedders;
mod fake_qdrant;
mod fakes;
mod faults;
mod freshness;
mod housekeeping;
mod init;
mod isolation;
mod llm;
mod logs;
mod man;
mod mcp;
mod misconfigured;
mod mutated;
mod postgres;
mod queries;
mod readme;
mod reindex;
mod relay;
mod restoring;
mod spine;
mod starting;
mod stores;
mod support;
mod terminal;
mod tidy;
mod upgrades;
mod watching;
