//! Files that hold documents: archives, mailboxes, dumps and exports of wikis.
//!
//! A container is walked once, in its own order, and never unpacked as a whole. What it holds is
//! handed to a [`Visitor`], one [`Member`] after the other; the order is the same at every walk, so
//! that a walk can be taken up where another one ended.

mod archive;
mod compressed;
mod confluence;
mod mailbox;
mod mediawiki;
mod records;
mod seven_zip;
mod shape;
mod tape;
#[cfg(test)]
mod tests;
mod timestamp;
mod walk;
mod xml;

use std::fs::File;
use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::extract::{Dialect, Extraction, Input, Reason};

pub use shape::{Shape, may_be_large};
pub use walk::{Entry, Limits, Walk};

/// A document inside a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where it stands below its file: `/` between names, Unicode NFC, unique, without `.` and `..`.
    pub path: String,
    /// What a search calls its type, where the extension of the path does not say it.
    pub kind: Option<String>,
    /// In bytes.
    pub size: u64,
    /// The time of the last change in nanoseconds since the epoch, where the container tells it.
    pub modified_ns: Option<i64>,
    /// BLAKE3 of what it was read from; `None` when it could not be taken out.
    pub hash: Option<[u8; 32]>,
    /// The document, or why there is none.
    pub outcome: Result<Document, Reason>,
}

/// Who hears of what a container holds.
pub trait Visitor {
    /// A document comes next; says what is to be done with it.
    fn begin(&mut self, path: &str) -> Step;
    /// Reads the document in the bytes of a file.
    fn extract(&mut self, input: &Input<'_>) -> Result<Extraction, Reason>;
    /// Takes a document; an error ends the walk.
    fn take(&mut self, member: Member) -> Result<(), Reason>;
}

/// What is to be done with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is to be read and handed over.
    Read,
    /// It was handed over at an earlier walk.
    Past,
    /// Reading it ended an earlier walk; it is not touched.
    Avoid,
}

/// The bytes of a container. Archives with an index at their end have to be read at any place.
pub trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// Opens a file that lies beside the container, by its path below the same directory.
pub type Beside<'a> = &'a dyn Fn(&str) -> io::Result<File>;

/// A container that is open.
pub struct Opened<'a> {
    /// Its path, for its name.
    pub path: &'a str,
    /// What wrote it.
    pub dialect: Dialect,
    /// Its bytes, at the beginning.
    pub content: Box<dyn Content + 'a>,
    /// For exports that were unpacked.
    pub beside: Option<Beside<'a>>,
}

impl Opened<'_> {
    /// Visits all that the container holds, in its order. What was visited before an error counts.
    pub fn walk(self, shape: Shape, walk: &mut Walk<'_>) -> Result<(), Reason> {
        match shape {
            Shape::Zip => archive::walk(self, walk),
            Shape::SevenZip => seven_zip::walk(self, walk),
            Shape::Tar => tape::walk(self, walk),
            Shape::Compressed(codec) => compressed::walk(self, codec, walk),
            Shape::Mailbox => mailbox::walk(self, walk),
            Shape::MediaWiki => mediawiki::walk(self, walk),
            Shape::Confluence => confluence::walk_unpacked(self, walk),
            Shape::Records => records::walk(self, walk),
        }
    }
}
