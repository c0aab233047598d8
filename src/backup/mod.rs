//! Backups: an archive with everything that cannot be made again, taken while the daemon works, and
//! put back into place whole or not at all.
//!
//! Vectors are in the catalog; keyword index and vector stores follow it and are filled from it.

mod archive;
mod configuration;
mod feed;
mod handover;
mod header;
mod read;
mod restore;
mod rotation;
mod take;
#[cfg(test)]
mod tests;
mod unpack;

pub use crate::catalog::{Commit, Occupied};
pub use feed::{Feed, feed};
pub use handover::{Configured, Settled, settle, sweep};
pub use header::Header;
pub use read::{Checked, check};
pub use restore::{Restored, Target, restore, verify};
pub use rotation::{Shelf, due_in};
pub use take::{Form, Order, Progress, take};

/// The member that says what the backup is.
const HEADER: &str = "ragterm-backup.json";

/// The member with the catalog as a file of SQLite…
const CATALOG: &str = "catalog.db";

/// …or as a dump of PostgreSQL.
const DUMP: &str = "catalog.pgdump";

/// The member with the configuration.
const CONFIGURATION: &str = "config.toml";

/// The last member: lengths and hashes of those before it.
const CHECKSUMS: &str = "checksums.json";

/// Other members than the catalog are no larger, in bytes.
const MAX_TEXT_BYTES: u64 = 1 << 20;
