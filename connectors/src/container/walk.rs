//! One walk through a container and those inside it: limits, safe paths, reading each file.

use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};
use std::panic::{self, AssertUnwindSafe};

use super::ignored::Ignored;
use super::meter::{self, Meter, in_words};
use super::names::is_left_out;
use super::paths;
use super::{Content, Member, Opened, Shape, Step, Stream, Visitor};
use crate::document::Document;
use crate::extract::{Attachment, Dialect, Input, Reason};

/// What one container may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Containers inside containers.
    pub depth: usize,
    /// Files and pages in all of them together.
    pub entries: u64,
    /// Bytes that come out of all of them together.
    pub total_bytes: u64,
    /// Bytes of one file that is read as a whole.
    pub file_bytes: u64,
    /// How many times its packed size one file may have.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 6,
            entries: 1_000_000,
            total_bytes: 10_000_000_000,
            file_bytes: 100 * 1024 * 1024,
            ratio: 500,
        }
    }
}

/// A walk that is under way.
pub struct Walk<'v> {
    visitor: &'v mut dyn Visitor,
    limits: Limits,
    entries: u64,
    bytes: u64,
    depth: usize,
    /// The path of the innermost container, with a slash; empty at the outermost.
    prefix: String,
    dialect: Dialect,
    ocr: Option<&'v str>,
    ignored: Ignored,
    /// The paths that were given out, and how many of each name.
    paths: HashMap<String, u32>,
}

/// What a container says of one of its files.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// As the container spells it; `\` counts as `/`.
    pub path: String,
    /// Nanoseconds since the epoch.
    pub modified_ns: Option<i64>,
    /// What a search calls its type, where the path has no telling extension.
    pub kind: Option<&'static str>,
    /// Metadata that the container knows better than the file.
    pub about: BTreeMap<String, String>,
}

impl Entry {
    /// An entry of which only the path is known.
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

impl<'v> Walk<'v> {
    /// A walk that has not begun.
    pub fn new(visitor: &'v mut dyn Visitor, limits: Limits) -> Self {
        Self {
            visitor,
            limits,
            entries: 0,
            bytes: 0,
            depth: 0,
            prefix: String::new(),
            dialect: Dialect::Any,
            ocr: None,
            ignored: Ignored::default(),
            paths: HashMap::new(),
        }
    }

    /// How files are read.
    pub fn reading(self, dialect: Dialect, ocr: Option<&'v str>) -> Self {
        Self { dialect, ocr, ..self }
    }

    /// Which names are left out of archives of any files: globs as in ignore files.
    pub fn ignoring(self, globs: &[String]) -> Self {
        Self { ignored: Ignored::new(globs), ..self }
    }

    /// Whether a file of an archive, by its path there, is left out as a folder leaves it out.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        is_left_out(path) || (self.dialect == Dialect::Any && self.ignored.matches(path))
    }

    /// The dialect of the files here.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// From here on, and in containers inside this one, files are of this dialect.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// How many bytes of one file may be taken out at the most.
    pub fn file_bytes(&self) -> u64 {
        self.limits.file_bytes.min(self.limits.total_bytes.saturating_sub(self.bytes))
    }

    /// What is said of a file that has more than [`Self::file_bytes`]; an error ends the walk.
    pub(super) fn too_long(&mut self) -> Result<Reason, Reason> {
        let most = self.limits.file_bytes;
        if self.file_bytes() < most {
            self.count(most)?;
        }
        Ok(Reason::Skipped(format!("over the limit of {} for one file", in_words(most))))
    }

    /// Counts a file that is about to be unpacked, by the sizes that the container states (0 where
    /// it does not). An inner error is that file's own; the outer one ends the walk.
    pub fn admit(&mut self, size: u64, packed: u64) -> Result<Result<(), Reason>, Reason> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            let most = self.limits.entries;
            return Err(failed(format!("holds more than {most} files; the rest is left out")));
        }
        if size > self.limits.file_bytes {
            let (size, most) = (in_words(size), in_words(self.limits.file_bytes));
            return Ok(Err(Reason::Skipped(format!("{size} is over the limit of {most}"))));
        }
        Ok(meter::ratio(size, packed, self.limits.ratio).map_err(failed))
    }

    /// Reads a file, or walks through it if it is a container itself.
    pub fn file(&mut self, entry: Entry, bytes: &[u8]) -> Result<(), Reason> {
        self.count(bytes.len() as u64)?;
        let path = self.place(&entry.path);
        let shape = Shape::of(&path, self.dialect, &mut Cursor::new(bytes)).ok().flatten();
        if let Some(shape) = shape {
            return self.nested(&path, bytes, shape);
        }
        let step = self.visitor.begin(&path);
        if step == Step::Avoid {
            return Ok(());
        }
        // One that is known is read again for what it carries, which counts in the order.
        let input = Input { path: &path, bytes, dialect: self.dialect, ocr: self.ocr };
        let mut outcome = self.visitor.extract(&input);
        let attachments = outcome.as_mut().map(|it| std::mem::take(&mut it.attachments));
        let attachments = attachments.unwrap_or_default();
        // What a message carries is as old as the message.
        let own = outcome.as_ref().ok().and_then(|extraction| extraction.modified_ns);
        let modified_ns = own.or(entry.modified_ns);
        if step == Step::Read {
            let member = Member::unread(path.clone(), bytes.len() as u64, Some(hash_of(bytes)));
            self.visitor.take(member.read(entry, outcome))?;
        }
        self.below(&path, |walk| walk.attachments(attachments, modified_ns))
    }

    /// Hands over a document that the container itself was read into.
    pub fn page(&mut self, entry: Entry, document: Document) -> Result<(), Reason> {
        let path = self.place(&entry.path);
        if self.visitor.begin(&path) != Step::Read {
            return Ok(());
        }
        let identity = postcard::to_stdvec(&document)
            .map_err(|error| failed(format!("a page cannot be kept: {error}")))?;
        self.count(identity.len() as u64)?;
        self.visitor.take(Member {
            path,
            kind: entry.kind.map(str::to_owned),
            size: identity.len() as u64,
            modified_ns: entry.modified_ns,
            hash: Some(hash_of(&identity)),
            outcome: Ok(document),
        })
    }

    /// Records something that cannot be taken out.
    pub fn unreadable(&mut self, entry: Entry, reason: Reason) -> Result<(), Reason> {
        let path = self.place(&entry.path);
        if self.visitor.begin(&path) != Step::Read {
            return Ok(());
        }
        let kind = entry.kind.map(str::to_owned);
        let modified_ns = entry.modified_ns;
        let member = Member::unread(path, 0, None);
        self.visitor.take(Member { kind, modified_ns, outcome: Err(reason), ..member })
    }

    /// Visits the files that a document carries, which are as old as it is; those of a message are
    /// no messages themselves.
    pub fn attachments(
        &mut self,
        attachments: Vec<Attachment>,
        modified_ns: Option<i64>,
    ) -> Result<(), Reason> {
        let entry = |name| Entry { modified_ns, ..Entry::at(name) };
        if self.depth < self.limits.depth {
            return self.inside(|walk| {
                if walk.dialect == Dialect::Mail {
                    walk.dialect = Dialect::Any;
                }
                attachments.into_iter().try_for_each(|Attachment { name, content }| {
                    walk.admit(0, 0)??;
                    match content {
                        Ok(bytes) => walk.file(entry(name), &bytes),
                        Err(reason) => walk.unreadable(entry(name), reason),
                    }
                })
            });
        }
        attachments.into_iter().try_for_each(|attachment| {
            self.admit(0, 0)??;
            let reason = attachment.content.err().unwrap_or_else(|| self.too_deep());
            self.unreadable(entry(attachment.name), reason)
        })
    }

    /// A container inside this one; what is wrong with it is its own.
    fn nested(&mut self, path: &str, bytes: &[u8], shape: Shape) -> Result<(), Reason> {
        if !self.enter(path) {
            return Ok(());
        }
        let dialect = self.dialect;
        let opened = Opened { path, dialect, content: Cursor::new(bytes), beside: None };
        let outcome = self.inside(|walk| walk.below(path, |walk| opened.walk(shape, walk)));
        self.visitor.leave();
        let hash = Some(hash_of(bytes));
        self.ended(Member::unread(path.to_owned(), bytes.len() as u64, hash), outcome)
    }

    /// A container inside this one that is too large to be held; what is wrong with it is its own.
    pub(super) fn stream(
        &mut self,
        entry: Entry,
        stream: Stream,
        content: &mut dyn Read,
    ) -> Result<(), Reason> {
        let path = &*self.place(&entry.path);
        if !self.enter(path) {
            return Ok(());
        }
        let dialect = self.dialect;
        let meter = self.meter();
        let content: Box<dyn Read + '_> = Box::new(meter.reading(content));
        let opened = Opened { path, dialect, content, beside: None };
        let outcome = self.inside(|walk| walk.below(path, |walk| opened.read(stream, walk)));
        self.visitor.leave();
        let outcome = self.metered(&meter, outcome);
        self.ended(Member::unread(path.to_owned(), meter.unpacked(), None), outcome)
    }

    /// An archive that stands in another one as it is, and so need not be held.
    pub(super) fn stored(&mut self, entry: Entry, content: impl Content) -> Result<(), Reason> {
        let path = &*self.place(&entry.path);
        if !self.enter(path) {
            return Ok(());
        }
        let opened = Opened { path, dialect: self.dialect, content, beside: None };
        let outcome = self.inside(|walk| walk.below(path, |walk| opened.walk(Shape::Zip, walk)));
        self.visitor.leave();
        self.ended(Member::unread(path.to_owned(), 0, None), outcome)
    }

    /// An archive that is but a part of another one: what it holds stands beside what that holds.
    pub(super) fn part(&mut self, entry: Entry, content: impl Content) -> Result<(), Reason> {
        let path = &*entry.path;
        if !self.enter(path) {
            return Ok(());
        }
        let opened = Opened { path, dialect: self.dialect, content, beside: None };
        let outcome = self.inside(|walk| opened.walk(Shape::Zip, walk));
        self.visitor.leave();
        if outcome.is_ok() {
            return Ok(());
        }
        let path = self.place(path);
        self.ended(Member::unread(path, 0, None), outcome)
    }

    /// Goes one container deeper, if that is not too deep.
    pub(super) fn inside(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        if self.depth >= self.limits.depth {
            return Err(self.too_deep());
        }
        let (dialect, prefix) = (self.dialect, self.prefix.clone());
        self.depth += 1;
        // A reader that crashes takes its own container down, not those around it.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(self)))
            .unwrap_or_else(|_| Err(failed("the reader crashed (a fault in ragterm)".to_owned())));
        self.depth -= 1;
        (self.dialect, self.prefix) = (dialect, prefix);
        outcome
    }

    /// Whether a container inside this one is to be walked: not if it ended an earlier walk.
    fn enter(&mut self, path: &str) -> bool {
        let step = self.visitor.begin(path);
        if step != Step::Avoid {
            self.visitor.enter(path);
        }
        step != Step::Avoid
    }

    fn too_deep(&self) -> Reason {
        failed(format!("more than {} containers inside each other", self.limits.depth))
    }

    /// Measures what is about to be unpacked as a stream.
    pub(super) fn meter(&self) -> Meter {
        Meter::new(self.bytes, self.limits)
    }

    /// Counts what came through a meter, which knows best why it ended.
    pub(super) fn metered(
        &mut self,
        meter: &Meter,
        outcome: Result<(), Reason>,
    ) -> Result<(), Reason> {
        self.bytes = self.bytes.max(meter.total());
        self.count(0)?;
        meter.bomb().map_err(failed)?;
        outcome
    }

    /// Records a container that could not be walked to its end, unless the whole walk is over.
    fn ended(&mut self, member: Member, outcome: Result<(), Reason>) -> Result<(), Reason> {
        let Err(reason) = outcome else { return Ok(()) };
        if self.entries > self.limits.entries || self.bytes > self.limits.total_bytes {
            return Err(reason);
        }
        self.visitor.take(Member { outcome: Err(reason), ..member })
    }

    fn below<T>(&mut self, path: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let prefix = std::mem::replace(&mut self.prefix, format!("{path}/"));
        let done = work(self);
        self.prefix = prefix;
        done
    }

    fn count(&mut self, bytes: u64) -> Result<(), Reason> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= self.limits.total_bytes {
            return Ok(());
        }
        let most = in_words(self.limits.total_bytes);
        Err(failed(format!(
            "holds more than {most}, too much for its size or for index.max_archive_bytes; the rest \
             is left out"
        )))
    }

    /// The path below the outermost container: safe, normalised and not given out before.
    fn place(&mut self, path: &str) -> String {
        let path = paths::bounded(format!("{}{}", self.prefix, paths::safe(path)));
        let mut unique = path.clone();
        while self.paths.contains_key(&unique) {
            let times = self.paths.entry(path.clone()).or_insert(1);
            *times += 1;
            unique = paths::with_number(&path, *times);
        }
        self.paths.insert(unique.clone(), 1);
        unique
    }
}

fn hash_of(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

pub(super) fn failed(reason: String) -> Reason {
    Reason::Failed(reason)
}
