//! Filters in the language of Milvus.

use super::schema::{DOCUMENT, ID, KIND, MODIFIED, ORDINAL, SOURCE};
use crate::id::DocumentId;
use crate::vectors::server::Part;

/// What a search may look at.
pub fn part(part: Part<'_>) -> String {
    let filter = part.filter;
    let mut sources: Vec<i64> = filter.sources.iter().map(|source| i64::from(source.0)).collect();
    sources.sort_unstable();
    let mut all = vec![format!("{SOURCE} in {sources:?}")];
    if !filter.types.is_empty() {
        let kinds: Vec<String> = filter.types.iter().map(|kind| quoted(kind)).collect();
        all.push(format!("{KIND} in [{}]", kinds.join(", ")));
    }
    if let Some(since) = filter.modified_since_ms {
        all.push(format!("{MODIFIED} >= {since}"));
    }
    if let Some(some) = part.documents {
        all.push(documents(some));
    }
    if !part.except.is_empty() {
        all.push(format!("{DOCUMENT} not in {:?}", numbers(part.except)));
    }
    all.join(" and ")
}

/// The rows of some documents.
pub fn documents(documents: &[DocumentId]) -> String {
    format!("{DOCUMENT} in {:?}", numbers(documents))
}

/// The rows of the documents from `first` to `last`.
pub fn range(first: DocumentId, last: DocumentId) -> String {
    format!("{DOCUMENT} >= {} and {DOCUMENT} <= {}", first.0 as i64, last.0 as i64)
}

/// The rows of one document with an ordinal from `first` to before `end`.
pub fn passages(document: DocumentId, first: u32, end: u64) -> String {
    format!("{DOCUMENT} == {} and {ORDINAL} >= {first} and {ORDINAL} < {end}", document.0 as i64)
}

/// Rows by key.
pub fn keys(keys: &[String]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
    format!("{ID} in [{}]", keys.join(", "))
}

fn numbers(documents: &[DocumentId]) -> Vec<i64> {
    documents.iter().map(|document| document.0 as i64).collect()
}

/// A text as a literal, whatever is in it.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_control() => literal.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use crate::id::SourceId;

    #[test]
    fn every_key_of_a_filter_is_in_the_expression() {
        let filter = Filter {
            sources: [SourceId(2), SourceId(1)].into(),
            types: vec!["md".into(), "p\"d\\f\n".into()],
            modified_since_ms: Some(-5),
            ..Filter::default()
        };
        let some = [DocumentId(7), DocumentId(8)];
        let expression = part(Part { filter: &filter, documents: Some(&some), except: &some[1..] });
        assert_eq!(
            expression,
            "source in [1, 2] and kind in [\"md\", \"p\\\"d\\\\f\\u000a\"] and modified_ms >= -5 \
             and document in [7, 8] and document not in [8]"
        );
    }
}
