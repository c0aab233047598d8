//! The metadata at the top of a Markdown file: YAML between `---` or TOML between `+++`.
//!
//! Reads what people write there (scalars, quoted strings, lists) and passes over everything else;
//! aliases, tags and nesting of full YAML are a danger here and no use.

use std::collections::BTreeMap;

use super::outline::{clipped, one_line};

/// Longer front matter is taken for text.
const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 64;
const MAX_VALUE_BYTES: usize = 1000;

/// The front matter's entries, keys in lower case, and where the text after it begins.
pub(super) fn split(text: &str) -> (BTreeMap<String, String>, usize) {
    let (fence, separator) = match text.get(..4) {
        Some("---\n") => ("---", ':'),
        Some("+++\n") => ("+++", '='),
        _ => return (BTreeMap::new(), 0),
    };
    let mut end = 4;
    for line in text[4..].split_inclusive('\n') {
        let after = end + line.len();
        if line.trim_end() == fence {
            return (entries(&text[4..end], separator), after);
        }
        if after > MAX_BYTES {
            break;
        }
        end = after;
    }
    // Never closed: a text that begins with a rule.
    (BTreeMap::new(), 0)
}

fn entries(block: &str, separator: char) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let mut key = None;
    let mut value = String::new();
    for line in block.lines() {
        match entry(line, separator) {
            Some((next_key, first)) => {
                keep(&mut entries, key.replace(next_key), &value);
                value.clear();
                value.push_str(first);
            }
            // An indented or dashed line belongs to the key above.
            None if value.len() < MAX_VALUE_BYTES => {
                value.push('\n');
                value.push_str(line);
            }
            None => {}
        }
    }
    keep(&mut entries, key, &value);
    entries
}

/// `key: value` at the left margin.
fn entry(line: &str, separator: char) -> Option<(String, &str)> {
    let (key, value) = line.split_once(separator)?;
    let key = key.trim_end().trim_matches('"');
    let is_name = |char: char| char.is_alphanumeric() || "._- ".contains(char);
    let is_key = !key.is_empty() && key.len() <= 64 && key.chars().all(is_name);
    let is_marginal = !key.starts_with([' ', '-']);
    let is_separated = separator == '=' || value.is_empty() || value.starts_with([' ', '\t']);
    (is_key && is_marginal && is_separated).then(|| (key.to_lowercase(), value.trim()))
}

fn keep(entries: &mut BTreeMap<String, String>, key: Option<String>, value: &str) {
    let (Some(key), true) = (key, entries.len() < MAX_KEYS) else { return };
    let value = plain_value(value);
    if !value.is_empty() {
        entries.insert(key, value);
    }
}

/// A scalar as it is meant; the items of a list joined by commas.
fn plain_value(raw: &str) -> String {
    let raw = raw.trim();
    let value = if let Some(list) = raw.strip_prefix('[') {
        let list = list.strip_suffix(']').unwrap_or(list);
        joined(list.split(',').map(|item| one_line(&unquoted(item))))
    } else if raw.starts_with("- ") {
        joined(raw.lines().filter_map(|line| line.trim().strip_prefix('-')).map(unquoted))
    } else if let Some(block) = raw.strip_prefix(['|', '>']) {
        one_line(block.trim_start_matches(['-', '+']))
    } else {
        one_line(&unquoted(raw))
    };
    clipped(&value, MAX_VALUE_BYTES).to_owned()
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", ")
}

fn unquoted(raw: &str) -> String {
    let raw = raw.trim();
    let inner = |quote: char| raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(text) = inner('"') {
        // JSON strings are the common part of both languages' double-quoted ones.
        return serde_json::from_str(raw).unwrap_or_else(|_| text.to_owned());
    }
    if let Some(text) = inner('\'') {
        return text.replace("''", "'");
    }
    match raw.find(" #") {
        Some(comment) => raw[..comment].trim_end().to_owned(),
        None => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        split(text).0.into_iter().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn yaml_as_people_write_it_is_read() {
        let text = "---\nTitle: \"Leave: \\\"policy\\\"\" \ntags: [hr, 'pay day']\nms.date: 01/02/2026 # draft\n\
                    authors:\n  - Kim\n  - Lee\nsummary: >-\n  one\n  two\nempty:\n---\nText\n";
        let expected = [
            ("authors", "Kim, Lee"),
            ("ms.date", "01/02/2026"),
            ("summary", "one two"),
            ("tags", "hr, pay day"),
            ("title", "Leave: \"policy\""),
        ];
        assert_eq!(parsed(text), pairs(&expected));
        assert_eq!(&text[split(text).1..], "Text\n");
    }

    #[test]
    fn toml_as_people_write_it_is_read() {
        let text = "+++\ntitle = \"Plan\"\ntags = [\"a\", \"b\"]\n+++\nText";
        assert_eq!(parsed(text), pairs(&[("tags", "a, b"), ("title", "Plan")]));
    }

    #[test]
    fn what_is_not_front_matter_is_text() {
        assert_eq!(split("---\n\nA rule above, no end below\n"), (BTreeMap::new(), 0));
        assert_eq!(split("# Title\n---\n"), (BTreeMap::new(), 0));
        let (entries, start) = split("---\nbroken: [unclosed\n  : : :\n---\nBody survives\n");
        assert_eq!(entries["broken"], "unclosed : : :");
        assert!(start > 0);
    }
}
