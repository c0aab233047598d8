//! The part of Milvus' gRPC interface that ragterm uses, wire-compatible with Milvus 2.3 to 2.6.

/// The messages and the client.
#[expect(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the .proto, which documents them"
)]
pub mod v2 {
    tonic::include_proto!("milvus.proto.milvus");
}
