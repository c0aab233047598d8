//! Sources and extractors: from what lies in a folder to [`document::Document`]s.
//!
//! Knows nothing of the daemon, the index or the network.

pub mod container;
pub mod document;
pub mod extract;
pub mod folder;
pub mod worker;
