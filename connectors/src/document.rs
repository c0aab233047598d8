//! What extraction yields: a title, sections of text with their places, and metadata.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The readable content of one entry of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The document's own title (front matter, first heading, `<title>`); never the file name.
    pub title: Option<String>,
    /// ISO 639-3 code of the main language when it was recognised reliably (`eng`, `kor`).
    pub language: Option<String>,
    /// The text in reading order.
    pub sections: Vec<Section>,
    /// What else the format says: `author`, `tags`, `date`… Keys are lower case.
    pub metadata: BTreeMap<String, String>,
}

/// A run of text under one heading path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The headings that lead here, outermost first.
    pub heading: Vec<String>,
    /// The text; without the heading line itself.
    pub text: String,
    /// Where the text stands in the original.
    pub place: Place,
}

/// A position in the original.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The format has no positions that a reader could use.
    #[default]
    Unknown,
    /// The first line of the text, counted from 1; each newline in the text is one line more.
    Line(u32),
    /// A page or slide, counted from 1.
    Page(u32),
}
