//! What a page of Notion refers to other pages by: paths and addresses that end with an id.

use std::borrow::Cow;

use super::super::dokuwiki;
use super::readable_path;

/// Longer references are text.
const MAX_REFERENCE_BYTES: usize = 2000;

/// Brackets in titles are nested no deeper.
const MAX_DEPTH: usize = 8;

/// The text with the names of pages where their files or addresses stood; lines stay lines.
pub(super) fn without_references(text: &str) -> Cow<'_, str> {
    let mut readable = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(open) = text[at..].find('(') {
        let open = at + open;
        at = open + 1;
        let Some(length) = length(&text[at..]) else { continue };
        let Some(page) = page(&text[at..at + length]) else { continue };
        let before = &text[copied..open];
        let end = at + length + 1;
        if let Some(start) = start_of_link(before) {
            let shown = &before[start + 1..before.len() - 1];
            let is_picture = before[..start].ends_with('!');
            readable.push_str(&before[..start - usize::from(is_picture)]);
            readable.push_str(shown);
            if !page.is_empty() && !shown.contains(&page) {
                readable.push_str(&format!(" ({page})"));
            }
        } else if let Some(name) = before.strip_suffix(' ') {
            // `Name (path)`, as databases write their relations.
            readable.push_str(name);
        } else {
            continue;
        }
        copied = end;
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    readable.push_str(&text[copied..]);
    Cow::Owned(readable)
}

/// How long a reference is, up to its closing bracket; those in titles are paired.
fn length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(MAX_REFERENCE_BYTES) {
        match byte {
            b'\n' => return None,
            b'(' if depth == MAX_DEPTH => return None,
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The `[` of the link whose text ends here.
fn start_of_link(before: &str) -> Option<usize> {
    let inner = before.strip_suffix(']')?;
    let line = inner.rfind('\n').map_or(0, |feed| feed + 1);
    let line = line.max(inner.len().saturating_sub(MAX_REFERENCE_BYTES));
    let mut depth = 0_usize;
    for (at, byte) in inner.bytes().enumerate().skip(line).rev().take(MAX_REFERENCE_BYTES) {
        match byte {
            b']' => depth += 1,
            b'[' if depth == 0 => return Some(at),
            b'[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The name of the page or file that a reference leads to, empty for an address; `None` for
/// addresses elsewhere.
fn page(reference: &str) -> Option<String> {
    let path = reference.split(['?', '#']).next().unwrap_or(reference);
    if path.contains("://") {
        let is_notion =
            ["notion.so/", "notion.site/", "notion.com/"].iter().any(|host| path.contains(host));
        return (is_notion && readable_path(path) != path).then(String::new);
    }
    let path = dokuwiki::without_percents(path);
    let readable = readable_path(&path);
    if readable == path {
        return None;
    }
    let name = readable.rsplit('/').next().unwrap_or(&readable);
    let name =
        [".md", ".csv", ".html"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    Some(name.to_owned())
}
