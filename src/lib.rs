//! ragterm: search and question answering over a company's own documents, local-first.

pub mod access;
pub mod answer;
pub mod backup;
pub mod catalog;
pub mod chunk;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod disk;
pub mod embed;
pub mod engine;
pub mod error;
pub mod filter;
pub mod gate;
mod http;
pub mod id;
pub mod index;
pub mod lexical;
pub mod llm;
pub mod metrics;
pub mod rpc;
pub mod search;
pub mod telemetry;
pub mod vectors;
pub mod watch;
