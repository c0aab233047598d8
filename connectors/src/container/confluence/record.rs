//! The objects in `entities.xml`, one after the other.

use std::io::Read;

use quick_xml::events::BytesStart;

use crate::container::xml::{Piece, XmlStream, attribute};
use crate::extract::Reason;

/// What is kept of one object.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What the element around all objects is called.
const ROOT: &str = "hibernate-generic";

/// Longer names are those of no property.
const MAX_NAME_CHARS: usize = 100;

/// An object with more properties and elements of collections is not believed.
const MAX_FIELDS: usize = 200_000;

/// An object: a page, a body, a user.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub class: String,
    fields: Vec<(String, String)>,
    /// Not all of it is here.
    pub is_too_long: bool,
}

impl Record {
    /// The value of a property as it stands; empty without one.
    pub(super) fn text(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value)
    }

    /// The value of a property without white space around it.
    pub(super) fn value(&self, name: &str) -> String {
        self.text(name).trim().to_owned()
    }

    /// The first of these properties that names another object.
    pub(super) fn reference(&self, names: &[&str]) -> Option<u64> {
        names.iter().find_map(|name| self.number(name))
    }

    /// The number in a property.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name).trim().parse().ok()
    }

    /// The numbers in a collection.
    pub(super) fn numbers<'r>(&'r self, name: &'r str) -> impl Iterator<Item = u64> + 'r {
        let fields = self.fields.iter().filter(move |(field, _)| field == name);
        fields.filter_map(|(_, value)| value.trim().parse().ok())
    }
}

/// Reads objects.
pub(super) struct Records<R> {
    stream: XmlStream<R>,
    open: Open,
}

/// What is open in the stream.
#[derive(Default)]
struct Open {
    depth: usize,
    record: Option<Record>,
    size: usize,
    /// The property and its text.
    name: String,
    text: String,
    is_collection: bool,
}

impl<R: Read> Records<R> {
    /// Begins at the beginning of a file.
    pub(super) fn new(entities: R) -> Self {
        Self { stream: XmlStream::new(entities), open: Open::default() }
    }

    /// The next object of these classes; fails where the file breaks off.
    pub(super) fn next(&mut self, classes: &[&str]) -> Result<Option<Record>, Reason> {
        loop {
            match self.stream.next()? {
                Piece::Open(tag) => self.open.start(&tag, classes),
                Piece::Text(text) => self.open.text(&text),
                Piece::Close(tag) => {
                    let is_export = tag.local_name().as_ref() == ROOT;
                    if let Some(record) = self.open.end() {
                        return Ok(Some(record));
                    }
                    if self.open.depth == 0 && is_export {
                        return Ok(None);
                    }
                    if self.open.depth == 0 || is_export {
                        let reason = "damaged: the elements of entities.xml do not fit together";
                        return Err(Reason::Failed(reason.to_owned()));
                    }
                }
                Piece::End => {
                    return Err(Reason::Failed("damaged: entities.xml breaks off".to_owned()));
                }
            }
            if self.stream.was_clipped()
                && let Some(record) = &mut self.open.record
            {
                record.is_too_long = true;
            }
        }
    }
}

impl Open {
    fn start(&mut self, tag: &BytesStart<'_>, classes: &[&str]) {
        self.depth += 1;
        if self.depth == 2 {
            let class = attribute(tag, "class");
            self.size = 0;
            let is_wanted = classes.contains(&&*class);
            self.record = is_wanted.then(|| Record { class, ..Record::default() });
        } else if self.depth == 5 {
            self.text.clear();
        } else if let Some(record) = self.record.as_mut().filter(|_| self.depth == 3) {
            let name = tag.local_name();
            self.is_collection = name.as_ref() == "collection";
            let is_id = name.as_ref() == "id";
            let name = if is_id { "id".to_owned() } else { attribute(tag, "name") };
            self.name = name.chars().take(MAX_NAME_CHARS).collect();
            self.size += self.name.len();
            self.text.clear();
            if self.name == "content" && record.fields.len() < MAX_FIELDS {
                record.fields.push(("content.class".to_owned(), attribute(tag, "class")));
            }
        }
    }

    fn text(&mut self, text: &str) {
        let Some(record) = self.record.as_mut().filter(|_| self.depth > 2) else { return };
        if self.size + text.len() <= MAX_BYTES {
            self.size += text.len();
            self.text.push_str(text);
        } else {
            record.is_too_long = true;
        }
    }

    fn end(&mut self) -> Option<Record> {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if depth == 2 {
            return self.record.take();
        }
        let record = self.record.as_mut()?;
        let is_value = if self.is_collection { depth == 5 } else { depth == 3 };
        if record.fields.len() >= MAX_FIELDS {
            record.is_too_long = true;
        } else if is_value && !self.name.is_empty() {
            record.fields.push((self.name.clone(), std::mem::take(&mut self.text)));
        }
        None
    }
}
