//! Suites that hold for every implementation of a trait.

mod embedder;
