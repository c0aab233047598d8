//! The pages of a PDF as blocks of text, and what each lacks.

use pdf_oxide::PdfDocument;
use pdf_oxide::layout::TextSpan;

use super::columns::{self, Block};
use super::{fragments, notes, quality, spans};

/// An image smaller than this, in dots, is a logo, not a page.
pub(super) const LEAST_IMAGE_DOTS: u32 = 200;

/// Fewer letters than these beside an image of the page are a stamp, not its text.
const STAMP_LETTERS: usize = 25;

/// The part of the letters that must be of a script that runs from right to left.
const RIGHT_TO_LEFT_SHARE: usize = 3;

/// One page.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub(super) blocks: Vec<Block>,
    /// It is shown by an image and has no text of its own.
    pub(super) is_image: bool,
    /// The library could not read it.
    pub(super) is_damaged: bool,
    /// Why its text is no language.
    pub(super) fault: Option<&'static str>,
}

/// Reads a page, counted from 0.
pub(super) fn read(pdf: &PdfDocument, number: usize) -> Page {
    let Ok(spans) = spans::read(pdf, number) else {
        return Page { is_damaged: true, ..Page::default() };
    };
    let blocks = if needs_library(&spans) {
        pdf.extract_text(number).map(|text| vec![Block::as_it_stands(&text)]).unwrap_or_default()
    } else {
        fragments::of(spans).into_iter().flat_map(columns::blocks).collect::<Vec<_>>()
    };
    let notes = notes::read(pdf, number).join("\n");
    let blocks = blocks.into_iter().chain((!notes.is_empty()).then(|| Block::as_it_stands(&notes)));
    let blocks = blocks.collect::<Vec<_>>();
    let rows = || blocks.iter().flat_map(|block| &block.rows);
    let letters = rows().flat_map(|row| row.text.chars()).filter(|c| c.is_alphanumeric()).count();
    let is_image = letters < STAMP_LETTERS && has_page_image(pdf, number);
    let text = rows().flat_map(|row| [row.text.as_str(), " "]).collect::<String>();
    let fault = quality::fault(&text);
    Page { blocks, is_image, is_damaged: false, fault }
}

/// Whether a page is written from right to left, or from top to bottom: the library orders those.
fn needs_library(spans: &[TextSpan]) -> bool {
    let mut letters = 0;
    let mut right_to_left = 0;
    for span in spans {
        if span.wmode != 0 {
            return true;
        }
        for c in span.text.chars().filter(|c| c.is_alphabetic()) {
            letters += 1;
            let is_it = matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
            right_to_left += usize::from(is_it);
        }
    }
    right_to_left * RIGHT_TO_LEFT_SHARE > letters
}

fn has_page_image(pdf: &PdfDocument, number: usize) -> bool {
    let images = pdf.page_image_handles(number).unwrap_or_default();
    images.iter().any(|it| it.width >= LEAST_IMAGE_DOTS && it.height >= LEAST_IMAGE_DOTS)
}
