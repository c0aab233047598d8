//! The outline of a PDF: which heading begins on which page.
//!
//! The library's own reader follows a chain of bookmarks that bites its tail for ever, and looks
//! through all pages for each of them.

use std::collections::{HashMap, HashSet};

use pdf_oxide::PdfDocument;
use pdf_oxide::object::{Object, ObjectRef};

use super::objects::{Dictionary, array, catalog, dictionary, entry, name_tree, resolved, text};

const MAX_BOOKMARKS: usize = 20_000;
const MAX_LEVEL: u8 = 8;
const MAX_PAGE_NODES: usize = 200_000;
const MAX_NAMES: usize = 100_000;

/// One entry of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bookmark {
    /// How deep it stands, from 1.
    pub(super) level: u8,
    pub(super) title: String,
    /// The page it leads to, counted from 0.
    pub(super) page: usize,
}

/// The bookmarks in the order of their pages; of a page, in the outline's order.
pub(super) fn read(pdf: &PdfDocument) -> Vec<Bookmark> {
    let Some(catalog) = catalog(pdf) else { return Vec::new() };
    let Some(root) = dictionary(pdf, &catalog, "Outlines") else { return Vec::new() };
    let Some(first) = root.get("First").and_then(Object::as_reference) else { return Vec::new() };
    let targets = Targets::of(pdf, &catalog);
    let mut bookmarks = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(first, 1)];
    while let Some((reference, level)) = open.pop() {
        if bookmarks.len() >= MAX_BOOKMARKS || !seen.insert(reference) {
            continue;
        }
        let Ok(Object::Dictionary(item)) = pdf.load_object(reference) else { continue };
        if let (Some(title), Some(page)) = (text(pdf, &item, "Title"), targets.page(pdf, &item)) {
            bookmarks.push(Bookmark { level, title, page });
        }
        let next = |key: &str| item.get(key).and_then(Object::as_reference);
        open.extend(next("Next").map(|it| (it, level)));
        open.extend(next("First").filter(|_| level < MAX_LEVEL).map(|it| (it, level + 1)));
    }
    bookmarks.sort_by_key(|bookmark| bookmark.page);
    bookmarks
}

/// What a bookmark may lead to.
struct Targets {
    pages: HashMap<ObjectRef, usize>,
    names: HashMap<Vec<u8>, Object>,
}

impl Targets {
    fn of(pdf: &PdfDocument, catalog: &Dictionary) -> Self {
        let mut names = HashMap::new();
        if let Some(old) = dictionary(pdf, catalog, "Dests") {
            names.extend(old.into_iter().map(|(name, target)| (name.into_bytes(), target)));
        }
        let tree = dictionary(pdf, catalog, "Names").and_then(|names| names.get("Dests").cloned());
        if let Some(tree) = tree {
            names.extend(name_tree(pdf, tree, MAX_NAMES));
        }
        Self { pages: page_numbers(pdf, catalog), names }
    }

    fn page(&self, pdf: &PdfDocument, item: &Dictionary) -> Option<usize> {
        let target = entry(pdf, item, "Dest").or_else(|| {
            let action = dictionary(pdf, item, "A")?;
            entry(pdf, &action, "D")
        })?;
        self.page_of(pdf, target)
    }

    fn page_of(&self, pdf: &PdfDocument, mut target: Object) -> Option<usize> {
        if let Some(name) = target.as_string().or_else(|| target.as_name().map(str::as_bytes)) {
            target = resolved(pdf, self.names.get(name)?)?;
        }
        if let Object::Dictionary(wrapper) = &target {
            target = entry(pdf, wrapper, "D")?;
        }
        let first = target.as_array()?.first()?;
        match first.as_reference() {
            Some(reference) => self.pages.get(&reference).copied(),
            None => usize::try_from(first.as_integer()?).ok(),
        }
    }
}

/// The pages by their objects, in reading order.
fn page_numbers(pdf: &PdfDocument, catalog: &Dictionary) -> HashMap<ObjectRef, usize> {
    let mut numbers = HashMap::new();
    let mut seen = HashSet::new();
    let mut open = Vec::from_iter(catalog.get("Pages").and_then(Object::as_reference));
    while let Some(reference) = open.pop() {
        if seen.len() >= MAX_PAGE_NODES || !seen.insert(reference) {
            continue;
        }
        let Ok(Object::Dictionary(node)) = pdf.load_object(reference) else { continue };
        if node.contains_key("Kids") {
            let kids = array(pdf, &node, "Kids");
            open.extend(kids.iter().filter_map(Object::as_reference).rev());
        } else {
            let number = numbers.len();
            numbers.insert(reference, number);
        }
    }
    numbers
}
