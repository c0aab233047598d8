//! Wikitext to HTML: templates, links and tags are resolved first, then lines are read.
//!
//! Each byte is looked at once, and open brackets are nested to a fixed depth: linear in time
//! whatever is left open.

use super::lines;
use super::site::Site;
use super::{tags, template};

/// MediaWiki's own limit for templates within templates.
const MAX_DEPTH: usize = 40;

/// Begins and ends the number of a piece of HTML that is put in at the end.
pub(super) const STRIP_START: char = '\u{1}';
pub(super) const STRIP_END: char = '\u{2}';

/// What becomes of a page.
#[derive(Debug, Default)]
pub(super) struct Converted {
    pub html: String,
    pub categories: Vec<String>,
}

/// Converts the wikitext of a page.
pub(super) fn convert(text: &str, title: &str, site: &Site) -> Converted {
    let is_kept = |char: &char| !char.is_control() || matches!(char, '\n' | '\t');
    let text: String = text.chars().filter(is_kept).collect();
    let mut expander = Expander::new(title, site);
    expander.run(&text);
    expander.close_all();
    expander.flush_notes();
    let html = restored(&lines::to_html(&expander.out), &expander.strips);
    Converted { html, categories: expander.categories }
}

/// Puts the pieces in that were set aside.
fn restored(html: &str, strips: &[String]) -> String {
    let mut whole = String::with_capacity(html.len());
    for (nth, part) in html.split(STRIP_START).enumerate() {
        let number = part.split_once(STRIP_END).filter(|_| nth > 0);
        let strip = number.and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest)));
        match strip.and_then(|(number, rest)| Some((strips.get(number)?, rest))) {
            Some((strip, rest)) => {
                whole.push_str(strip);
                whole.push_str(rest);
            }
            None => whole.push_str(part),
        }
    }
    whole
}

/// A bracket that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Template,
    Parameter,
    Link,
    External,
    Note,
}

/// An open bracket, where its content begins in the text, and where that is divided by `|`.
#[derive(Debug)]
struct Frame {
    bracket: Bracket,
    start: usize,
    splits: Vec<usize>,
    layout: template::Layout,
}

/// Resolves what is nested.
pub(super) struct Expander<'a> {
    pub title: &'a str,
    pub site: &'a Site,
    pub out: String,
    pub categories: Vec<String>,
    pub strips: Vec<String>,
    pub notes: Vec<String>,
    /// Tags that are not closed in the rest of the text.
    pub unclosed: Vec<&'static str>,
    frames: Vec<Frame>,
}

impl<'a> Expander<'a> {
    fn new(title: &'a str, site: &'a Site) -> Self {
        Self {
            title,
            site,
            out: String::new(),
            categories: Vec::new(),
            strips: Vec::new(),
            notes: Vec::new(),
            unclosed: Vec::new(),
            frames: Vec::new(),
        }
    }

    fn run(&mut self, text: &str) {
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let plain = rest.find(['{', '}', '[', ']', '|', '<', '\'', '_', '\n']);
            let (plain, special) = rest.split_at(plain.unwrap_or(rest.len()));
            self.out.push_str(plain);
            at += plain.len();
            at += match special.as_bytes().first() {
                None => 0,
                Some(b'{') => self.open_brace(special),
                Some(b'}') => self.close_brace(special),
                Some(b'[') => self.open_square(special),
                Some(b']') => self.close_square(special),
                Some(b'|') => self.divide(),
                Some(b'<') => tags::read(self, special),
                Some(b'\'') => self.emphasis(special),
                Some(b'_') => self.magic_word(special),
                _ => self.end_line(),
            };
        }
    }

    /// Writes a character that has no meaning here.
    fn literal(&mut self, text: &str) -> usize {
        self.out.push_str(text);
        text.len()
    }

    pub(super) fn is_at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    fn open_brace(&mut self, rest: &str) -> usize {
        if rest.starts_with("{{{") && !rest.starts_with("{{{{") {
            self.open(Bracket::Parameter);
            3
        } else if rest.starts_with("{{") {
            self.open(Bracket::Template);
            2
        } else if rest.starts_with("{|") {
            self.literal("{|")
        } else {
            self.literal("{")
        }
    }

    fn close_brace(&mut self, rest: &str) -> usize {
        let top = self.frames.last().map(|frame| frame.bracket);
        if rest.starts_with("}}}") && top == Some(Bracket::Parameter) {
            self.close(Bracket::Parameter);
            3
        } else if rest.starts_with("}}") && self.close(Bracket::Template) {
            2
        } else {
            self.literal("}")
        }
    }

    fn open_square(&mut self, rest: &str) -> usize {
        if rest.starts_with("[[") {
            self.open(Bracket::Link);
            return 2;
        }
        let schemes = ["http://", "https://", "ftp://", "mailto:", "//", "file:"];
        if schemes.iter().any(|scheme| rest[1..].starts_with(scheme)) {
            let url = rest[1..].find(|char: char| char.is_whitespace() || "[]<".contains(char));
            let end = 1 + url.unwrap_or(rest.len() - 1);
            if rest[end..].starts_with(' ') {
                self.open(Bracket::External);
                return end + 1;
            }
            if rest[end..].starts_with(']') {
                self.literal(&rest[1..end]);
                return end + 1;
            }
        }
        self.literal("[")
    }

    fn close_square(&mut self, rest: &str) -> usize {
        let top = self.frames.last().map(|frame| frame.bracket);
        if top == Some(Bracket::External) {
            self.close(Bracket::External);
            1
        } else if rest.starts_with("]]") && self.close(Bracket::Link) {
            2
        } else {
            self.literal("]")
        }
    }

    fn divide(&mut self) -> usize {
        let at = self.out.len();
        match self.frames.last_mut() {
            Some(frame) if !matches!(frame.bracket, Bracket::External | Bracket::Note) => {
                frame.splits.push(at);
                1
            }
            _ => self.literal("|"),
        }
    }

    fn end_line(&mut self) -> usize {
        let top = self.frames.last().map(|frame| frame.bracket);
        if top == Some(Bracket::External) {
            self.collapse();
        }
        self.literal("\n")
    }

    fn emphasis(&mut self, rest: &str) -> usize {
        let run = rest.len() - rest.trim_start_matches('\'').len();
        let kept = match run {
            1 => 1,
            2 | 3 | 5 => 0,
            4 => 1,
            _ => run - 5,
        };
        self.out.push_str(&rest[..kept]);
        run
    }

    /// `__NOTOC__` and the like, in any language.
    fn magic_word(&mut self, rest: &str) -> usize {
        let run = rest.len() - rest.trim_start_matches('_').len();
        if run == 2 {
            let word = rest[2..].chars().take(30);
            let word: String = word.take_while(|char| char.is_alphabetic()).collect();
            let is_magic = word.chars().count() >= 3 && !word.chars().any(char::is_lowercase);
            if is_magic && rest[2 + word.len()..].starts_with("__") {
                return word.len() + 4;
            }
        }
        self.literal(&rest[..run])
    }

    pub(super) fn open(&mut self, bracket: Bracket) {
        // Deeper ones are dropped: their content is text of what is around them.
        if self.frames.len() < MAX_DEPTH {
            let layout = match self.is_at_line_start() {
                true => template::Layout::Block,
                false => template::Layout::Inline,
            };
            let start = self.out.len();
            self.frames.push(Frame { bracket, start, splits: Vec::new(), layout });
        }
    }

    /// Closes the innermost bracket of a kind; what is open inside it becomes text. False when
    /// there is none.
    pub(super) fn close(&mut self, bracket: Bracket) -> bool {
        if !self.frames.iter().any(|frame| frame.bracket == bracket) {
            return false;
        }
        while self.frames.last().is_some_and(|frame| frame.bracket != bracket) {
            self.collapse();
        }
        let Some(frame) = self.frames.pop() else { return false };
        let content = self.out.split_off(frame.start);
        let splits = frame.splits.iter().map(|split| split - frame.start);
        let mut parts = Vec::with_capacity(frame.splits.len() + 1);
        let mut start = 0;
        for split in splits {
            parts.push(&content[start..split]);
            start = split;
        }
        parts.push(&content[start..]);
        match bracket {
            Bracket::Template => template::write(self, &parts, frame.layout),
            Bracket::Parameter => self.out.push_str(parts.get(1).copied().unwrap_or("")),
            Bracket::Link => super::brackets::write_link(self, &parts),
            Bracket::External => self.out.push_str(content.trim()),
            Bracket::Note => self.note(&content),
        }
        true
    }

    pub(super) fn note(&mut self, content: &str) {
        let content = content.split_whitespace().collect::<Vec<_>>().join(" ");
        if !content.is_empty() {
            self.notes.push(content);
        }
    }

    /// Writes the notes that came so far, as a list.
    pub(super) fn flush_notes(&mut self) {
        for note in std::mem::take(&mut self.notes) {
            self.out.push_str("\n* ");
            self.out.push_str(&note);
        }
        self.out.push('\n');
    }

    /// Sets HTML aside, which no rule of wikitext may touch.
    pub(super) fn strip(&mut self, html: String) {
        self.out.push(STRIP_START);
        self.out.push_str(&self.strips.len().to_string());
        self.out.push(STRIP_END);
        self.strips.push(html);
    }

    /// The innermost bracket is never closed: it and what is in it are text.
    fn collapse(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let content = self.out.split_off(frame.start);
        self.out.push_str(match frame.bracket {
            Bracket::Template => "{{",
            Bracket::Parameter => "{{{",
            Bracket::Link => "[[",
            Bracket::External | Bracket::Note => "",
        });
        let mut start = 0;
        for split in frame.splits {
            let split = split - frame.start;
            self.out.push_str(&content[start..split]);
            self.out.push('|');
            start = split;
        }
        self.out.push_str(&content[start..]);
    }

    fn close_all(&mut self) {
        while !self.frames.is_empty() {
            self.collapse();
        }
    }
}
