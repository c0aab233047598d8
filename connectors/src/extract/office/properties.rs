//! What an Office package says of itself: title, author, dates, pages.

use crate::document::Document;
use crate::extract::outline::{clipped, one_line};
use crate::extract::parts::Package;
use crate::extract::xml::{Token, Tokens};

const MAX_VALUE_BYTES: usize = 1000;

/// Titles that programs write where no one has given one.
const NO_TITLES: [&str; 9] = [
    "Slide 1",
    "슬라이드 1",
    "PowerPoint Presentation",
    "PowerPoint 프레젠테이션",
    "PowerPoint プレゼンテーション",
    "Presentation",
    "Document",
    "제목 없음",
    "Untitled",
];

/// Reads the properties of an Office package into a document.
pub(in crate::extract) fn read(package: &mut Package<'_>, document: &mut Document) {
    for part in ["docProps/core.xml", "docProps/app.xml"] {
        let xml = package.optional_xml(part).unwrap_or_default();
        let mut tokens = Tokens::new(&xml);
        while let Ok(Some(token)) = tokens.next() {
            let Token::Open(tag) = token else { continue };
            let name = tag.local_name();
            if !matches!(name.as_ref(), "coreProperties" | "Properties") {
                let Ok(value) = tokens.text_of_element() else { break };
                set(document, name.as_ref(), &value);
            }
        }
    }
}

/// Sets a property by the name that Office or Dublin Core gives it.
pub(in crate::extract) fn set(document: &mut Document, name: &str, value: &str) {
    let value = one_line(value);
    let value = clipped(&value, MAX_VALUE_BYTES);
    let is_date = value.len() >= 10 && value.starts_with(|digit: char| digit.is_ascii_digit());
    let key = match name {
        "title" if is_title(value) => {
            document.title = Some(value.to_owned());
            return;
        }
        "creator" => "author",
        "created" | "creation-date" if is_date => "created",
        "modified" | "date" if is_date => "modified",
        "subject" => "subject",
        "keywords" => "keywords",
        "Pages" | "Slides" if value.parse::<u32>().is_ok_and(|pages| pages > 0) => "pages",
        _ => return,
    };
    let value = if matches!(key, "created" | "modified") { date(value) } else { value };
    if !value.is_empty() {
        document.metadata.insert(key.to_owned(), value.to_owned());
    }
}

/// Without a time zone, only the day is known.
fn date(value: &str) -> &str {
    let day = value.get(..10).unwrap_or_default();
    match value.split_once('T') {
        Some((_, time)) if time.contains(['Z', '+', '-']) => value,
        _ => day,
    }
}

/// Whether a title tells what the document is.
pub(in crate::extract) fn is_title(title: &str) -> bool {
    let is_name = title.starts_with("Microsoft Word - ") || title.starts_with("Microsoft Pow");
    !title.is_empty() && !is_name && !NO_TITLES.contains(&title)
}
