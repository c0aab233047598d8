//! Pages that are images: their pictures, given to `tesseract`.

use pdf_oxide::PdfDocument;
use pdf_oxide::extractors::images::ImageData;
use pdf_oxide::{PdfFilter, PdfImageHandle};

use super::columns::Block;
use super::pages::{LEAST_IMAGE_DOTS, Page};
use crate::extract::Reason;
use crate::extract::image::tesseract::{Tesseract, paragraphs};

/// So many pages of one document are read; those beyond stay images.
const MAX_PAGES: usize = 200;

/// Some scanners cut a page into stripes.
const MAX_IMAGES: usize = 20;

/// An image of more dots would not fit into the memory of a worker.
const MAX_DOTS: u64 = 36_000_000;

/// The pages, counted from 1, that stayed images while others were read, and why the first did.
#[derive(Debug, Default)]
pub(super) struct Unread {
    pub(super) pages: Vec<usize>,
    pub(super) reason: Option<Reason>,
}

/// Recognises the text of the pages that are images, until one of the limits is reached. What stops
/// every page, such as a missing language, is an error.
pub(super) fn recognise(
    pdf: &PdfDocument,
    pages: &mut [Page],
    languages: &str,
) -> Result<Unread, Reason> {
    let mut unread = Unread::default();
    if !pages.iter().any(|page| page.is_image) {
        return Ok(unread);
    }
    let tesseract = Tesseract::find(languages)?;
    let images = pages.iter_mut().enumerate().filter(|(_, page)| page.is_image);
    let mut is_any_read = false;
    for (place, (number, page)) in images.enumerate() {
        let read = if place < MAX_PAGES { text(pdf, number, &tesseract) } else { Err(too_many()) };
        match read {
            Ok(text) => {
                is_any_read = true;
                page.is_image = text.is_empty();
                page.blocks.push(Block::as_it_stands(&text));
            }
            Err(reason) => {
                unread.pages.push(number + 1);
                unread.reason.get_or_insert(reason);
            }
        }
    }
    match unread.reason.take_if(|_| !is_any_read) {
        Some(reason) => Err(reason),
        None => Ok(unread),
    }
}

fn too_many() -> Reason {
    Reason::Failed(format!("OCR reads at most {MAX_PAGES} pages of a document"))
}

fn text(pdf: &PdfDocument, number: usize, tesseract: &Tesseract) -> Result<String, Reason> {
    // Decoding costs time, too.
    tesseract.time()?;
    let images = pdf.page_image_handles(number).unwrap_or_default();
    let least = |image: &&PdfImageHandle<'_>| {
        image.width >= LEAST_IMAGE_DOTS && image.height >= LEAST_IMAGE_DOTS / 4
    };
    let mut texts = Vec::new();
    let mut fault = None;
    for image in images.iter().filter(least).take(MAX_IMAGES) {
        let dots = u64::from(image.width) * u64::from(image.height);
        if dots > MAX_DOTS {
            fault = Some(Reason::Failed("an image of a page is too large for OCR".to_owned()));
            continue;
        }
        let Some(picture) = picture(pdf, image) else {
            fault = Some(Reason::Failed("the images of its pages cannot be decoded".to_owned()));
            continue;
        };
        match tesseract.recognise(&picture, resolution(image)) {
            Ok(text) => texts.push(paragraphs(&text.replace('\u{c}', "\n"))),
            Err(reason) => fault = Some(reason),
        }
    }
    match fault.filter(|_| texts.is_empty()) {
        Some(fault) => Err(fault),
        None => Ok(texts.join("\n\n").trim().to_owned()),
    }
}

/// A JPEG as it is, anything else as PNG.
fn picture(pdf: &PdfDocument, image: &PdfImageHandle<'_>) -> Option<Vec<u8>> {
    if image.filter_chain == [PdfFilter::DCTDecode] && !pdf.is_encrypted() {
        return image.raw_compressed_bytes().ok();
    }
    let decoded = image.decode().ok()?;
    match decoded.data() {
        ImageData::Jpeg(bytes) => Some(bytes.clone()),
        ImageData::Raw { .. } => decoded.to_png_bytes().ok(),
    }
}

/// In dots per inch; `None` where the image's place is not known.
fn resolution(image: &PdfImageHandle<'_>) -> Option<u32> {
    let inches = image.bbox.width.abs() / 72.0;
    let resolution = image.width as f32 / inches;
    (70.0..=1200.0).contains(&resolution).then_some(resolution as u32)
}
