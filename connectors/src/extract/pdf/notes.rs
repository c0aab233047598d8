//! What readers wrote on a page: notes and text boxes.

use pdf_oxide::PdfDocument;
use pdf_oxide::object::Object;

use super::objects::{array, resolved, text};
use crate::extract::outline::clipped;

const MAX_NOTES: usize = 500;
const MAX_NOTE_BYTES: usize = 20_000;

/// The texts of a page's annotations, counted from 0.
pub(super) fn read(pdf: &PdfDocument, number: usize) -> Vec<String> {
    let page = pdf.get_page(number).ok();
    let page = page.as_ref().and_then(Object::as_dict);
    let annotations = page.map(|page| array(pdf, page, "Annots")).unwrap_or_default();
    let notes = annotations.iter().filter_map(|annotation| {
        let Object::Dictionary(annotation) = resolved(pdf, annotation)? else { return None };
        let kind = annotation.get("Subtype")?.as_name()?;
        let is_note = matches!(kind, "Text" | "FreeText" | "Highlight" | "Underline" | "StrikeOut");
        let note = text(pdf, &annotation, "Contents").filter(|_| is_note)?;
        Some(clipped(&note, MAX_NOTE_BYTES).to_owned())
    });
    notes.take(MAX_NOTES).collect()
}
