//! Where a hit is, as JSON: what a search and an answer tell alike, in the order of the contract.

use ragterm_proto::v1::Hit;
use serde::Serialize;

use super::units::rfc3339;

/// The document and the place in it.
#[derive(Debug, Serialize)]
pub struct Whereabouts<'a> {
    document: &'a str,
    uri: &'a str,
    path: &'a str,
    title: &'a str,
    heading: &'a [String],
    space: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    modified: Option<String>,
    lines: Option<(u32, u32)>,
    page: Option<u32>,
}

impl<'a> From<&'a Hit> for Whereabouts<'a> {
    fn from(hit: &'a Hit) -> Self {
        Self {
            document: &hit.document,
            uri: &hit.uri,
            path: &hit.path,
            title: &hit.title,
            heading: &hit.heading,
            space: &hit.space,
            source: &hit.source,
            kind: &hit.r#type,
            modified: rfc3339(hit.modified_ms),
            lines: hit.lines.map(|lines| (lines.first, lines.last)),
            page: hit.page,
        }
    }
}
