//! Exports of Notion: pages in Markdown or HTML, databases in CSV, ids in all their names.

mod names;
mod references;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::format::Format;
use super::outline::{clipped, one_line};
use super::{Input, Reason, dates, html, markdown, separated};
use crate::document::Document;
use references::without_references;

const MAX_PROPERTIES: usize = 64;
const MAX_NAME_BYTES: usize = 60;
const MAX_VALUE_BYTES: usize = 1000;

/// Properties by the names that Notion proposes, and what a search calls them.
const KNOWN: [(&str, &str); 22] = [
    ("author", "author"),
    ("created", "created"),
    ("created at", "created"),
    ("created by", "author"),
    ("created time", "created"),
    ("date created", "created"),
    ("last edited", "modified"),
    ("last edited time", "modified"),
    ("last updated", "modified"),
    ("owner", "owner"),
    ("tag", "tags"),
    ("updated", "modified"),
    ("updated at", "modified"),
    ("만든 사람", "author"),
    ("생성 일시", "created"),
    ("생성일", "created"),
    ("생성자", "author"),
    ("수정일", "modified"),
    ("작성일", "created"),
    ("작성자", "author"),
    ("최종 편집 일시", "modified"),
    ("태그", "tags"),
];

/// A path of an export without the ids that its names end with.
pub(crate) fn readable_path(path: &str) -> String {
    path.split('/').map(names::readable_name).collect::<Vec<_>>().join("/")
}

/// Whether a text of an export is read here.
pub(super) fn reads(format: Format) -> bool {
    matches!(format, Format::Html | Format::Markdown | Format::Separated(_))
}

/// Reads a page or a database; the pages above it lead to its headings.
pub(super) fn read(input: &Input<'_>, text: &str, format: Format) -> Result<Document, Reason> {
    let names = names::Names::of(input.path);
    let mut document = match format {
        Format::Separated(delimiter) => separated::read(&without_references(text), delimiter),
        Format::Html => page_in_html(text)?,
        _ => {
            let mut document = markdown::read(&without_references(text));
            document.metadata.extend(properties(&document, usize::MAX));
            document
        }
    };
    let title = document.title.take().unwrap_or_else(|| names.page.clone());
    for section in &mut document.sections {
        let mut below = std::mem::take(&mut section.heading);
        // A page's own headings begin at the level of its title.
        if below.first() != Some(&title) {
            below.insert(0, title.clone());
        }
        section.heading = names.above.iter().cloned().chain(below).collect();
    }
    document.title = Some(title);
    Ok(document)
}

fn page_in_html(text: &str) -> Result<Document, Reason> {
    if text.contains("id=\"id::") {
        return Err(Reason::Skipped("table of contents of an export".to_owned()));
    }
    // Its chips stand side by side, with nothing between them.
    let text = text
        .replace("</span><span class=\"selected-value", "</span>, <span class=\"selected-value");
    let mut document = html::read(&text);
    // The icon of the page.
    if document.sections.first().is_some_and(|first| !first.text.contains(char::is_alphanumeric)) {
        document.sections.remove(0);
    }
    let count = text.matches("class=\"property-row").count();
    document.metadata.extend(properties(&document, count));
    Ok(document)
}

/// The lines `Name: value` that a page of a database begins with, at the most so many.
fn properties(document: &Document, count: usize) -> BTreeMap<String, String> {
    let first = document.sections.first().map_or("", |section| section.text.as_str());
    let paragraph = first.split("\n\n").next().unwrap_or_default();
    let lines: Vec<&str> = paragraph.lines().take(count.min(MAX_PROPERTIES)).collect();
    let pairs: Vec<_> = lines.iter().map_while(|line| property(line)).collect();
    // A paragraph of another kind may have a colon, too.
    if count == usize::MAX && pairs.len() < paragraph.lines().count().min(MAX_PROPERTIES) {
        return BTreeMap::new();
    }
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn property(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_separate = value.is_empty() || value.starts_with(' ');
    let is_name = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.starts_with(['-', '>', '#', '*', '|']);
    if !is_separate || !is_name {
        return None;
    }
    let name = one_line(name).to_lowercase();
    let known = KNOWN.iter().find(|(known, _)| *known == name).map(|(_, key)| (*key).to_owned());
    let key = known.unwrap_or(name);
    let value = one_line(value);
    let date = matches!(&*key, "created" | "modified").then(|| dates::normalised(&value)).flatten();
    let value = date.unwrap_or(value);
    Some((key, clipped(&value, MAX_VALUE_BYTES).to_owned()))
}
