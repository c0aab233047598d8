//! The metadata at the top of a Markdown file: YAML between `---` or TOML between `+++`.
//!
//! Reads what people write there (scalars, quoted strings, lists) and passes over everything else;
//! aliases, tags and nesting of full YAML are a danger here and no use.

use std::collections::BTreeMap;

use super::dates;
use super::outline::{clipped, one_line};

/// Longer front matter is taken for text.
const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 64;
const MAX_VALUE_BYTES: usize = 1000;

/// What writers call a thing, and what a search calls it.
const KNOWN: [(&str, &str); 16] = [
    ("alias", "aliases"),
    ("authors", "author"),
    ("created_at", "created"),
    ("createdat", "created"),
    ("date", "created"),
    ("date_created", "created"),
    ("last_modified_at", "modified"),
    ("last_update", "modified"),
    ("lastmod", "modified"),
    ("lastupdated", "modified"),
    ("ms.author", "author"),
    ("ms.date", "modified"),
    ("summary", "description"),
    ("tag", "tags"),
    ("updated", "modified"),
    ("updated_at", "modified"),
];

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
        let is_end = line.trim_end() == fence || (separator == ':' && line.trim_end() == "...");
        if is_end {
            let entries = entries(&text[4..end], separator);
            return (under_known_names(entries), after);
        }
        if after > MAX_BYTES {
            break;
        }
        end = after;
    }
    // Never closed: a text that begins with a rule.
    (BTreeMap::new(), 0)
}

/// Adds what a search looks for under the names that it knows; dates only if they are some.
fn under_known_names(mut entries: BTreeMap<String, String>) -> BTreeMap<String, String> {
    for (name, known) in KNOWN {
        let Some(value) = entries.get(name).filter(|_| !entries.contains_key(known)) else {
            continue;
        };
        let is_date = matches!(known, "created" | "modified");
        let value = if is_date { dates::normalised(value) } else { Some(value.clone()) };
        entries.extend(value.map(|value| (known.to_owned(), value)));
    }
    entries
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
        joined(items(list).into_iter().map(unquoted))
    } else if raw.starts_with("- ") {
        joined(raw.lines().filter_map(|line| line.trim().strip_prefix('-')).map(item))
    } else if let Some(block) = raw.strip_prefix(['|', '>']) {
        one_line(block.trim_start_matches(['-', '+']))
    } else if is_never_closed(raw) {
        // What follows an opening quote belongs to nothing, unless it is a line of words.
        if raw.contains('\n') { String::new() } else { one_line(&raw[1..]) }
    } else {
        unquoted(raw)
    };
    clipped(&value, MAX_VALUE_BYTES).to_owned()
}

fn is_never_closed(raw: &str) -> bool {
    ['"', '\'']
        .iter()
        .any(|quote| raw.strip_prefix(*quote).is_some_and(|rest| !rest.contains(*quote)))
}

/// The parts between the commas that are not in quotes.
fn items(list: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut start = 0;
    let mut quote = None;
    for (at, char) in list.char_indices() {
        match (quote, char) {
            (None, ',') => {
                items.push(&list[start..at]);
                start = at + 1;
            }
            (None, '"' | '\'') if list[start..at].trim_start().is_empty() => quote = Some(char),
            (Some(open), char) if open == char => quote = None,
            _ => {}
        }
    }
    items.push(&list[start..]);
    items
}

/// An item of a list; of one with fields the first, which is its name: `- name: Kim`.
fn item(raw: &str) -> String {
    let raw = raw.trim();
    let name = ["name:", "title:", "label:"].iter().find_map(|key| raw.strip_prefix(key));
    unquoted(name.unwrap_or(raw))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.map(|item| one_line(&item)).filter(|item| !item.is_empty()).collect::<Vec<_>>().join(", ")
}

fn unquoted(raw: &str) -> String {
    let raw = one_line(raw);
    let raw = raw.as_str();
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
            ("author", "Kim, Lee"),
            ("authors", "Kim, Lee"),
            ("description", "one two"),
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
    fn dates_and_names_are_known_whatever_they_are_called() {
        let text = "---\ndate: 2026-03-01 10:00\nlastmod: 'March 2, 2026'\nalias: Holiday\nupdated: soon\n...\nText";
        let entries = split(text).0;
        let value = |key: &str| entries.get(key).map(String::as_str);
        assert_eq!((value("created"), value("modified")), (Some("2026-03-01"), Some("2026-03-02")));
        assert_eq!((value("aliases"), value("date")), (Some("Holiday"), Some("2026-03-01 10:00")));
    }

    #[test]
    fn lists_may_have_lines_quotes_and_fields() {
        let text = "---\ntags: [\"a, b\",\n  'c',\n  d ]\nauthors:\n- name: Kim\n  url: x\n- Lee # him\n\
                    title: \"two\n  lines \\u00e9\"\n---\n";
        let entries = split(text).0;
        assert_eq!(entries["tags"], "a, b, c, d");
        assert_eq!(entries["author"], "Kim, Lee");
        assert_eq!(entries["title"], "two lines é");
    }

    #[test]
    fn a_quote_that_is_never_closed_says_little() {
        let (entries, start) = split("---\ntitle: \"unclosed\n  - [\n---\nBody\n");
        assert_eq!((entries.get("title"), start > 0), (None, true));
        assert_eq!(split("---\ntitle: \"Plan for May\n---\n").0["title"], "Plan for May");
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
