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
        ("created", summary.created.and_then(date)),
        ("modified", summary.modified.and_then(date)),
    ];
    for (key, value) in values {
        let value = one_line(&value.unwrap_or_default());
        if !value.is_empty() {
            document.metadata.insert(key.to_owned(), clipped(&value, MAX_VALUE_BYTES).to_owned());
        }
    }
    document
}

/// A time of 1601 is one that was never set; one without a zone is a day.
fn date(text: String) -> Option<String> {
    let year = text.get(..4).and_then(|year| year.parse::<u32>().ok());
    let is_set = year.is_some_and(|year| (1980..=2200).contains(&year));
    if text.contains('T') {
        return Some(text).filter(|_| is_set);
    }
    text.get(..10).filter(|day| is_set && day.as_bytes()[4] == b'-').map(str::to_owned)
}
