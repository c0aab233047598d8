//! What wikis write in Markdown: links to pages, tags, comments, names of blocks and callouts.
//!
//! Each line stays one line, so that line numbers hold; code and HTML are not touched.

use std::borrow::Cow;
use std::ops::Range;

use super::super::headed::Heading;
use super::super::outline::one_line;

const MAX_LINK_BYTES: usize = 300;
/// What comes after so many stays as it is.
const MAX_EDITS: usize = 200_000;

const MAX_TAG_BYTES: usize = 80;
const MAX_TAGS: usize = 64;

/// Words after a `#` that belong to C, C#, PowerShell and the like.
const DIRECTIVES: [&str; 20] = [
    "define",
    "elif",
    "else",
    "elseif",
    "endif",
    "endregion",
    "error",
    "if",
    "ifdef",
    "ifndef",
    "import",
    "include",
    "line",
    "nullable",
    "pragma",
    "region",
    "requires",
    "undef",
    "using",
    "warning",
];

/// What was found in a text.
#[derive(Debug, Default)]
pub(super) struct Wiki {
    /// Without `#`, in order, some more than once.
    pub tags: Vec<String>,
    /// What stands instead of which part, in order.
    edits: Vec<(Range<usize>, String)>,
    comments: Vec<Range<usize>>,
}

impl Wiki {
    /// Looks through a text from `start` on, except for the ranges that are no markup.
    pub(super) fn of(text: &str, start: usize, opaque: &[Range<usize>]) -> Self {
        let mut scanner = Scanner::new(text, start);
        let mut opaque = opaque.iter().peekable();
        while scanner.at < text.len() {
            while opaque.next_if(|range| range.end <= scanner.at).is_some() {}
            match opaque.peek() {
                Some(range) if range.start <= scanner.at => scanner.pass(range.end),
                _ => scanner.step(),
            }
        }
        scanner.close_line(text.len());
        scanner.wiki
    }

    /// Drops the headings that stand in comments.
    fn drop_commented(&self, headings: &mut Vec<Heading>) {
        let mut comments = self.comments.iter().peekable();
        headings.retain(|heading| {
            while comments.next_if(|comment| comment.end <= heading.lines.start).is_some() {}
            comments.peek().is_none_or(|comment| comment.start > heading.lines.start)
        });
    }

    /// The text as it is to be read; moves the headings, and drops those in comments.
    pub(super) fn rewrite<'a>(&self, text: &'a str, headings: &mut Vec<Heading>) -> Cow<'a, str> {
        if self.edits.is_empty() {
            return Cow::Borrowed(text);
        }
        self.drop_commented(headings);
        let mut rewritten = String::with_capacity(text.len());
        let mut copied = 0;
        let mut edits = self.edits.iter().peekable();
        let is_in = |start: usize, end: usize| start < end || end == text.len();
        for heading in headings {
            let mut advance = |end: usize, rewritten: &mut String| {
                let mut is_changed = false;
                while let Some((range, instead)) =
                    edits.next_if(|(range, _)| is_in(range.start, end))
                {
                    rewritten.push_str(&text[copied..range.start]);
                    rewritten.push_str(instead);
                    copied = range.end;
                    is_changed = true;
                }
                rewritten.push_str(&text[copied.min(end)..end]);
                copied = copied.max(end);
                is_changed
            };
            advance(heading.lines.start, &mut rewritten);
            let start = rewritten.len();
            if advance(heading.lines.end, &mut rewritten) {
                heading.title = readable_line(&heading.title);
            }
            heading.lines = start..rewritten.len();
        }
        for (range, instead) in edits {
            rewritten.push_str(&text[copied..range.start]);
            rewritten.push_str(instead);
            copied = range.end;
        }
        rewritten.push_str(&text[copied..]);
        Cow::Owned(rewritten)
    }
}

/// The title that a wiki shows for the page in a file of this name: `Getting-Started`.
pub(super) fn page_title(stem: &str) -> Option<String> {
    let words: Vec<&str> = stem.split('-').collect();
    let is_name = words.len() > 1
        && stem.starts_with(char::is_uppercase)
        && words.iter().all(|word| !word.is_empty() && word.chars().all(char::is_alphanumeric));
    is_name.then(|| words.join(" "))
}

fn readable_line(line: &str) -> String {
    let readable = Wiki::of(line, 0, &[]);
    one_line(&readable.rewrite(line, &mut Vec::new()))
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The line that is looked at, without its line feed.
    line: Range<usize>,
    /// No line below ends a comment.
    is_comment_endless: bool,
    wiki: Wiki,
    /// The pages behind the links of this line that show another text.
    asides: Vec<String>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, start: usize) -> Self {
        let (wiki, asides) = (Wiki::default(), Vec::new());
        let mut scanner =
            Self { text, at: start, line: start..start, is_comment_endless: false, wiki, asides };
        scanner.enter_line(start);
        scanner
    }

    fn enter_line(&mut self, start: usize) {
        let end = self.text[start..].find('\n').map_or(self.text.len(), |feed| start + feed);
        self.line = start..end;
    }

    fn step(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let is_full = self.wiki.edits.len() >= MAX_EDITS;
        let found = match rest {
            [b'[' | b'%' | b'^', ..] if is_full => None,
            [b'[', b'[', ..] => self.link(),
            [b'[', b'!', ..] => self.callout(),
            [b'%', b'%', ..] => self.comment(),
            [b'#', ..] => self.tag(),
            [b'^', ..] => self.block_name(),
            [b'\n', ..] => {
                self.close_line(self.at);
                self.enter_line(self.at + 1);
                None
            }
            _ => None,
        };
        self.at = found.unwrap_or(self.at + 1);
    }

    /// Passes over what is no markup.
    fn pass(&mut self, end: usize) {
        if self.line.end < end {
            self.close_line(self.line.end);
            let start = self.text[..end].rfind('\n').map_or(0, |feed| feed + 1);
            self.enter_line(start);
        }
        self.at = end;
    }

    /// Names the pages that the line leads to at its end, where they do not part its words.
    fn close_line(&mut self, end: usize) {
        if !self.asides.is_empty() {
            let pages = self.asides.join("; ");
            self.asides.clear();
            self.wiki.edits.push((end..end, format!(" ({pages})")));
        }
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// `[[Page#Heading|text]]`, also `![[embedded]]`.
    fn link(&mut self) -> Option<usize> {
        let content = &self.text[self.at + 2..];
        let length =
            content.bytes().take(MAX_LINK_BYTES).position(|byte| b"]\n[".contains(&byte))?;
        let (content, after) = content.split_at(length);
        let is_embedded = self.text[..self.at].ends_with('!');
        let before = self.text[..self.at - usize::from(is_embedded)].chars().next_back();
        let is_in_code =
            before.is_some_and(|it| it.is_ascii_alphanumeric() || "\\_)]$[".contains(it));
        let is_link = after.starts_with("]]") && !after[2..].starts_with(['(', ']', '[']);
        if is_in_code || !is_link || !looks_like_page(content) {
            return None;
        }
        let (target, shown) = match content.split_once('|') {
            Some((target, shown)) => (target.trim_end_matches('\\'), shown.trim()),
            None => (content, ""),
        };
        // What follows a picture's name says how it is shown.
        let is_picture = is_embedded && target.contains('.') && !target.contains(".md");
        let page = page_of(if is_picture { clipped_at(target, '#') } else { target });
        let is_size = |text: &str| text.chars().all(|it| it.is_ascii_digit() || it == 'x');
        let instead = if shown.is_empty() || is_size(shown) { &page } else { shown };
        let is_shown = instead.to_lowercase().contains(&page.to_lowercase());
        if !is_shown && !self.asides.contains(&page) {
            self.asides.push(page.clone());
        }
        let end = self.at + 2 + length + 2;
        let start = self.at - usize::from(is_embedded);
        self.wiki.edits.push((start..end, instead.to_owned()));
        Some(end)
    }

    /// `> [!note]- Title` becomes `> note: Title`; one without a title is plain enough.
    fn callout(&mut self) -> Option<usize> {
        let prefix = &self.text[self.line.start..self.at];
        let is_first = prefix.starts_with('>') && prefix.bytes().all(|byte| b"> ".contains(&byte));
        if !is_first {
            return None;
        }
        let rest = &self.text[self.at + 2..self.line.end];
        let (kind, title) = rest.split_once(']')?;
        let is_name = |char: char| char.is_alphanumeric() || "-_ |".contains(char);
        let title = title.strip_prefix(['+', '-']).unwrap_or(title);
        if kind.is_empty() || !kind.chars().all(is_name) || title.trim().is_empty() {
            return None;
        }
        let end = self.at + 2 + rest.len() - title.len();
        self.wiki.edits.push((self.at..end, format!("{kind}:")));
        Some(end)
    }

    /// `%%…%%` in a line, or from a line that begins with `%%` to one that ends with it.
    fn comment(&mut self) -> Option<usize> {
        let inside = self.at + 2;
        let before = self.before();
        if before.is_some_and(|char| char.is_ascii_alphanumeric()) {
            return None;
        }
        let is_word_before = before.is_some_and(|char| !char.is_whitespace());
        let line = &self.text[inside..self.line.end];
        let is_end = |at: usize| {
            let after = self.text[at + 2..].chars().next();
            after.is_none_or(|char| !char.is_ascii_alphanumeric() && char != '%')
        };
        let end = match line.find("%%").map(|at| inside + at) {
            Some(at) if is_end(at) && (at > inside || !is_word_before) => at + 2,
            None if !is_word_before && self.is_line_start() => self.end_of_comment()?,
            _ => return None,
        };
        let feeds = self.text[self.at..end].matches('\n').count();
        if feeds > 0 {
            self.close_line(self.at);
            let start = self.text[..end].rfind('\n').map_or(0, |feed| feed + 1);
            self.enter_line(start);
        }
        self.wiki.edits.push((self.at..end, "\n".repeat(feeds)));
        self.wiki.comments.push(self.at..end);
        Some(end)
    }

    fn is_line_start(&self) -> bool {
        self.text[self.line.start..self.at].trim().is_empty()
    }

    fn end_of_comment(&mut self) -> Option<usize> {
        if self.is_comment_endless {
            return None;
        }
        let below = &self.text[self.line.end..];
        let found = below.find("%%\n").map(|at| self.line.end + at + 2);
        let found = found.or_else(|| below.ends_with("%%").then_some(self.text.len()));
        self.is_comment_endless = found.is_none();
        found
    }

    fn tag(&mut self) -> Option<usize> {
        let is_in_word = self.before().is_some_and(|char| !char.is_whitespace());
        let rest = &self.text[self.at + 1..];
        let is_part = |char: char| {
            char.is_alphanumeric() || "_-/".contains(char) || (!char.is_ascii() && is_symbol(char))
        };
        let length = rest.find(|char: char| !is_part(char)).unwrap_or(rest.len());
        let tag = rest[..length].trim_end_matches(['/', '-']);
        let is_color =
            matches!(tag.len(), 3 | 4 | 6 | 8) && tag.bytes().all(|it| it.is_ascii_hexdigit());
        let is_word = tag.chars().any(char::is_alphabetic)
            && !rest[length..].starts_with(['(', ';', '{', '.', '#']);
        let is_tag = !is_in_word
            && is_word
            && !is_color
            && tag.len() <= MAX_TAG_BYTES
            && !DIRECTIVES.contains(&tag)
            && !self.text[..self.at].ends_with("]: ")
            && self.wiki.tags.len() < MAX_TAGS;
        if is_tag {
            self.wiki.tags.push(tag.to_owned());
        }
        Some(self.at + 1 + length)
    }

    /// `^a1b2c3` at the end of a line.
    fn block_name(&mut self) -> Option<usize> {
        let rest = &self.text[self.at + 1..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let length = rest.bytes().take_while(is_part).count();
        let name = &rest[..length];
        let is_last = rest[length..].is_empty() || rest[length..].starts_with('\n');
        let is_name = length >= 4 && name.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !is_last || !is_name {
            return None;
        }
        let before = self.text[self.line.start..self.at].trim_end_matches([' ', '\t']);
        let blank = self.line.start + before.len();
        if blank == self.at && !before.is_empty() {
            return None;
        }
        // A link just before is edited already.
        let start = self.wiki.edits.last().map_or(blank, |(range, _)| blank.max(range.end));
        self.wiki.edits.push((start..self.at + 1 + length, String::new()));
        Some(self.at + 1 + length)
    }
}

/// Emoji are letters of tags.
fn is_symbol(char: char) -> bool {
    ('\u{1f000}'..'\u{20000}').contains(&char)
}

/// Not a test of a shell, a character class or a matrix.
fn looks_like_page(content: &str) -> bool {
    let is_date = content.len() >= 8 && content.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let has_name = content.chars().any(char::is_alphabetic) || is_date;
    !content.starts_with([' ', ':', '"', '\'', '$', '!', '|', '-']) && has_name
}

fn clipped_at(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or(text)
}

/// `Page#Heading` as Obsidian shows it; the names of blocks are no words.
fn page_of(target: &str) -> String {
    let parts = target.split('#').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty() && !part.starts_with('^'));
    let path = parts.collect::<Vec<_>>().join(" > ");
    let path = path.strip_suffix(".md").unwrap_or(&path);
    path.to_owned()
}
