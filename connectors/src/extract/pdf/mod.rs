//! PDF: text in reading order, page by page.
//!
//! `pdf_oxide` decodes the pages; how their text is put together is decided here, from where it
//! stands, because its own text takes tables apart and needs seconds for some pages.

mod attachments;
mod bookmarks;
mod clean;
mod columns;
#[cfg(test)]
mod fixture;
mod form;
mod fragments;
mod information;
mod notes;
mod objects;
mod open;
mod pages;
mod paragraphs;
mod quality;
mod rows;
mod running;
mod scan;
mod sections;
mod spans;
#[cfg(test)]
mod tests;
mod title;

use pdf_oxide::PdfDocument;

use super::{Attachment, Extraction, Input, Reason};
use crate::document::{Document, Place, Section};
use pages::Page;
use paragraphs::{Line, Words};
use scan::Unread;

/// Reads a PDF: its text, its filled form fields and the files packed in it.
pub(super) fn read(input: &Input<'_>) -> Result<Extraction, Reason> {
    let (pdf, count) = open::open(input.bytes)?;
    let mut pages = (0..count).map(|number| pages::read(&pdf, number)).collect::<Vec<_>>();
    let recognise = |languages| scan::recognise(&pdf, &mut pages, languages);
    let ocr = input.ocr.map_or_else(|| Ok(Unread::default()), recognise);
    let (own_title, metadata) =
        information::read(&pdf, input.name().rsplit_once('.').map_or("", |(stem, _)| stem));
    let title = own_title.or_else(|| title::printed(&pages));
    let mut document = Document { title, metadata, ..Document::default() };
    describe(&pages, &mut document);
    running::drop_repeated(&mut pages);
    let lines = lines(&pages);
    document.sections = sections::of(&lines, &bookmarks::read(&pdf), input.bytes.len());
    add_form(&pdf, &mut document);
    let mut attachments = attachments::read(&pdf, count);
    if document.sections.is_empty() && attachments.is_empty() {
        return Err(ocr.err().unwrap_or_else(|| emptiness(&pages)));
    }
    match ocr {
        Ok(unread) => attachments.extend(unread_scans(&unread)),
        Err(reason) => {
            document.metadata.insert("ocr".to_owned(), format!("failed: {reason}"));
        }
    }
    attachments.extend(lost(&pages));
    Ok(Extraction { document, attachments, ..Extraction::default() })
}

/// The number of pages, and what is wrong with some.
fn describe(pages: &[Page], document: &mut Document) {
    let mut put = |key: &str, value: String| document.metadata.insert(key.to_owned(), value);
    put("pages", pages.len().to_string());
    let images = pages.iter().filter(|page| page.is_image).count();
    if images > 0 {
        put("pages_without_text", images.to_string());
    }
    let damaged = pages.iter().filter(|page| page.is_damaged).count();
    if damaged > 0 {
        put("pages_damaged", damaged.to_string());
    }
    let faults = pages.iter().filter_map(|page| page.fault).collect::<Vec<_>>();
    let (faulty, all) = (faults.len(), pages.len());
    if let Some(fault) = faults.first().filter(|_| faulty * 10 >= all) {
        put("quality", format!("low: {fault} on {faulty} of {all} pages (fonts without Unicode)"));
    }
}

/// Pages that could not be read while others could.
fn lost(pages: &[Page]) -> Option<Attachment> {
    let damaged = (1..).zip(pages).filter(|(_, page)| page.is_damaged);
    let sentence = cannot_be_read(&damaged.map(|(number, _)| number).collect::<Vec<_>>())?;
    Some(Attachment::lost(&format!("damaged: {sentence}")))
}

/// Pages that stayed images while others were recognised.
fn unread_scans(unread: &Unread) -> Option<Attachment> {
    let sentence = cannot_be_read(&unread.pages)?;
    let reason = unread.reason.as_ref().map(Reason::to_string).unwrap_or_default();
    Some(Attachment::lost(&format!("{reason}: {sentence}")))
}

fn cannot_be_read(numbers: &[usize]) -> Option<String> {
    let shown = numbers.iter().take(10).map(usize::to_string).collect::<Vec<_>>().join(", ");
    match numbers.len() {
        0 => None,
        1 => Some(format!("page {shown} cannot be read")),
        2..=10 => Some(format!("the pages {shown} cannot be read")),
        many => Some(format!("{many} pages cannot be read, among them {shown}")),
    }
}

fn lines(pages: &[Page]) -> Vec<Vec<Line>> {
    let mut words = Words::default();
    let rows = pages.iter().flat_map(|page| &page.blocks).flat_map(|block| &block.rows);
    rows.for_each(|row| words.add(&row.text));
    pages.iter().map(|page| paragraphs::lines(&page.blocks, &words)).collect()
}

/// Fields whose values are not printed on the pages already.
fn add_form(pdf: &PdfDocument, document: &mut Document) {
    let mut fields = form::read(pdf);
    if fields.is_empty() {
        return;
    }
    let printed = document.sections.iter().map(|section| &*section.text).collect::<Vec<_>>();
    let printed = printed.join("\n");
    if printed.len() < 1024 * 1024 {
        fields.retain(|field| {
            let value = field.split_once(": ").map_or(field.as_str(), |(_, value)| value);
            value.len() < 8 || !printed.contains(value)
        });
    }
    if !fields.is_empty() {
        let heading = vec!["Form fields".to_owned()];
        let text = fields.join("\n");
        document.sections.push(Section { heading, text, place: Place::Unknown });
    }
}

/// Why there is nothing to read.
fn emptiness(pages: &[Page]) -> Reason {
    if pages.iter().any(|page| page.is_image) {
        let hint = "needs OCR: its pages are images (set index.ocr = true)";
        return Reason::Skipped(hint.to_owned());
    }
    if pages.iter().any(|page| page.is_damaged) {
        return Reason::Failed("damaged: none of its pages can be read".to_owned());
    }
    Reason::Skipped("it has no text: its pages are empty or drawn".to_owned())
}
