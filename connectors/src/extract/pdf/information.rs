//! What a PDF says about itself: title, author, dates, keywords.

use std::collections::BTreeMap;

use pdf_oxide::PdfDocument;

use super::objects::{self, Dictionary};
use crate::extract::outline::clipped;

const MAX_VALUE_BYTES: usize = 1000;

/// Extensions of the files that PDFs are made of; a title that ends in one is a file name.
const FILE_EXTENSIONS: [&str; 24] = [
    "ai", "doc", "docx", "dvi", "fm", "htm", "html", "hwp", "hwpx", "indd", "md", "odt", "pdf",
    "pmd", "ppt", "pptx", "ps", "pub", "qxd", "rtf", "tex", "txt", "xls", "xlsx",
];

/// Titles, and names of authors, that say nothing.
const EMPTY_VALUES: [&str; 16] = [
    "(anonymous)",
    "(unspecified)",
    "anonymous",
    "document",
    "document1",
    "layout 1",
    "no title",
    "none",
    "presentation title",
    "powerpoint presentation",
    "print",
    "slide 1",
    "title",
    "unknown",
    "unspecified",
    "제목 없음",
];

/// The title, if it is one, and the metadata; `stem` is the file's name without its extension.
pub(super) fn read(pdf: &PdfDocument, stem: &str) -> (Option<String>, BTreeMap<String, String>) {
    let mut metadata = BTreeMap::new();
    let trailer = pdf.trailer().as_dict();
    let Some(info) = trailer.and_then(|trailer| objects::dictionary(pdf, trailer, "Info")) else {
        return (None, metadata);
    };
    let get = |info: &Dictionary, key: &str| {
        objects::text(pdf, info, key).map(|text| clipped(&text, MAX_VALUE_BYTES).to_owned())
    };
    for (key, name) in [("Author", "author"), ("Subject", "subject"), ("Keywords", "keywords")] {
        if let Some(value) = get(&info, key).filter(|value| says_something(value)) {
            metadata.insert(name.to_owned(), value);
        }
    }
    for (key, name) in [("CreationDate", "created"), ("ModDate", "modified")] {
        if let Some(date) = get(&info, key).and_then(|value| date(&value)) {
            metadata.insert(name.to_owned(), date);
        }
    }
    let title = get(&info, "Title").and_then(|title| meaningful(&title));
    (title.filter(|title| title != stem), metadata)
}

/// The title without what programs put around it; `None` for one that no author wrote.
fn meaningful(title: &str) -> Option<String> {
    let mut title = title.trim();
    for program in ["Microsoft Word - ", "Microsoft PowerPoint - ", "Microsoft Excel - "] {
        if let Some(rest) = title.strip_prefix(program) {
            title = rest.trim();
        }
    }
    let lower = title.to_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_file = FILE_EXTENSIONS.contains(&extension)
        || lower.contains(":\\")
        || lower.starts_with("file:")
        || lower.starts_with('/')
        || (lower.contains('_') && !lower.contains(' '));
    let is_empty = lower.starts_with("untitled")
        || !says_something(&lower)
        || lower.chars().filter(|c| c.is_alphabetic()).count() < 2
        || lower.contains('\u{fffd}');
    (!is_file && !is_empty).then(|| title.to_owned())
}

fn says_something(value: &str) -> bool {
    value.chars().any(char::is_alphanumeric) && !EMPTY_VALUES.contains(&&*value.to_lowercase())
}

/// `D:20240131235959+09'00'` as RFC 3339, or as a date where the time is missing.
fn date(text: &str) -> Option<String> {
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count().min(14);
    let (date, zone) = text.split_at(digits);
    let number = |range: std::ops::Range<usize>, least: u32, most: u32| {
        let value = date.get(range)?.parse::<u32>().ok()?;
        (least..=most).contains(&value).then_some(value)
    };
    let year = number(0..4, 1970, 2200)?;
    let month = number(4..6, 1, 12).unwrap_or(1);
    let day = number(6..8, 1, 31).unwrap_or(1);
    let day = format!("{year:04}-{month:02}-{day:02}");
    let (Some(hour), Some(minute)) = (number(8..10, 0, 23), number(10..12, 0, 59)) else {
        return Some(day);
    };
    let second = number(12..14, 0, 59).unwrap_or(0);
    Some(format!("{day}T{hour:02}:{minute:02}:{second:02}{}", offset(zone)))
}

fn offset(zone: &str) -> String {
    let digits = zone.chars().filter(char::is_ascii_digit).collect::<String>();
    let sign = zone.chars().next().filter(|sign| matches!(sign, '+' | '-'));
    let hours = digits.get(..2).filter(|hours| *hours < "24");
    match (sign, hours) {
        (Some(sign), Some(hours)) => {
            let minutes = digits.get(2..4).filter(|minutes| *minutes < "60").unwrap_or("00");
            format!("{sign}{hours}:{minutes}")
        }
        _ => "Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_is_a_file_name_is_none() {
        for title in [
            "Microsoft Word - report final.doc",
            "untitled",
            "Untitled-2",
            "C:\\Users\\kim\\x",
            "budget_2024_v3",
            "scan.pdf",
            "123",
            "PowerPoint Presentation",
            "제목 없음",
        ] {
            assert_eq!(meaningful(title), None, "{title}");
        }
        assert_eq!(meaningful("Annual Report 2.0").as_deref(), Some("Annual Report 2.0"));
        assert_eq!(meaningful("Microsoft Word - Leave policy").as_deref(), Some("Leave policy"));
        assert_eq!(meaningful("연차 규정").as_deref(), Some("연차 규정"));
    }

    #[test]
    fn dates_are_rfc_3339() {
        assert_eq!(date("D:20240131235958+09'00'").unwrap(), "2024-01-31T23:59:58+09:00");
        assert_eq!(date("D:20240131235958Z00'00'").unwrap(), "2024-01-31T23:59:58Z");
        assert_eq!(date("D:20240131").unwrap(), "2024-01-31");
        assert_eq!(date("20240131120000").unwrap(), "2024-01-31T12:00:00Z");
        assert_eq!(date("D:1991"), Some("1991-01-01".to_owned()));
        assert_eq!(date("yesterday"), None);
        assert_eq!(date("D:99991399"), None);
    }
}
