//! The Korean word processor: HWP 3 and 5, HWPX.

mod binary;
mod characters;
mod distribution;
mod flow;
mod johab;
mod legacy;
mod metadata;
#[cfg(test)]
mod tests;
mod xml;

use unhwp::Error;

use super::{Reason, damage};
use crate::document::Document;

const VERSION_3: &[u8] = b"HWP Document File V3";

/// Reads an HWP document.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    if bytes.starts_with(VERSION_3) {
        return legacy::read(bytes);
    }
    binary::read(bytes)
}

/// Reads an HWPX document.
pub(super) fn read_xml(bytes: &[u8]) -> Result<Document, Reason> {
    xml::read(bytes)
}

fn reason(error: Error) -> Reason {
    match error {
        Error::Encrypted => Reason::Failed("protected by a password".to_owned()),
        error => damage::reason(&error),
    }
}
