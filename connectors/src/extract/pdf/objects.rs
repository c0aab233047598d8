//! Short ways to what stands in a PDF's dictionaries, with every reference followed.

use std::collections::HashMap;

use pdf_oxide::PdfDocument;
use pdf_oxide::object::Object;
use pdf_oxide::optional_content::decode_pdf_text_string;

use crate::extract::outline::one_line;

/// How far a reference may lead to another one.
const MAX_REFERENCES: usize = 8;

pub(super) type Dictionary = HashMap<String, Object>;

/// The object itself when it is a reference to one; `None` when that is missing or damaged.
pub(super) fn resolved(pdf: &PdfDocument, object: &Object) -> Option<Object> {
    let mut object = object.clone();
    for _ in 0..MAX_REFERENCES {
        match object.as_reference() {
            None => return Some(object),
            Some(reference) => object = pdf.load_object(reference).ok()?,
        }
    }
    None
}

pub(super) fn entry(pdf: &PdfDocument, dictionary: &Dictionary, key: &str) -> Option<Object> {
    resolved(pdf, dictionary.get(key)?)
}

pub(super) fn dictionary(pdf: &PdfDocument, parent: &Dictionary, key: &str) -> Option<Dictionary> {
    match entry(pdf, parent, key)? {
        Object::Dictionary(dictionary) => Some(dictionary),
        _ => None,
    }
}

/// An array's items; none where there is no array.
pub(super) fn array(pdf: &PdfDocument, parent: &Dictionary, key: &str) -> Vec<Object> {
    match entry(pdf, parent, key) {
        Some(Object::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// A text in one line, if there is one.
pub(super) fn text(pdf: &PdfDocument, parent: &Dictionary, key: &str) -> Option<String> {
    let object = entry(pdf, parent, key)?;
    let text = decode_pdf_text_string(object.as_string()?);
    let text = text.replace(|c: char| c.is_control() && !c.is_whitespace(), "");
    Some(one_line(&text)).filter(|text| !text.is_empty())
}

/// The document's root.
pub(super) fn catalog(pdf: &PdfDocument) -> Option<Dictionary> {
    match pdf.catalog().ok()? {
        Object::Dictionary(dictionary) => Some(dictionary),
        _ => None,
    }
}

/// The values of a name tree with their names, at most `limit`.
pub(super) fn name_tree(pdf: &PdfDocument, root: Object, limit: usize) -> Vec<(Vec<u8>, Object)> {
    let mut found = Vec::new();
    // Each node once: a tree that refers to itself has no end.
    let mut seen = std::collections::HashSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if node.as_reference().is_some_and(|reference| !seen.insert(reference)) {
            continue;
        }
        let Some(Object::Dictionary(node)) = resolved(pdf, &node) else { continue };
        let mut names = array(pdf, &node, "Names").into_iter();
        while let (Some(name), Some(value)) = (names.next(), names.next()) {
            if found.len() >= limit {
                return found;
            }
            if let Some(name) = resolved(pdf, &name).as_ref().and_then(Object::as_string) {
                found.push((name.to_vec(), value));
            }
        }
        let kids = array(pdf, &node, "Kids").into_iter();
        open.extend(kids.filter(|kid| kid.as_reference().is_some()).rev());
    }
    found
}
