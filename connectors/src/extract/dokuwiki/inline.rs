//! The markup within a line of DokuWiki.

use std::borrow::Cow;

use super::super::outline::one_line;

const MAX_LINK_BYTES: usize = 1000;

/// Pairs of marks around words.
const MARKS: [&str; 4] = ["**", "//", "__", "''"];

/// Elements of which only the content is text.
const WRAPPERS: [&str; 13] = [
    "WRAP", "block", "callout", "col", "color", "del", "fs", "hidden", "note", "sub", "sup", "u",
    "wrap",
];

/// A line, or a part of one, without its markup.
pub(super) fn readable(line: &str) -> Cow<'_, str> {
    let has_markup = line.contains(|char: char| "*/_'[{(<~\\%".contains(char));
    if !has_markup {
        return Cow::Borrowed(line);
    }
    let mut line = Line {
        rest: line,
        before: ' ',
        out: String::with_capacity(line.len()),
        open: [false; 4],
        is_dead: [false; 4],
    };
    while !line.rest.is_empty() {
        line.step();
    }
    Cow::Owned(line.out)
}

struct Line<'a> {
    rest: &'a str,
    /// The character before the rest.
    before: char,
    out: String,
    open: [bool; 4],
    /// Marks that do not come again.
    is_dead: [bool; 4],
}

impl<'a> Line<'a> {
    fn step(&mut self) {
        let rest = self.rest;
        let taken = self
            .mark()
            .or_else(|| self.enclosed("[[", "]]", link))
            .or_else(|| self.enclosed("{{", "}}", media))
            .or_else(|| self.enclosed("%%", "%%", str::to_owned))
            .or_else(|| self.enclosed("<nowiki>", "</nowiki>", str::to_owned))
            .or_else(|| self.footnote())
            .or_else(|| self.element())
            .or_else(|| self.address())
            .or_else(|| self.other());
        let length = taken.unwrap_or_else(|| {
            let first = rest.chars().next().unwrap_or(' ');
            self.out.push(first);
            first.len_utf8()
        });
        self.before = rest[..length].chars().next_back().unwrap_or(' ');
        self.rest = &rest[length..];
    }

    fn mark(&mut self) -> Option<usize> {
        let index = MARKS.iter().position(|mark| self.rest.starts_with(mark))?;
        // A URL has no italics.
        if (MARKS[index] == "//" && self.before == ':') || self.is_dead[index] {
            self.out.push_str(MARKS[index]);
            return Some(2);
        }
        if !self.open[index] && !has_end(&self.rest[2..], MARKS[index]) {
            self.is_dead[index] = true;
            return None;
        }
        self.open[index] = !self.open[index];
        Some(2)
    }

    fn enclosed(&mut self, start: &str, end: &str, readable: fn(&str) -> String) -> Option<usize> {
        let inner = self.rest.strip_prefix(start)?;
        let inner = &inner[..inner.floor_char_boundary(MAX_LINK_BYTES)];
        let length = inner.find(end)?;
        self.out.push_str(&readable(&inner[..length]));
        Some(start.len() + length + end.len())
    }

    fn footnote(&mut self) -> Option<usize> {
        if self.rest.starts_with("((") {
            if !self.before.is_whitespace() {
                self.out.push(' ');
            }
            self.out.push('(');
        } else if self.rest.starts_with("))") {
            self.out.push(')');
        } else {
            return None;
        }
        Some(2)
    }

    fn element(&mut self) -> Option<usize> {
        let inner = self.rest.strip_prefix('<')?;
        let inner = &inner[..inner.floor_char_boundary(200)];
        let length = inner.find('>')?;
        let name = inner[..length].trim_start_matches('/');
        let name = name.split([' ', ':']).next().unwrap_or(name);
        WRAPPERS.contains(&name).then_some(length + 2)
    }

    /// What follows `http:` is no markup.
    fn address(&mut self) -> Option<usize> {
        let is_end = |char: char| char.is_whitespace() || "|<>()[]{}\\^".contains(char);
        let inner = self.rest.strip_prefix("://")?;
        let length = 3 + inner.find(is_end).unwrap_or(inner.len());
        let address = &self.rest[..length];
        let address = address.strip_suffix("//").filter(|it| it.len() > 3).unwrap_or(address);
        self.out.push_str(address);
        Some(address.len())
    }

    /// `\\` breaks a line, `~~NOTOC~~` says nothing.
    fn other(&mut self) -> Option<usize> {
        if let Some(after) = self.rest.strip_prefix("\\\\") {
            let is_break = after.is_empty() || after.starts_with([' ', '\t']);
            return is_break.then_some(2);
        }
        let inner = self.rest.strip_prefix("~~")?;
        let inner = &inner[..inner.floor_char_boundary(200)];
        let length = inner.find("~~")?;
        let is_macro = inner.starts_with(|char: char| char.is_ascii_uppercase());
        is_macro.then_some(length + 4)
    }
}

fn has_end(rest: &str, mark: &str) -> bool {
    let mut from = 0;
    while let Some(at) = rest[from..].find(mark) {
        if mark != "//" || !rest[..from + at].ends_with(':') {
            return true;
        }
        from += at + mark.len();
    }
    false
}

/// `page|text`: the text; a page without one by its own name.
fn link(inner: &str) -> String {
    let (target, text) = inner.split_once('|').unwrap_or((inner, ""));
    let (target, text) = (target.trim(), text.trim());
    let is_address = target.contains("://") || target.contains('@') || target.starts_with("\\\\");
    let page = if is_address { target.to_owned() } else { page(target) };
    if text.is_empty() {
        return page;
    }
    let text =
        if text.starts_with("{{") { media(text.trim_matches(['{', '}'])) } else { text.to_owned() };
    if is_address && !text.contains(target) { format!("{text} ({target})") } else { text }
}

/// `wiki>ns:page_name#section` in words.
fn page(target: &str) -> String {
    let target = target
        .split_once('>')
        .map_or(target, |(wiki, page)| if page.is_empty() { wiki } else { page });
    let (path, section) = target.split_once('#').unwrap_or((target, ""));
    let name = path.trim_end_matches(':').rsplit([':', '/']).next().unwrap_or(path);
    let words = format!("{} {}", name.split('?').next().unwrap_or(name), section);
    one_line(&words.replace('_', " "))
}

/// `ns:picture.png?200|caption`: the caption, else the name of the file.
fn media(inner: &str) -> String {
    let (target, caption) = inner.split_once('|').unwrap_or((inner, ""));
    let (target, caption) = (target.trim(), caption.trim());
    if let Some(tags) = target.strip_prefix("tag>") {
        return one_line(tags);
    }
    if !caption.is_empty() {
        return caption.to_owned();
    }
    page(target.trim_start_matches(':'))
}

/// `%ED%95%9C` as the letter it stands for.
pub(in crate::extract) fn without_percents(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
