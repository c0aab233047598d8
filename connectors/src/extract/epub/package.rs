//! The package document of a book: what it is called, and which files in which order it has.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::language;
use super::markup::{attribute, resolve, resolved};
use crate::document::Document;
use crate::extract::outline::{clipped, one_line};

const MAX_VALUE_BYTES: usize = 1000;

/// Fonts are scrambled in many books that anybody may read.
const FONT_SCRAMBLERS: [&str; 2] =
    ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];

/// What the package document says.
#[derive(Debug, Default)]
pub(super) struct Package {
    /// The document without its text.
    pub document: Document,
    /// The paths of the chapters in reading order.
    pub spine: Vec<String>,
    /// The path of the navigation document (EPUB 3).
    pub navigation: Option<String>,
    /// The path of the table of contents (EPUB 2).
    pub ncx: Option<String>,
}

/// The path of the package document, from the container.
pub(super) fn root(xml: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element))
                if element.local_name().as_ref() == "rootfile" =>
            {
                return attribute(&element, "full-path").map(|path| resolve("", &path).0);
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// The paths of what only a key opens.
pub(super) fn encrypted(xml: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut is_font = false;
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element) | Event::Empty(element)) => {
                match element.local_name().as_ref() {
                    "EncryptedData" => is_font = false,
                    "EncryptionMethod" => {
                        let method = attribute(&element, "Algorithm").unwrap_or_default();
                        is_font |= FONT_SCRAMBLERS.contains(&method.as_str());
                    }
                    "CipherReference" if !is_font => {
                        paths.extend(attribute(&element, "URI").map(|uri| resolve("", &uri).0));
                    }
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => return paths,
            Ok(_) => {}
        }
    }
}

/// Reads the package document at `base`, as far as it is well-formed.
pub(super) fn read(xml: &str, base: &str) -> Package {
    let mut parts = Parts { base, ..Parts::default() };
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => parts.start(&element),
            Ok(Event::Empty(element)) => {
                parts.start(&element);
                parts.end(element.local_name().as_ref());
            }
            Ok(Event::Text(text)) => {
                parts.value.push_str(&text.xml_content(XmlVersion::Implicit1_0));
            }
            Ok(Event::GeneralRef(reference)) => parts.value.push_str(&resolved(&reference)),
            Ok(Event::CData(text)) => parts.value.push_str(&text),
            Ok(Event::End(element)) => parts.end(element.local_name().as_ref()),
            Ok(Event::Eof) | Err(_) => return parts.finish(),
            Ok(_) => {}
        }
    }
}

#[derive(Default)]
struct Parts<'a> {
    base: &'a str,
    package: Package,
    items: HashMap<String, String>,
    spine: Vec<String>,
    toc: Option<String>,
    value: String,
    property: Option<String>,
    titles: Vec<String>,
    authors: Vec<String>,
    subjects: Vec<String>,
}

impl Parts<'_> {
    fn start(&mut self, element: &BytesStart<'_>) {
        self.value.clear();
        match element.local_name().as_ref() {
            "item" => self.item(element),
            "spine" => self.toc = attribute(element, "toc"),
            "itemref" => self.spine.extend(attribute(element, "idref")),
            "meta" => self.property = attribute(element, "property"),
            _ => {}
        }
    }

    fn item(&mut self, element: &BytesStart<'_>) {
        let (id, href) = (attribute(element, "id"), attribute(element, "href"));
        let Some(path) = href.map(|href| resolve(self.base, &href).0) else { return };
        let properties = attribute(element, "properties").unwrap_or_default();
        if properties.split_whitespace().any(|it| it == "nav") {
            self.package.navigation = Some(path.clone());
        }
        let kind = attribute(element, "media-type").unwrap_or_default();
        if kind == "application/x-dtbncx+xml" || path.ends_with(".ncx") {
            self.package.ncx = Some(path.clone());
        }
        self.items.insert(id.unwrap_or_default(), path);
    }

    fn end(&mut self, name: &str) {
        let value = clipped(&one_line(&self.value), MAX_VALUE_BYTES).to_owned();
        self.value.clear();
        let property = self.property.take().filter(|_| name == "meta");
        if value.is_empty() {
            return;
        }
        let document = &mut self.package.document;
        match name {
            "title" => self.titles.push(value),
            "creator" => self.authors.push(value),
            "subject" => self.subjects.push(value),
            "language" if document.language.is_none() => {
                document.language = language::of(&value).map(str::to_owned);
            }
            "date" if is_date(&value) => {
                document.metadata.entry("created".to_owned()).or_insert(value);
            }
            "meta" if property.as_deref() == Some("dcterms:modified") && is_date(&value) => {
                document.metadata.insert("modified".to_owned(), value);
            }
            _ => {}
        }
    }

    fn finish(self) -> Package {
        let mut package = self.package;
        let named = self.toc.and_then(|id| self.items.get(&id)).cloned();
        package.ncx = named.or(package.ncx);
        let items = &self.items;
        package.spine = self.spine.iter().filter_map(|id| items.get(id)).cloned().collect();
        // What comes after the first is what it is called too.
        package.document.title = self.titles.into_iter().next();
        for (key, values) in [("author", self.authors), ("subject", self.subjects)] {
            let value = values.join(", ");
            if !value.is_empty() {
                let value = clipped(&value, MAX_VALUE_BYTES).to_owned();
                package.document.metadata.insert(key.to_owned(), value);
            }
        }
        package
    }
}

/// Whether a text is a day or a time; a year alone is none.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
}
