//! Opening a PDF, or saying why it cannot be opened.

use pdf_oxide::{Error, PdfDocument};

use crate::extract::Reason;

/// Longer documents would not be read within the limits of time and memory.
const MAX_PAGES: usize = 20_000;

/// How far the announcement of a file's length is looked for.
const HEAD_BYTES: usize = 2048;

/// The document and the number of its pages.
pub(super) fn open(bytes: &[u8]) -> Result<(PdfDocument, usize), Reason> {
    if is_truncated(bytes) {
        return Err(failed("damaged: its end is missing"));
    }
    let pdf = PdfDocument::from_bytes(bytes.to_vec()).map_err(|error| reason(&error))?;
    match pdf.authenticate(b"") {
        Ok(true) => {}
        Ok(false) | Err(Error::EncryptedPdf) => return Err(failed("protected by a password")),
        Err(_) => return Err(failed("encrypted in a way that is not supported")),
    }
    let count = pdf.page_count().map_err(|error| reason(&error))?;
    match count {
        0 => Err(failed("damaged: it has no pages")),
        count if count > MAX_PAGES => {
            Err(failed(&format!("has {count} pages; up to {MAX_PAGES} are read")))
        }
        count => Ok((pdf, count)),
    }
}

/// Whether a file ends before its end: the library would read what is left without a word.
fn is_truncated(bytes: &[u8]) -> bool {
    let pointer = b"startxref";
    if !bytes.windows(pointer.len()).rev().any(|window| window == pointer) {
        return true;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD_BYTES)]);
    let Some((_, linearized)) = head.split_once("/Linearized") else { return false };
    let dictionary = linearized.split(">>").next().unwrap_or_default();
    // `/L` is the length of the file; `/Length` and the like go on with a letter.
    let lengths = dictionary
        .split("/L")
        .skip(1)
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_whitespace()));
    let digits = lengths.map(|rest| rest.split_whitespace().next().unwrap_or_default());
    let length = digits.filter_map(|digits| {
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
    });
    length.max().is_some_and(|length| length > bytes.len())
}

/// Never the library's text: it quotes the document.
fn reason(error: &Error) -> Reason {
    failed(match error {
        Error::EncryptedPdf => "protected by a password",
        Error::InvalidHeader(_) | Error::UnsupportedVersion(_) => {
            "damaged: its header is not that of a PDF"
        }
        Error::InvalidXref | Error::InvalidPdf(_) => {
            "damaged: the table of its objects cannot be read"
        }
        Error::CircularReference(_) | Error::RecursionLimitExceeded(_) => {
            "damaged: its objects refer to each other in a circle"
        }
        Error::UnexpectedEof => "damaged: its end is missing",
        _ => "damaged: its structure cannot be read",
    })
}

fn failed(reason: &str) -> Reason {
    Reason::Failed(reason.to_owned())
}
