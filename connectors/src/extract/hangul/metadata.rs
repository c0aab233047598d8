//! Title, author and dates of a Hangul document.

use unhwp::model::Metadata;

use crate::document::Document;
use crate::extract::outline::{clipped, one_line};

const MAX_VALUE_BYTES: usize = 1000;

/// Adds what the summary says to a document.
pub(super) fn add(mut document: Document, summary: Metadata) -> Document {
    let title = summary.title.as_deref().map(one_line).filter(|title| !title.is_empty());
    if let Some(title) = title {
        document.title = Some(clipped(&title, MAX_VALUE_BYTES).to_owned());
    }
    let keywords = Some(summary.keywords.join(", "));
    let values = [
        ("author", summary.author),
        ("subject", summary.subject),
        ("keywords", keywords),
        ("created", summary.created.filter(|date| is_date(date))),
        ("modified", summary.modified.filter(|date| is_date(date))),
    ];
    for (key, value) in values {
        let value = one_line(&value.unwrap_or_default());
        if !value.is_empty() {
            document.metadata.insert(key.to_owned(), clipped(&value, MAX_VALUE_BYTES).to_owned());
        }
    }
    document
}

/// A time of 1601 is one that was never set.
fn is_date(text: &str) -> bool {
    let year = text.get(..4).and_then(|year| year.parse::<u32>().ok());
    year.is_some_and(|year| (1980..=2200).contains(&year)) && text[4..].starts_with('-')
}
