//! Pictures: text recognised in them by `tesseract`, where that is asked for.

pub(super) mod tesseract;

use super::{Input, Reason};
use crate::document::{Document, Place, Section};

/// Reads a PNG, JPEG or TIFF picture; each page of a TIFF is a section.
pub(super) fn read(input: &Input<'_>) -> Result<Document, Reason> {
    let kind = kind(input.bytes);
    let Some(languages) = input.ocr else {
        return Err(Reason::Skipped(format!(
            "needs OCR: an image ({kind}) (set index.ocr = true)"
        )));
    };
    let text = tesseract::Tesseract::find(languages)?.recognise(input.bytes, None)?;
    // Pages end with a form feed.
    let pages = text.split('\u{c}').map(tesseract::paragraphs).zip(1..);
    let pages = pages.filter(|(text, _)| !text.is_empty());
    let sections = pages.map(|(text, number)| {
        let place = if kind == "TIFF" { Place::Page(number) } else { Place::Unknown };
        Section { heading: Vec::new(), text, place }
    });
    let document = Document { sections: sections.collect(), ..Document::default() };
    if document.sections.is_empty() {
        return Err(Reason::Skipped(format!("an image ({kind}) without text")));
    }
    Ok(document)
}

fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, ..] => "PNG",
        [0xff, ..] => "JPEG",
        _ => "TIFF",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_ocr_an_image_says_what_it_needs() {
        for (bytes, kind) in
            [(&b"\x89PNG\r\n\x1a\n"[..], "PNG"), (b"\xff\xd8\xff\xe0", "JPEG"), (b"II*\0", "TIFF")]
        {
            let reason = read(&Input::new("scan", bytes)).unwrap_err();
            let expected = format!("needs OCR: an image ({kind}) (set index.ocr = true)");
            assert_eq!(reason, Reason::Skipped(expected));
        }
    }
}
