//! DokuWiki: pages in its markup, made readable line by line, so that line numbers hold.

mod inline;
mod table;
#[cfg(test)]
mod tests;

use super::headed::{Heading, sections};
use super::outline::{MAX_SECTIONS, clipped, growth_budget, one_line};
use super::{Input, Reason};
use crate::document::Document;
use inline::readable;
pub(super) use inline::without_percents;
use table::Table;

const MAX_TITLE_BYTES: usize = 300;

/// Where an installation keeps its pages, and what else lies there.
const PAGES: &str = "data/pages/";
const NOT_PAGES: [&str; 4] = ["data/attic/", "data/meta/", "data/cache/", "data/media_attic/"];

/// Elements whose content is not markup.
const VERBATIM: [&str; 5] = ["code", "file", "nowiki", "html", "php"];

/// Those that a cell of a table does not hold.
const BLOCKS: [&str; 4] = ["code", "file", "html", "php"];

/// Reads a page of a wiki; its namespaces lead to its headings.
pub(super) fn read_page(input: &Input<'_>, text: &str) -> Result<Document, Reason> {
    if NOT_PAGES.iter().any(|part| input.path.contains(part)) {
        return Err(Reason::Skipped("no page but an old revision or data of the wiki".to_owned()));
    }
    if matches!(input.name(), "_template.txt" | "__template.txt") {
        return Err(Reason::Skipped("template of a wiki".to_owned()));
    }
    let mut document = read(text);
    let path = input.path.rsplit_once(PAGES).map_or(input.path, |(_, path)| path);
    let names: Vec<String> = path.split('/').map(name).collect();
    let (page, namespaces) =
        names.split_last().map_or(("", &[][..]), |(last, above)| (last, above));
    let page = page.strip_suffix(".txt").unwrap_or(page);
    if document.title.is_none() {
        // The first page of a namespace is called after it.
        let title = if page == "start" { namespaces.last().map_or(page, |it| it) } else { page };
        document.title = Some(clipped(title, MAX_TITLE_BYTES).to_owned());
    }
    for section in &mut document.sections {
        let below = std::mem::take(&mut section.heading);
        section.heading = namespaces.iter().cloned().chain(below).collect();
    }
    Ok(document)
}

/// Whether a text without a known wiki is a page of one.
pub(super) fn is_likely(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let inner = first.strip_prefix("====== ").and_then(|line| line.strip_suffix(" ======"));
    let has = |mark: &str| text.contains(mark);
    inner.is_some_and(|inner| !inner.contains("==") && !inner.trim().is_empty())
        && (has("[[") || has("{{") || has("\n  * ") || has("\n===== "))
}

/// Reads a page without asking for its path.
pub(super) fn read(text: &str) -> Document {
    let mut page = Page::new(text.len());
    for line in text.split_inclusive('\n') {
        let end = line.strip_suffix('\n').map_or(0, |_| 1);
        page.add(&line[..line.len() - end]);
        if end == 1 {
            page.text.push('\n');
        }
    }
    let mut document = Document {
        title: page.headings.first().map(|heading| heading.title.clone()),
        sections: sections(&page.text, 0, &page.headings),
        ..Document::default()
    };
    if !page.tags.is_empty() {
        document.metadata.insert("tags".to_owned(), page.tags.join(", "));
    }
    document
}

/// A page while its lines come in.
struct Page {
    text: String,
    headings: Vec<Heading>,
    tags: Vec<String>,
    table: Table,
    /// The end of the part that is not markup.
    verbatim: Option<String>,
}

impl Page {
    fn new(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            headings: Vec::new(),
            tags: Vec::new(),
            table: Table::new(growth_budget(bytes)),
            verbatim: None,
        }
    }

    /// Adds a line as one line.
    fn add(&mut self, line: &str) {
        if self.verbatim.is_none() {
            if let Some((level, title)) = heading(line)
                && self.headings.len() < MAX_SECTIONS
            {
                return self.add_heading(level, title);
            }
            self.find_tags(line);
            let is_row = line.starts_with(['^', '|']);
            let opens_more = is_row && BLOCKS.iter().any(|name| line.contains(&format!("<{name}")));
            if is_row && !opens_more {
                let row = self.table.row(line);
                self.text.push_str(&row);
                return;
            }
            self.table.end();
        }
        self.add_text(line);
    }

    fn add_heading(&mut self, level: u8, title: &str) {
        self.table.end();
        let start = self.text.len();
        let title = one_line(&readable(title));
        self.text.push_str(&title);
        // The line feed is added to the text below.
        self.headings.push(Heading { level, title, lines: start..self.text.len() });
    }

    /// Parts in `<code>` and the like stand as they are, all else is markup.
    fn add_text(&mut self, mut rest: &str) {
        while !rest.is_empty() {
            if let Some(end) = &self.verbatim {
                let Some(at) = rest.find(end.as_str()) else {
                    self.text.push_str(rest);
                    return;
                };
                self.text.push_str(&rest[..at]);
                rest = &rest[at + end.len()..];
                self.verbatim = None;
            } else if let Some((at, tag)) = verbatim_start(rest) {
                self.text.push_str(&readable(&rest[..at]));
                self.text.push_str(file_name(tag.attributes));
                rest = &rest[at + tag.length..];
                self.verbatim = Some(tag.end);
            } else {
                let is_line = self.text.is_empty() || self.text.ends_with('\n');
                let is_code = is_line && is_indented_code(rest);
                let text = if is_code { rest.into() } else { readable(rest) };
                self.text.push_str(&text);
                return;
            }
        }
    }

    /// `{{tag>one two}}`
    fn find_tags(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once("{{tag>") else { return };
        let Some((tags, _)) = rest.split_once("}}") else { return };
        let room = 64_usize.saturating_sub(self.tags.len());
        self.tags.extend(tags.split_whitespace().take(room).map(|tag| clipped(tag, 80).to_owned()));
    }
}

struct Verbatim<'a> {
    attributes: &'a str,
    length: usize,
    end: String,
}

/// The next element whose content is not markup.
fn verbatim_start(line: &str) -> Option<(usize, Verbatim<'_>)> {
    let mut from = 0;
    while let Some(open) = line[from..].find(['<', '%']) {
        let at = from + open;
        let rest = &line[at..];
        if let Some(after) = rest.strip_prefix("%%") {
            let end = "%%".to_owned();
            if after.contains("%%") {
                return Some((at, Verbatim { attributes: "", length: 2, end }));
            }
            from = at + 2;
            continue;
        }
        let name = VERBATIM.iter().find(|name| {
            let after = rest[1..].strip_prefix(**name);
            rest.starts_with('<') && after.is_some_and(|after| after.starts_with([' ', '>']))
        });
        if let (Some(name), Some(close)) = (name, clipped(rest, 200).find('>')) {
            let attributes = &rest[1 + name.len()..close];
            let end = format!("</{name}>");
            return Some((at, Verbatim { attributes, length: close + 1, end }));
        }
        from = at + 1;
    }
    None
}

/// The name of the file that a piece of code is offered as: `<code php example.php>`.
fn file_name(attributes: &str) -> &str {
    attributes.split_whitespace().nth(1).filter(|name| name.contains('.')).unwrap_or_default()
}

/// Two spaces make code, unless a mark of a list follows.
fn is_indented_code(line: &str) -> bool {
    let inner = line.trim_start();
    (line.starts_with("  ") || line.starts_with('\t')) && !inner.starts_with(['*', '-'])
}

/// `===== Title =====`; the more signs, the higher.
fn heading(line: &str) -> Option<(u8, &str)> {
    let line = line.trim();
    let inner = line.trim_matches('=');
    let before = line.len() - line.trim_start_matches('=').len();
    let after = line.len() - line.trim_end_matches('=').len();
    let level = u8::try_from(before.min(6)).ok()?;
    let is_heading = before >= 2 && after >= 2 && !inner.trim().is_empty();
    is_heading.then(|| (7 - level, inner.trim()))
}

/// A name of a file or directory as the name of a page.
fn name(name: &str) -> String {
    without_percents(name).replace('_', " ")
}
