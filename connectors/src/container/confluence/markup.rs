//! The wiki markup of Confluence before version 4 to HTML.

use super::storage::escaped;

/// Macros whose content is shown as it is.
const VERBATIM: [&str; 2] = ["code", "noformat"];

/// Converts a body.
pub(super) fn to_html(markup: &str) -> String {
    let markup = markup.replace("\r\n", "\n").replace('\r', "\n");
    let mut html = Html::default();
    let mut rest = markup.as_str();
    while let Some((before, name, start)) = next_verbatim(rest) {
        html.lines(before);
        let end_tag = format!("{{{name}}}");
        let (content, after) = match start.split_once(&end_tag) {
            Some((content, after)) => (content, after),
            None => (start, ""),
        };
        html.text.push_str(&format!("<pre>{}</pre>\n", escaped(content.trim_matches('\n'))));
        rest = after;
    }
    html.lines(rest);
    html.end_block();
    html.text
}

/// What stands before the next macro of code, its name, and what follows its tag.
fn next_verbatim(text: &str) -> Option<(&str, &'static str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find('{') {
        let start = from + at;
        let after = &text[start + 1..];
        for name in VERBATIM {
            let tag = after.strip_prefix(name).filter(|it| it.starts_with(['}', ':']));
            let head = tag.map(|tag| &tag[..tag.floor_char_boundary(300)]);
            if let (Some(tag), Some(end)) = (tag, head.and_then(|head| head.find('}'))) {
                return Some((&text[..start], name, &tag[end + 1..]));
            }
        }
        from = start + 1;
    }
    None
}

#[derive(Default)]
struct Html {
    text: String,
    is_in_list: bool,
    is_in_table: bool,
}

impl Html {
    fn lines(&mut self, text: &str) {
        text.split('\n').for_each(|line| self.line(line.trim()));
    }

    fn line(&mut self, line: &str) {
        let marks = line.len() - line.trim_start_matches(['*', '#', '-']).len();
        let is_item = (1..10).contains(&marks) && line[marks..].starts_with(' ');
        if !is_item && self.is_in_list || !line.starts_with('|') && self.is_in_table {
            self.end_block();
        }
        if is_item {
            self.text.push_str(if self.is_in_list { "<li>" } else { "<ul><li>" });
            self.is_in_list = true;
            self.inline(&line[marks..]);
        } else if let Some((level, title)) = heading(line) {
            self.text.push_str(&format!("<h{level}>"));
            self.inline(title);
            self.text.push_str(&format!("</h{level}>"));
        } else if line.starts_with('|') {
            self.row(line);
        } else if line.is_empty() {
            self.text.push_str("<p>");
        } else if line.bytes().all(|byte| byte == b'-') && line.len() > 3 {
            self.text.push_str("<hr>");
        } else {
            self.inline(line.strip_prefix("bq. ").unwrap_or(line));
            self.text.push_str("<br>");
        }
        self.text.push('\n');
    }

    fn end_block(&mut self) {
        if std::mem::take(&mut self.is_in_list) {
            self.text.push_str("</ul>\n");
        }
        if std::mem::take(&mut self.is_in_table) {
            self.text.push_str("</table>\n");
        }
    }

    /// `||header||header||` or `|cell|cell|`; links were read before, they hold bars as well.
    fn row(&mut self, line: &str) {
        if !self.is_in_table {
            self.text.push_str("<table>");
            self.is_in_table = true;
        }
        let mut cells = Self::default();
        cells.inline(line);
        let mut rest = cells.text.as_str();
        self.text.push_str("<tr>");
        while let Some(after) = rest.strip_prefix('|') {
            let (tag, cell) = match after.strip_prefix('|') {
                Some(cell) => ("<th>", cell),
                None => ("<td>", after),
            };
            let end = cell.find('|').unwrap_or(cell.len());
            if end < cell.len() || !cell.trim().is_empty() {
                self.text.push_str(tag);
                self.text.push_str(cell[..end].trim());
            }
            rest = &cell[end..];
        }
    }

    /// Text with links, macros and emphasis.
    fn inline(&mut self, text: &str) {
        let mut rest = text;
        let mut last = ' ';
        let mut unclosed = String::new();
        while let Some(char) = rest.chars().next() {
            let after = &rest[char.len_utf8()..];
            let next = after.chars().next().unwrap_or(' ');
            rest = match char {
                '\\' if next == '\\' => {
                    self.text.push_str("<br>");
                    &after[1..]
                }
                '\\' if next.is_ascii_punctuation() => {
                    self.text.push_str(&escaped(&next.to_string()));
                    &after[1..]
                }
                '{' if next == '{' => &after[1..],
                '}' if next == '}' => &after[1..],
                '[' | '{' | '!' => self.bracket(char, after, &mut unclosed),
                '*' | '_' if is_emphasis(last, next) => after,
                _ => self.literal(char, after),
            };
            last = char;
        }
    }

    fn literal<'t>(&mut self, char: char, after: &'t str) -> &'t str {
        match char {
            '<' => self.text.push_str("&lt;"),
            _ => self.text.push(char),
        }
        after
    }

    /// What follows a link, a macro's tag or a picture; `unclosed` are those without an end in the
    /// rest of the line, which are not looked for again.
    fn bracket<'t>(&mut self, open: char, after: &'t str, unclosed: &mut String) -> &'t str {
        if unclosed.contains(open) {
            return self.literal(open, after);
        }
        if open == '{' {
            let end = after[..after.floor_char_boundary(300)].find('}');
            let Some(end) = end.filter(|end| is_macro(&after[..*end])) else {
                return self.literal(open, after);
            };
            self.macro_title(&after[..end]);
            return &after[end + 1..];
        }
        let Some((inner, behind)) = after.split_once(if open == '[' { ']' } else { '!' }) else {
            unclosed.push(open);
            return self.literal(open, after);
        };
        if open == '[' {
            self.link(inner);
            behind
        } else if is_picture(inner) {
            behind
        } else {
            self.literal(open, after)
        }
    }

    /// `[text|target]`, `[Page]`, `[^file]`, `[~user]`, `[#anchor]`.
    fn link(&mut self, link: &str) {
        let shown = link.split('|').next().unwrap_or(link).trim();
        self.text.push_str(&escaped(shown.trim_start_matches(['^', '~', '#'])));
    }

    /// `{panel:title=Title|…}`
    fn macro_title(&mut self, tag: &str) {
        let title = tag.split([':', '|']).find_map(|part| part.trim().strip_prefix("title="));
        if let Some(title) = title {
            self.text.push_str(&format!("<p>{}</p>", escaped(title)));
        }
    }
}

fn heading(line: &str) -> Option<(char, &str)> {
    let level =
        line.strip_prefix('h')?.chars().next().filter(|level| ('1'..='6').contains(level))?;
    Some((level, line[2..].strip_prefix('.')?.trim()))
}

fn is_macro(tag: &str) -> bool {
    let name = tag.split(':').next().unwrap_or(tag);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_picture(name: &str) -> bool {
    name.len() < 300 && name.contains('.') && !name.starts_with(char::is_whitespace)
}

/// Marks at the edges of words; not those between spaces or within words.
fn is_emphasis(last: char, next: char) -> bool {
    let opens = !last.is_alphanumeric() && !next.is_whitespace();
    let closes = !last.is_whitespace() && !next.is_alphanumeric();
    opens || closes
}
