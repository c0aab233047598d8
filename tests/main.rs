//! End-to-end tests: each starts the real program in a directory of its own.

mod crash;
mod faults;
mod freshness;
mod queries;
mod readme;
mod spine;
mod support;
mod tidy;
