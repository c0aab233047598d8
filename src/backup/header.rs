//! The first and the last member of a backup: what it is, and what its members must be.

use serde::{Deserialize, Serialize};

use super::{CATALOG, DUMP};
use crate::catalog::Description;
use crate::error::{Error, Result};

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format's number.
    pub format: u32,
    /// The version that made it.
    pub ragterm: String,
    /// When, in RFC 3339.
    pub created: String,
    /// What the catalog was kept in: `sqlite` or `postgres`.
    pub database: String,
    /// The member that holds the catalog.
    pub catalog: String,
    /// What is in the catalog.
    #[serde(flatten)]
    pub contents: Description,
}

/// The length and hash of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    /// Its name.
    pub member: String,
    /// In bytes.
    pub bytes: u64,
    /// In hexadecimal digits.
    pub blake3: String,
}

/// The last member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums {
    pub members: Vec<Checksum>,
}

/// The one field that every format has.
#[derive(Debug, Deserialize)]
struct Format {
    format: u32,
    #[serde(default)]
    ragterm: String,
}

impl Header {
    /// The header of a backup that is made now.
    pub fn new(database: &str, catalog: &'static str, contents: Description) -> Self {
        Self {
            format: FORMAT,
            ragterm: env!("CARGO_PKG_VERSION").to_owned(),
            created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            database: database.to_owned(),
            catalog: catalog.to_owned(),
            contents,
        }
    }

    /// Reads a header; `Usage` when a newer version made it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let damaged = |error: serde_json::Error| {
            Error::corrupt("the backup is damaged: what it says of itself cannot be read")
                .because(error)
        };
        let Format { format, ragterm } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format > FORMAT {
            let version: String = ragterm.chars().take(32).collect();
            let ours = env!("CARGO_PKG_VERSION");
            return Err(Error::usage(format!(
                "a newer ragterm ({version}) made the backup: it has format {format}, and ragterm \
                 {ours} reads format {FORMAT}"
            ))
            .hint("restore it with that version"));
        }
        let header: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        if ![CATALOG, DUMP].contains(&header.catalog.as_str()) {
            return Err(Error::corrupt("the backup is damaged: it names no catalog"));
        }
        Ok(header)
    }
}
