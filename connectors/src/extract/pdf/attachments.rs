//! Files that are packed into a PDF.

use std::collections::HashSet;

use pdf_oxide::PdfDocument;
use pdf_oxide::object::Object;

use super::objects::{self, Dictionary, array, catalog, dictionary, name_tree, resolved};
use crate::extract::Attachment;

const MAX_FILES: usize = 1_000;
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;

/// Annotations are looked through for files on the first pages only.
const MAX_ANNOTATIONS: usize = 5_000;

/// The files in the document's list, then those pinned to its pages.
pub(super) fn read(pdf: &PdfDocument, pages: usize) -> Vec<Attachment> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    let mut room = MAX_TOTAL_BYTES;
    for specification in listed(pdf).into_iter().chain(pinned(pdf, pages)) {
        let Some(Object::Dictionary(specification)) = resolved(pdf, &specification) else {
            continue;
        };
        let Some(stream) = embedded(pdf, &specification) else { continue };
        if files.len() >= MAX_FILES || !stream.as_reference().is_none_or(|it| seen.insert(it)) {
            continue;
        }
        let Some(bytes) = content(pdf, &stream).filter(|bytes| bytes.len() <= room) else {
            continue;
        };
        room -= bytes.len();
        let name = ["UF", "F", "Unix", "DOS", "Mac"];
        let name = name.iter().find_map(|key| objects::text(pdf, &specification, key));
        files.push(Attachment::new(name.as_deref().unwrap_or("attachment"), bytes));
    }
    files
}

fn listed(pdf: &PdfDocument) -> Vec<Object> {
    let tree = catalog(pdf)
        .and_then(|catalog| dictionary(pdf, &catalog, "Names"))
        .and_then(|names| names.get("EmbeddedFiles").cloned());
    let files = tree.map(|tree| name_tree(pdf, tree, MAX_FILES)).unwrap_or_default();
    files.into_iter().map(|(_, specification)| specification).collect()
}

fn pinned(pdf: &PdfDocument, pages: usize) -> Vec<Object> {
    let annotations = (0..pages).flat_map(|page| {
        let page = pdf.get_page(page).ok();
        let page = page.as_ref().and_then(Object::as_dict);
        page.map(|page| array(pdf, page, "Annots")).unwrap_or_default()
    });
    let files = annotations.take(MAX_ANNOTATIONS).filter_map(|annotation| {
        let Object::Dictionary(annotation) = resolved(pdf, &annotation)? else { return None };
        let is_file = annotation.get("Subtype")?.as_name()? == "FileAttachment";
        annotation.get("FS").filter(|_| is_file).cloned()
    });
    files.collect()
}

fn embedded(pdf: &PdfDocument, specification: &Dictionary) -> Option<Object> {
    let files = dictionary(pdf, specification, "EF")?;
    ["UF", "F", "Unix", "DOS", "Mac"].iter().find_map(|key| files.get(*key).cloned())
}

/// The bytes of a file; those of an encrypted document cannot be had one by one.
fn content(pdf: &PdfDocument, stream: &Object) -> Option<Vec<u8>> {
    let stream = resolved(pdf, stream)?;
    match &stream {
        Object::Stream { data, .. } if data.len() <= MAX_TOTAL_BYTES && !pdf.is_encrypted() => {
            stream.decode_stream_data().ok()
        }
        _ => None,
    }
}
