//! One suite for each trait with more than one implementation, run against every one.

mod embedder;
mod milvus;
mod qdrant;
mod stores;
mod vector_store;
