//! Files that hold documents: archives, mailboxes, dumps and exports of wikis.
//!
//! A container is walked once, in its own order, and never unpacked as a whole. What it holds is
//! handed to a [`Visitor`], one [`Member`] after the other; the order is the same at every walk, so
//! that a walk can be taken up where another one ended.

mod archive;
mod clock;
mod compressed;
mod confluence;
mod ignored;
mod mailbox;
mod mediawiki;
mod meter;
mod names;
mod notion;
mod paths;
mod recognise;
mod records;
mod salvage;
mod seven_zip;
mod shape;
mod tape;
#[cfg(test)]
mod tests;
mod timestamp;
mod unpack;
mod walk;
mod xml;
mod zip_end;

use std::fs::File;
use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::extract::{Dialect, Extraction, Input, Reason};

pub use recognise::{recognise, recognise_folder};
use shape::Stream;
pub(crate) use shape::is_named_archive;
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

impl Default for Member {
    fn default() -> Self {
        let outcome = Ok(Document::default());
        Self { path: String::new(), kind: None, size: 0, modified_ns: None, hash: None, outcome }
    }
}

impl Member {
    /// A file that no document was taken out of.
    fn unread(path: String, size: u64, hash: Option<[u8; 32]>) -> Self {
        let outcome = Err(Reason::Skipped("not read".to_owned()));
        Self { path, size, hash, outcome, ..Self::default() }
    }

    /// The same once it was read.
    fn read(self, entry: Entry, outcome: Result<Extraction, Reason>) -> Self {
        let own = outcome.as_ref().ok().and_then(|extraction| extraction.modified_ns);
        let outcome = outcome.map(|extraction| {
            let mut document = extraction.document;
            document.metadata.extend(entry.about);
            document
        });
        let kind = entry.kind.map(str::to_owned);
        Self { kind, modified_ns: own.or(entry.modified_ns), outcome, ..self }
    }
}

/// Who hears of what a container holds.
pub trait Visitor {
    /// A document comes next; says what is to be done with it.
    fn begin(&mut self, path: &str) -> Step;
    /// A container inside this one is walked next; it was begun.
    fn enter(&mut self, _path: &str) {}
    /// The container that was entered last was walked.
    fn leave(&mut self) {}
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

/// A container that is open. Most are read from their beginning to their end, whatever they come
/// out of; only where one begins may it have to be read at any place.
pub struct Opened<'a, C = Box<dyn Read + 'a>> {
    /// Its path, for its name.
    pub path: &'a str,
    /// What wrote it.
    pub dialect: Dialect,
    /// Its bytes, at the beginning.
    pub content: C,
    /// For exports that were unpacked.
    pub beside: Option<Beside<'a>>,
}

impl<'a, C: Content + 'a> Opened<'a, C> {
    /// Visits all that the container holds, in its order. What was visited before an error counts.
    pub fn walk(self, shape: Shape, walk: &mut Walk<'_>) -> Result<(), Reason> {
        match shape {
            Shape::Zip => archive::walk(self.boxed(), walk),
            Shape::SevenZip => seven_zip::walk(self.boxed(), walk),
            Shape::Confluence => confluence::walk_unpacked(self.boxed(), walk),
            Shape::Stream(stream) => {
                self.with(|content| Box::new(content) as Box<dyn Read + 'a>).read(stream, walk)
            }
        }
    }

    fn boxed(self) -> Packed<'a> {
        self.with(|content| Box::new(content) as _)
    }

    fn with<D>(self, change: impl FnOnce(C) -> D) -> Opened<'a, D> {
        let Self { path, dialect, content, beside } = self;
        Opened { path, dialect, content: change(content), beside }
    }
}

impl Opened<'_> {
    fn read(self, stream: Stream, walk: &mut Walk<'_>) -> Result<(), Reason> {
        match stream {
            Stream::Tar => tape::walk(self, walk),
            Stream::Compressed(codec) => compressed::walk(self, codec, walk),
            Stream::Mailbox => mailbox::walk(self, walk),
            Stream::MediaWiki => mediawiki::walk(self, walk),
            Stream::Records => records::walk(self, walk),
        }
    }
}

/// One that is read at any place, or more than once.
type Packed<'a> = Opened<'a, Box<dyn Content + 'a>>;
