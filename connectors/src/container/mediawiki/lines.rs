//! Lines of wikitext to HTML: headings, lists, tables, paragraphs.

use super::tags::spans;

/// Tables within tables are read as such down to this depth.
const MAX_TABLES: usize = 20;

/// Converts text in which templates, links and tags are resolved.
pub(super) fn to_html(text: &str) -> String {
    let mut html = Html::default();
    html.text.reserve(text.len() + text.len() / 4);
    text.split('\n').for_each(|line| html.line(line.trim_end()));
    html.text
}

#[derive(Default)]
struct Html {
    text: String,
    tables: usize,
    is_in_list: bool,
}

impl Html {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim_start();
        let marks = trimmed.len() - trimmed.trim_start_matches(['*', '#', ':', ';']).len();
        let (marks, item) = trimmed.split_at(if line.len() == trimmed.len() { marks } else { 0 });
        let is_item = !marks.is_empty() && !item.trim_start().starts_with("{|");
        if self.is_in_list && !is_item {
            self.text.push_str("</ul>\n");
            self.is_in_list = false;
        }
        if is_item {
            self.item(marks, item);
        } else if item.trim_start().starts_with("{|") {
            self.open_table();
        } else if self.tables > 0 && (trimmed.starts_with('|') || trimmed.starts_with('!')) {
            self.table_line(trimmed);
        } else if let Some((level, title)) = heading(line) {
            self.text.push_str(&format!("<h{level}>{title}</h{level}>\n"));
        } else if line.is_empty() {
            self.text.push_str("<p>\n");
        } else if line.starts_with("----") {
            self.text.push_str("<hr>");
            self.text.push_str(line.trim_start_matches('-'));
        } else if line.starts_with(' ') && self.tables == 0 {
            self.text.push_str(trimmed);
            self.text.push_str("<br>\n");
        } else {
            self.text.push_str(trimmed);
            self.text.push('\n');
        }
    }

    fn item(&mut self, marks: &str, item: &str) {
        if !self.is_in_list {
            self.text.push_str("<ul>\n");
            self.is_in_list = true;
        }
        let tag = match marks.as_bytes().last() {
            Some(b'*' | b'#') => "<li>",
            Some(b';') => "<dt>",
            _ => "<dd>",
        };
        self.text.push_str(tag);
        match item.split_once(" : ").filter(|_| tag == "<dt>") {
            Some((term, meaning)) => {
                self.text.push_str(&format!("{}: {}", term.trim(), meaning.trim()));
            }
            None => self.text.push_str(item.trim()),
        }
        self.text.push('\n');
    }

    fn open_table(&mut self) {
        if self.tables < MAX_TABLES {
            self.tables += 1;
            self.text.push_str("<table>\n");
        }
    }

    fn table_line(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("|}") {
            self.tables -= 1;
            self.text.push_str("</table>\n");
            self.text.push_str(rest);
        } else if line.starts_with("|-") {
            self.text.push_str("<tr>\n");
        } else if let Some(caption) = line.strip_prefix("|+") {
            // A row of one cell is a line of its own.
            self.text.push_str(&format!("<tr><td>{}<tr>\n", without_attributes(caption).1));
        } else if let Some(cells) = line.strip_prefix('!') {
            let cells = cells.split("!!").flat_map(|cell| cell.split("||"));
            cells.for_each(|cell| self.cell("th", cell));
        } else {
            line[1..].split("||").for_each(|cell| self.cell("td", cell));
        }
    }

    fn cell(&mut self, tag: &str, cell: &str) {
        let (attributes, content) = without_attributes(cell);
        self.text.push_str(&format!("<{tag}{}>{}\n", spans(attributes), content.trim()));
    }
}

/// `style="…" | content` divided.
fn without_attributes(cell: &str) -> (&str, &str) {
    let divided = cell.split_once('|');
    divided
        .filter(|(before, _)| before.contains('=') || before.trim().is_empty())
        .unwrap_or(("", cell))
}

/// `== Title ==`
fn heading(line: &str) -> Option<(usize, &str)> {
    let start = line.len() - line.trim_start_matches('=').len();
    let end = line.len() - line.trim_end_matches('=').len();
    let level = start.min(end).min(6);
    let title = line.get(level..line.len().checked_sub(level)?)?;
    (level > 0 && !title.trim().is_empty() && start < line.len()).then(|| (level, title.trim()))
}
