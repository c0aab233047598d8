//! One suite for each trait with several implementations, run against every one of them.

mod milvus;
mod qdrant;
mod stores;
mod vector_store;
