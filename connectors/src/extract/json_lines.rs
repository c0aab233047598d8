//! JSON Lines: one record a line, its fields as readable text.

use serde_json::Value;

use super::outline::{clipped, one_line};
use super::rows::Rows;
use crate::document::Document;

/// Fields that name a record, the best first.
const TITLES: [&str; 4] = ["title", "subject", "name", "heading"];

/// Fields that are the record's text: their names say nothing.
const TEXTS: [&str; 5] = ["text", "content", "body", "message", "description"];

const MAX_NAME_BYTES: usize = 200;

/// A longer string without white space is data.
const MAX_WORD_BYTES: usize = 512;

/// Reads a text of JSON records; a line that is none stays as it is.
pub(super) fn read(text: &str) -> Document {
    let mut rows = Rows::default();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        // Lines nested deeper than the parser's limit are kept as they are, too.
        let Ok(mut record) = serde_json::from_str::<Value>(line) else {
            let line = one_line(line);
            if !line.is_empty() {
                rows.add(number, &line);
            }
            continue;
        };
        match take_title(&mut record) {
            Some(title) => {
                let text = readable(&record);
                let text = if text.is_empty() { title.clone() } else { text };
                rows.add_titled(number, title, &text);
            }
            None => {
                let text = readable(&record);
                if !text.is_empty() {
                    rows.add(number, &text);
                }
            }
        }
    }
    Document { sections: rows.finish(), ..Document::default() }
}

/// The record's name, which then is no part of its text. A name that is too long stays there.
fn take_title(record: &mut Value) -> Option<String> {
    let fields = record.as_object_mut()?;
    let is_title = |key: &&&str| {
        let value = fields.get(**key).and_then(Value::as_str).unwrap_or_default();
        !value.trim().is_empty() && value.len() <= MAX_NAME_BYTES
    };
    let key = *TITLES.iter().find(is_title)?;
    fields.remove(key)?.as_str().map(one_line)
}

/// The fields of a record as `name: value; name: value`.
pub(super) fn readable(record: &Value) -> String {
    let mut text = String::new();
    write(&mut text, "", record);
    text
}

/// Writes `key: value; key: value`, nested keys with dots between.
fn write(text: &mut String, key: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(value) => write_field(text, key, &value.to_string()),
        Value::Number(value) => write_field(text, key, &value.to_string()),
        Value::String(value) if is_data(value) => {}
        Value::String(value) => write_field(text, key, &one_line(value)),
        Value::Array(values) => values.iter().for_each(|value| write(text, key, value)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match key {
                    "" => write(text, name, value),
                    _ => write(text, clipped(&format!("{key}.{name}"), MAX_NAME_BYTES), value),
                }
            }
        }
    }
}

fn write_field(text: &mut String, key: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("; ");
    }
    if !key.is_empty() && !TEXTS.contains(&key) {
        text.push_str(&one_line(clipped(key, MAX_NAME_BYTES)));
        text.push_str(": ");
    }
    text.push_str(value);
}

fn is_data(value: &str) -> bool {
    value.len() > MAX_WORD_BYTES && value.is_ascii() && !value.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Place;

    fn outline(text: &str) -> Vec<(String, String, Place)> {
        let sections = read(text).sections.into_iter();
        sections.map(|it| (it.heading.join(" > "), it.text, it.place)).collect()
    }

    #[test]
    fn a_record_with_a_title_is_a_section() {
        let text = "{\"_id\":\"7\",\"text\":\"Five days.\\nUntil March.\",\"title\":\"Leave\"}\n\n\
                    {\"title\":\"Pay\"}\n";
        let expected = [
            ("Leave".to_owned(), "_id: 7; Five days. Until March.".to_owned(), Place::Line(1)),
            ("Pay".to_owned(), "Pay".to_owned(), Place::Line(3)),
        ];
        assert_eq!(outline(text), expected);
    }

    #[test]
    fn records_without_a_title_are_grouped() {
        let text =
            "{\"at\":{\"host\":\"a\",\"port\":1},\"level\":\"warn\"}\n{\"level\":\"info\"}\n";
        let lines = "at.host: a; at.port: 1; level: warn\nlevel: info";
        assert_eq!(outline(text), [(String::new(), lines.to_owned(), Place::Line(1))]);
    }

    #[test]
    fn what_is_no_json_stays_as_it_is() {
        let deep = "[".repeat(2000);
        let text = format!("not json\n{deep}\n\"plain\"\n");
        let lines = format!("not json\n{deep}\nplain");
        assert_eq!(outline(&text), [(String::new(), lines, Place::Line(1))]);
    }
}
