//! The text of a page as the library decodes it, before anyone orders it.
//!
//! The library's own `extract_spans` reads each page three times to sort and to mark what is not
//! needed here, and leaves out what InDesign marks as a placed document.

use pdf_oxide::extractors::TextExtractor;
use pdf_oxide::fonts::{Encoding, FontInfo};
use pdf_oxide::layout::TextSpan;
use pdf_oxide::object::Object;
use pdf_oxide::{Error, PdfDocument, Result};

use super::objects::{Dictionary, dictionary, entry};

/// The mark of a placed document, and one of the same length that the library does not know.
const PLACED: &[u8] = b"/PlacedPDF";
const UNKNOWN: &[u8] = b"/PlacedTXT";

/// The library's name for maps of one byte.
const ONE_BYTE: &str = "OneByteIdentity";

/// Words that stand in no document.
const DECOY_WORD: &str = "qzplacedqz";
const DECOY_WORDS: usize = 100;

/// What a page may take to draw; a page full of text takes 50 KB, a dense map a few MB.
const MAX_CONTENT_BYTES: usize = 24 * 1024 * 1024;

/// Text may stand this far outside the page and still be seen, in points.
const EDGE_POINTS: f32 = 2.0;

/// The texts that a page, counted from 0, draws within its bounds.
pub(super) fn read(pdf: &PdfDocument, number: usize) -> Result<Vec<TextSpan>> {
    let page = pdf.get_page(number)?;
    let content = pdf.get_page_content_data(number)?;
    if content.len() > MAX_CONTENT_BYTES {
        return Err(Error::Unsupported("a page of this size".to_owned()));
    }
    if !PdfDocument::may_contain_text_public(&content) {
        return Ok(Vec::new());
    }
    let mut content = without_mark(content);
    let mut extractor = TextExtractor::new();
    extractor.set_page_index(u32::try_from(number).unwrap_or(u32::MAX));
    if let Some(resources) = page.as_dict().and_then(|page| page.get("Resources")) {
        extractor.set_resources(resources.clone());
        extractor.set_document(pdf);
        // Without a font its text is decoded as well as can be.
        let _ = pdf.load_fonts_public(resources, &mut extractor);
        mend_fonts(&mut extractor);
        if has_placed_form(pdf, page.as_dict()) {
            content.splice(0..0, decoy());
        }
    }
    let mut spans = extractor.extract_text_spans(&content)?;
    let (left, bottom, right, top) = pdf.get_page_visible_box(number)?;
    spans.retain(|span| {
        let (x, y) = (span.bbox.x, span.bbox.y);
        let width = if span.rotation_degrees == 0.0 { span.bbox.width.max(0.0) } else { 0.0 };
        let is_inside = x + width > left.min(right) - EDGE_POINTS
            && x < right.max(left) + EDGE_POINTS
            && y + span.bbox.height > bottom.min(top) - EDGE_POINTS
            && y < top.max(bottom) + EDGE_POINTS;
        is_inside && !span.text.contains(DECOY_WORD)
    });
    Ok(spans)
}

/// The library takes each map named `…Identity…` for one of two bytes, whatever it says itself.
fn mend_fonts(extractor: &mut TextExtractor<'_>) {
    for (name, font) in extractor.get_font_set() {
        let Encoding::Standard(map) = &font.encoding else { continue };
        let is_one_byte = font.to_unicode.as_ref().is_some_and(|map| map.code_width() == 1);
        if is_one_byte && map.contains("Identity") && !map.contains(ONE_BYTE) {
            let encoding = Encoding::Standard(ONE_BYTE.to_owned());
            extractor.add_font(name, FontInfo { encoding, ..(*font).clone() });
        }
    }
}

/// Texts under this mark are kept when it has another name.
fn without_mark(mut content: Vec<u8>) -> Vec<u8> {
    let mut from = 0;
    while let Some(found) = content[from..].windows(PLACED.len()).position(|it| it == PLACED) {
        let start = from + found;
        from = start + PLACED.len();
        content[start..from].copy_from_slice(UNKNOWN);
    }
    content
}

/// Whether a page shows a form with such marks: those cannot be renamed.
fn has_placed_form(pdf: &PdfDocument, page: Option<&Dictionary>) -> bool {
    let resources = page.and_then(|page| dictionary(pdf, page, "Resources"));
    let forms = resources.and_then(|resources| dictionary(pdf, &resources, "XObject"));
    let Some(forms) = forms else { return false };
    forms.keys().any(|name| {
        let Some(form) = entry(pdf, &forms, name) else { return false };
        let Object::Stream { dict, .. } = &form else { return false };
        let properties = dictionary(pdf, dict, "Resources");
        properties.is_some_and(|resources| resources.contains_key("Properties"))
            && form
                .decode_stream_data()
                .is_ok_and(|data| data.windows(PLACED.len()).any(|it| it == PLACED))
    })
}

/// A placed text that the page has nowhere else, upon which the library keeps all of them.
fn decoy() -> Vec<u8> {
    let words = (0..DECOY_WORDS).map(|number| format!("{DECOY_WORD}{number} ")).collect::<String>();
    format!("/PlacedPDF BMC BT 1 0 0 1 -9999 -9999 Tm ({words}) Tj ET EMC\n").into_bytes()
}
