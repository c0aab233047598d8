//! The gRPC contract of ragterm, what is generated from it, and how to reach a daemon.

mod connect;
mod request;

pub use connect::{
    Badge, Client, ConnectError, Place, Target, Token, connect, connect_to, connect_when_used,
};

pub use request::{REQUEST_KEY, RequestId, TRACE_KEY, fault, operators_step, trace_with};

/// The messages, client and server of `ragterm.v1`.
#[expect(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the .proto, which documents them"
)]
pub mod v1 {
    tonic::include_proto!("ragterm.v1");
}

/// The encoded file descriptors, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ragterm.bin"));

/// The names of the service's methods.
pub const METHODS: &[&str] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));

/// The largest message that either side accepts, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// The metadata key under which an error's next step travels, as UTF-8 bytes.
pub const HINT_KEY: &str = "ragterm-hint-bin";

/// The metadata key under which a bot says for whom it calls: an encoded [`v1::Asker`].
pub const ASKER_KEY: &str = "ragterm-asker-bin";
