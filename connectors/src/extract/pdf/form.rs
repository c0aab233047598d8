//! What was filled into the fields of a PDF form.

use std::collections::HashSet;

use pdf_oxide::PdfDocument;
use pdf_oxide::object::Object;
use pdf_oxide::optional_content::decode_pdf_text_string;

use super::objects::{Dictionary, array, catalog, dictionary, entry, resolved, text};
use crate::extract::outline::{clipped, one_line};

const MAX_FIELDS: usize = 20_000;
const MAX_NAME_BYTES: usize = 200;
const MAX_VALUE_BYTES: usize = 20_000;
const MAX_TOTAL_BYTES: usize = 4 * 1024 * 1024;

/// The filled fields, each as `name: value`, in the order of the form.
pub(super) fn read(pdf: &PdfDocument) -> Vec<String> {
    let form = catalog(pdf).and_then(|catalog| dictionary(pdf, &catalog, "AcroForm"));
    let Some(form) = form else { return Vec::new() };
    let mut lines = Vec::new();
    let mut room = MAX_TOTAL_BYTES;
    let mut seen = HashSet::new();
    let mut open = array(pdf, &form, "Fields").into_iter().rev().collect::<Vec<_>>();
    // The name of each group that encloses a field is not worth the words: its own one says more.
    while let Some(field) = open.pop() {
        if seen.len() >= MAX_FIELDS {
            break;
        }
        if !field.as_reference().is_none_or(|reference| seen.insert(reference)) {
            continue;
        }
        let Some(Object::Dictionary(field)) = resolved(pdf, &field) else { continue };
        if let Some(line) = line(pdf, &field).filter(|line| line.len() <= room) {
            room -= line.len();
            lines.push(line);
        }
        let kids = array(pdf, &field, "Kids").into_iter();
        open.extend(kids.filter(|kid| kid.as_reference().is_some()).rev());
    }
    lines
}

fn line(pdf: &PdfDocument, field: &Dictionary) -> Option<String> {
    let value = value(pdf, field)?;
    let name = text(pdf, field, "TU").or_else(|| text(pdf, field, "T"));
    Some(match name {
        Some(name) => format!("{}: {value}", clipped(&name, MAX_NAME_BYTES)),
        None => value,
    })
}

fn value(pdf: &PdfDocument, field: &Dictionary) -> Option<String> {
    let value = match entry(pdf, field, "V")? {
        Object::String(bytes) => decode_pdf_text_string(&bytes),
        Object::Name(name) if name != "Off" => name,
        Object::Array(items) => {
            let texts = items.iter().filter_map(|item| resolved(pdf, item));
            let texts = texts.filter_map(|item| item.as_string().map(decode_pdf_text_string));
            texts.collect::<Vec<_>>().join(", ")
        }
        _ => return None,
    };
    let value = one_line(&value);
    let value = clipped(&value, MAX_VALUE_BYTES);
    value.chars().any(char::is_alphanumeric).then(|| value.to_owned())
}
