//! The table of contents: which titles lead to which file.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::markup::{attribute, resolve, resolved};
use crate::extract::outline::{Outline, one_line};

const MAX_ENTRIES: usize = 20_000;

/// The titles that lead to each file of the book.
#[derive(Debug, Default)]
pub(super) struct Contents {
    paths: HashMap<String, Titles>,
}

#[derive(Debug)]
struct Titles {
    path: Vec<String>,
    entries: usize,
}

impl Contents {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The titles that lead to all of a file.
    pub(super) fn path(&self, file: &str) -> &[String] {
        match self.paths.get(&file.to_lowercase()) {
            Some(titles) if titles.entries == 1 => &titles.path,
            // Several chapters in one file: each has its own heading in there.
            Some(titles) => &titles.path[..titles.path.len().saturating_sub(1)],
            None => &[],
        }
    }

    fn add(&mut self, file: &str, path: Vec<String>) {
        if self.paths.len() < MAX_ENTRIES {
            let titles = Titles { path, entries: 0 };
            self.paths.entry(file.to_lowercase()).or_insert(titles).entries += 1;
        }
    }
}

/// Reads a navigation document or an NCX at `base`, as far as it is well-formed.
pub(super) fn read(xml: &str, base: &str) -> Contents {
    let mut walk = Walk { base, ..Walk::default() };
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => walk.start(&element),
            Ok(Event::Empty(element)) if element.local_name().as_ref() == "content" => {
                walk.start(&element);
            }
            Ok(Event::Text(text)) => walk.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Ok(Event::GeneralRef(reference)) => walk.text(&resolved(&reference)),
            Ok(Event::End(element)) => walk.end(element.local_name().as_ref()),
            Ok(Event::Eof) | Err(_) => return walk.contents,
            Ok(_) => {}
        }
    }
}

#[derive(Default)]
struct Walk<'a> {
    base: &'a str,
    contents: Contents,
    outline: Outline,
    depth: u8,
    /// A navigation document has other lists than the table of contents.
    is_elsewhere: bool,
    reference: Option<String>,
    title: String,
}

impl Walk<'_> {
    fn start(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "nav" => {
                let kind = attribute(element, "type");
                self.is_elsewhere = kind.is_some_and(|kind| kind != "toc");
                self.depth = 0;
            }
            "ol" | "navPoint" => self.depth = self.depth.saturating_add(1),
            "a" => {
                self.title.clear();
                self.reference = attribute(element, "href");
            }
            "span" if self.reference.is_none() => self.title.clear(),
            "navLabel" => self.title.clear(),
            "content" => {
                self.reference = attribute(element, "src");
                self.entry();
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.title.len() < 1000 {
            self.title.push_str(text);
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "ol" | "navPoint" => self.depth = self.depth.saturating_sub(1),
            "a" => self.entry(),
            // A part of the book that is no page itself.
            "span" if self.reference.is_none() && self.depth > 0 => {
                self.outline.enter(self.depth, &one_line(&self.title));
            }
            _ => {}
        }
    }

    fn entry(&mut self) {
        let title = one_line(&std::mem::take(&mut self.title));
        let Some(reference) = self.reference.take() else { return };
        if self.is_elsewhere || title.is_empty() {
            return;
        }
        self.outline.enter(self.depth, &title);
        let (path, _) = resolve(self.base, &reference);
        self.contents.add(&path, self.outline.path());
    }
}
