//! A JSON record that is a document of its own: its text, what names it, and all else as metadata.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::outline::{clipped, one_line};
use super::{dates, dokuwiki, html, json_lines, language, markdown, plain};
use crate::document::{Document, Place};

/// Fields by what they say, the best name first.
const IDS: [&str; 6] = ["id", "_id", "doc_id", "document_id", "key", "uuid"];
const TITLES: [&str; 4] = ["title", "subject", "name", "heading"];
const TEXTS: [&str; 6] = ["text", "content", "body", "markdown", "html", "description"];
const ADDRESSES: [&str; 4] = ["url", "link", "href", "permalink"];
const CHANGES: [&str; 6] =
    ["modified", "updated", "updated_at", "modified_at", "last_modified", "lastmod"];
const CREATIONS: [&str; 4] = ["created", "created_at", "published", "date"];
const FORMATS: [&str; 4] = ["format", "content_type", "mime_type", "mimetype"];

/// What a citation may link to.
const SCHEMES: [&str; 4] = ["http://", "https://", "file://", "smb://"];

const MAX_TITLE_BYTES: usize = 300;
const MAX_KEYS: usize = 64;
const MAX_KEY_BYTES: usize = 80;
const MAX_VALUE_BYTES: usize = 1000;

/// Deeper fields are left out.
const MAX_DEPTH: usize = 8;

/// A record that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// Made of its id or its address; `None` if it has neither.
    pub path: Option<String>,
    /// Nanoseconds since the epoch.
    pub modified_ns: Option<i64>,
    /// What it says.
    pub document: Document,
}

/// Reads the record in a line, or says why it is none.
pub(crate) fn read(line: &str) -> Result<Record, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| what_is_wrong(&error))?;
    let Value::Object(mut fields) = value else { return Err("not a JSON object".to_owned()) };
    let id = take_first(&mut fields, &IDS, scalar);
    let title =
        take_first(&mut fields, &TITLES, |value| scalar(value).filter(|_| value.is_string()));
    let address = take_first(&mut fields, &ADDRESSES, address);
    let changed = take_first(&mut fields, &CHANGES, moment);
    let created = take_first(&mut fields, &CREATIONS, moment);
    let mut document = body(&mut fields, title.as_deref());
    if document.sections.is_empty() {
        return Err("a record without any text".to_owned());
    }
    let title = title.map(|title| clipped(&title, MAX_TITLE_BYTES).to_owned());
    document.title = title.or(document.title);
    document.language = language::of(&document).map(str::to_owned);
    // What is still there is no address that may be linked to.
    fields.remove("url");
    let mut metadata = BTreeMap::new();
    gather(&mut metadata, String::new(), Value::Object(fields), 0);
    let known = [
        ("url", address.clone()),
        ("modified", changed.as_ref().map(|moment| moment.text.clone())),
        ("created", created.map(|moment| moment.text)),
    ];
    metadata.extend(known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    document.metadata.extend(metadata);
    let modified_ns = changed.and_then(|moment| moment.nanoseconds);
    let path = id.or(address).map(|name| path(&name)).filter(|path| !path.is_empty());
    Ok(Record { path, modified_ns, document })
}

/// Never with a part of the text.
fn what_is_wrong(error: &serde_json::Error) -> String {
    let column = error.column();
    match error.classify() {
        serde_json::error::Category::Eof => "not JSON: it ends too early".to_owned(),
        _ => format!("not JSON: damaged at character {column}"),
    }
}

/// Takes out the first field of these names that is of use.
fn take_first<T>(
    fields: &mut Map<String, Value>,
    names: &[&str],
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    names.iter().find_map(|name| {
        let found = read(fields.get(*name)?)?;
        fields.remove(*name);
        Some(found)
    })
}

fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => one_line(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn address(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let lower = clipped(text, 10).to_ascii_lowercase();
    let is_address = SCHEMES.iter().any(|scheme| lower.starts_with(scheme));
    let is_clean = !text.contains(|char: char| char.is_whitespace() || char.is_control());
    (is_address && is_clean && text.len() <= MAX_VALUE_BYTES).then(|| text.to_owned())
}

struct Moment {
    text: String,
    nanoseconds: Option<i64>,
}

/// A date, a time, or a number of seconds or milliseconds since the epoch.
fn moment(value: &Value) -> Option<Moment> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        // Years are dates, not seconds.
        Value::String(text) if text.trim().len() >= 9 => text.trim().parse().ok(),
        _ => None,
    };
    if let Some(nanoseconds) = number.and_then(dates::nanoseconds_of) {
        let text = dates::rfc3339(nanoseconds);
        return Some(Moment { text, nanoseconds: Some(nanoseconds) });
    }
    let text = value.as_str()?;
    Some(Moment { text: dates::normalised(text)?, nanoseconds: dates::nanoseconds(text) })
}

/// The record's text; without a field for it, all its fields or else its title.
fn body(fields: &mut Map<String, Value>, title: Option<&str>) -> Document {
    let format = take_first(fields, &FORMATS, |value| value.as_str().map(str::to_lowercase));
    let format = format.unwrap_or_default();
    let mut document: Option<Document> = None;
    for name in TEXTS {
        let is_secondary = name == "description" && document.is_some();
        let Some(text) = fields.get(name).filter(|_| !is_secondary).and_then(text) else {
            continue;
        };
        fields.remove(name);
        let read = read_text(&text, if format.is_empty() { name } else { &format });
        match &mut document {
            None => document = Some(read),
            Some(document) => document.sections.extend(read.sections),
        }
    }
    let mut document = document.unwrap_or_else(|| {
        let record = Value::Object(std::mem::take(fields));
        let all = json_lines::readable(&record);
        if let Value::Object(record) = record {
            *fields = record;
        }
        plain(if all.is_empty() { title.unwrap_or_default() } else { &all })
    });
    // Lines of the text are not those of the file.
    document.sections.iter_mut().for_each(|section| section.place = Place::Unknown);
    document
}

/// A text, or paragraphs of one.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            parts?.join("\n\n")
        }
        _ => return None,
    };
    (!text.trim().is_empty()).then(|| text.replace("\r\n", "\n").replace('\0', " "))
}

fn read_text(text: &str, format: &str) -> Document {
    if format.contains("html") || html::is_likely(text) {
        html::read(text)
    } else if format.contains("markdown") || format == "md" {
        markdown::read(text)
    } else {
        plain(text)
    }
}

/// Writes `a.b` for nested fields; a list of texts is one value.
fn gather(metadata: &mut BTreeMap<String, String>, key: String, value: Value, depth: usize) {
    if metadata.len() >= MAX_KEYS || depth > MAX_DEPTH {
        return;
    }
    let text = match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = one_line(&name).to_lowercase();
                let path = if key.is_empty() { name } else { format!("{key}.{name}") };
                if !path.is_empty() && path.len() <= MAX_KEY_BYTES {
                    gather(metadata, path, value, depth + 1);
                }
            }
            return;
        }
        Value::Array(items) => {
            let items = items.iter().filter_map(Value::as_str).map(one_line).take(MAX_KEYS);
            items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", ")
        }
        Value::String(text) => one_line(clipped(&text, MAX_VALUE_BYTES * 2)),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => return,
    };
    if !text.is_empty() {
        metadata.insert(key, clipped(&text, MAX_VALUE_BYTES).to_owned());
    }
}

/// An id as a path; of an address what a reader knows it by.
fn path(id: &str) -> String {
    let Some((_, address)) = id.split_once("://") else { return id.to_owned() };
    let address = address.split(['?', '#']).next().unwrap_or(address);
    dokuwiki::without_percents(address.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(line: &str) -> Document {
        read(line).unwrap().document
    }

    #[test]
    fn the_fields_of_a_record_are_understood() {
        let line = r#"{"id":"hr/leave","title":"Leave\npolicy","text":"Five days.\nUntil March.",
            "url":"https://wiki.example/leave?v=2","modified":"2026-03-01T09:00:00Z","Author":"Kim",
            "labels":["hr","pay"],"space":{"key":"HR","level":2},"vector":[0.1,0.2],"none":null}"#;
        let record = read(&line.replace('\n', " ")).unwrap();
        assert_eq!(record.path.as_deref(), Some("hr/leave"));
        assert_eq!(record.modified_ns, Some(1_772_355_600_000_000_000));
        assert_eq!(record.document.title.as_deref(), Some("Leave policy"));
        assert_eq!(record.document.sections[0].text, "Five days.\nUntil March.");
        let metadata: Vec<_> = record.document.metadata.into_iter().collect();
        let expected = [
            ("author", "Kim"),
            ("labels", "hr, pay"),
            ("modified", "2026-03-01T09:00:00Z"),
            ("space.key", "HR"),
            ("space.level", "2"),
            ("url", "https://wiki.example/leave?v=2"),
        ];
        assert_eq!(metadata, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_empty_title_is_none() {
        let record = document(r#"{"id":"1","title":" ","name":"Kim","text":"t"}"#);
        assert_eq!(record.title.as_deref(), Some("Kim"));
    }

    #[test]
    fn html_and_markdown_are_read_as_such() {
        let html = document(r#"{"id":1,"body":"<h1>A</h1><p>x &amp; y</p>","format":"html"}"#);
        assert_eq!((html.title.as_deref(), html.sections[0].text.as_str()), (Some("A"), "x & y"));
        let markdown =
            document(r##"{"id":1,"content":"# A\n## B\nx","content_type":"text/markdown"}"##);
        assert_eq!(markdown.sections[0].heading, ["A", "B"]);
        let plain = document(r##"{"id":1,"content":"# A <b>"}"##);
        assert_eq!(plain.sections[0].text, "# A <b>");
    }

    #[test]
    fn a_record_without_a_text_is_its_fields_or_its_title() {
        let faq = document(r#"{"id":"1","question":"How long?","answer":"Five days."}"#);
        assert_eq!(faq.sections[0].text, "answer: Five days.; question: How long?");
        assert_eq!(document(r#"{"id":"1","title":"Alone"}"#).sections[0].text, "Alone");
        assert!(read("{\"id\":1}").is_err() && read("[1]").is_err() && read("{\"a\":").is_err());
    }

    #[test]
    fn addresses_become_readable_paths_and_only_safe_ones_are_linked() {
        let record =
            read(r#"{"url":"https://x.org/a/%ED%9C%B4%EA%B0%80/?q=1","text":"t"}"#).unwrap();
        assert_eq!(record.path.as_deref(), Some("x.org/a/휴가"));
        let hostile = read(r#"{"id":7,"url":"javascript:alert(1)","text":"t"}"#).unwrap();
        assert_eq!(hostile.path.as_deref(), Some("7"));
        assert!(hostile.document.metadata.is_empty());
    }

    #[test]
    fn moments_may_be_numbers() {
        for moment in ["1700000000", "1700000000000", "\"1700000000\"", "\"2023-11-14 22:13:20Z\""]
        {
            let record = read(&format!("{{\"text\":\"t\",\"updated_at\":{moment}}}")).unwrap();
            assert_eq!(record.modified_ns, Some(1_700_000_000_000_000_000), "{moment}");
        }
        let odd = document(r#"{"text":"t","modified":"last week"}"#);
        assert_eq!(odd.metadata["modified"], "last week");
    }

    #[test]
    fn hostile_records_are_bounded() {
        let deep =
            format!("{{\"text\":\"t\",\"a\":{}1{}}}", "{\"b\":".repeat(100), "}".repeat(100));
        assert!(document(&deep).metadata.len() <= 1);
        let wide: Vec<_> =
            (0..5000).map(|n| format!("\"k{n}\":\"{}\"", "v".repeat(2000))).collect();
        let wide = document(&format!("{{\"text\":\"t\",{}}}", wide.join(",")));
        assert!(wide.metadata.len() <= MAX_KEYS);
        assert!(wide.metadata.values().all(|value| value.len() <= MAX_VALUE_BYTES));
    }
}
