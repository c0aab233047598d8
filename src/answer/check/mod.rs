//! An answer checked as it streams: citations name what was given, addresses what was read.
//!
//! Whatever the model writes, a bracketed number in what leaves here outside of code is a citation
//! of a passage that the model was given.

mod address;
mod marker;

use std::collections::BTreeSet;

pub use address::Addresses;

use super::invisible::is_invisible;

/// A marker is no longer than this, in bytes.
const MAX_MARKER: usize = 96;

/// Lets pieces of text through as soon as they are decided.
#[derive(Debug)]
pub struct Checker {
    /// Passages are numbered from 1 to this.
    given: u32,
    addresses: Addresses,
    pending: String,
    code: Code,
    /// Brackets around markers that were opened and are not shown.
    nested: usize,
    /// The space before a marker that was taken out.
    held: bool,
    before: Option<char>,
    cited: BTreeSet<u32>,
    removed: u64,
    /// The model has ended: nothing follows that could decide.
    ended: bool,
}

/// Where the text is with regard to code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    None,
    /// Between so many backticks.
    Span(usize),
    /// Between lines of so many backticks.
    Block(usize),
}

/// What was found at the beginning of the undecided text.
enum Step {
    /// So many bytes become this text.
    Take(usize, String),
    /// So many bytes stay as they are.
    Keep(usize),
    /// What follows decides.
    Wait,
}

/// What follows the text of a link, with its length.
enum Target {
    /// More text decides.
    Unsure,
    /// No target.
    None,
    /// An address that was read.
    Known(usize),
    /// Another one.
    Unknown(usize),
}

impl Checker {
    /// A checker for an answer from passages numbered 1 to `given`, which may name `addresses`.
    pub fn new(given: u32, addresses: Addresses) -> Self {
        Self {
            given,
            addresses,
            pending: String::new(),
            code: Code::None,
            nested: 0,
            held: false,
            before: None,
            cited: BTreeSet::new(),
            removed: 0,
            ended: false,
        }
    }

    /// Takes the next piece of the model's text; returns what is decided by it.
    pub fn push(&mut self, piece: &str) -> String {
        self.pending.extend(piece.chars().filter(|c| !is_invisible(*c)));
        self.decide()
    }

    /// The rest, once the model has ended.
    pub fn finish(&mut self) -> String {
        self.ended = true;
        self.decide()
    }

    /// The passages that were cited so far.
    pub fn cited(&self) -> &BTreeSet<u32> {
        &self.cited
    }

    /// Citations of nothing, and addresses of nowhere, that were taken out.
    pub fn removed(&self) -> u64 {
        self.removed
    }

    fn decide(&mut self) -> String {
        let pending = std::mem::take(&mut self.pending);
        let mut decided = String::with_capacity(pending.len());
        let mut rest = pending.as_str();
        while !rest.is_empty() {
            let (length, text) = match self.step(rest) {
                Step::Take(length, text) => (length, text),
                Step::Keep(length) => (length, rest[..length].to_owned()),
                Step::Wait => break,
            };
            if let Some(first) = text.chars().next() {
                let is_needed = first == '[' || first.is_alphanumeric();
                if std::mem::take(&mut self.held) && is_needed {
                    decided.push(' ');
                }
                self.before = text.chars().next_back();
            }
            decided.push_str(&text);
            rest = &rest[length..];
        }
        self.pending = rest.to_owned();
        decided
    }

    fn step(&mut self, rest: &str) -> Step {
        let mut characters = rest.chars();
        let first = characters.next().expect("there is a rest");
        let next = characters.next();
        let unsure = next.is_none() && !self.ended;
        if first == '`' {
            return self.backticks(rest);
        }
        if let Some(step) = self.address(rest) {
            return step;
        }
        if self.code != Code::None {
            return self.inside_code(rest, first);
        }
        match first {
            // A picture would be fetched, and `\[` is a bracket for whoever renders it.
            '!' | '\\' | ' ' if unsure => Step::Wait,
            '!' if next.is_some_and(is_opening) => Step::Take(1, String::new()),
            '\\' if next.is_some_and(|c| is_opening(c) || is_closing(c)) => {
                Step::Take(1, String::new())
            }
            ' ' if next.is_some_and(is_opening) => self.bracket(rest, 1),
            ' ' if next == Some('\\') => match rest[2..].chars().next() {
                None if !self.ended => Step::Wait,
                Some(c) if is_opening(c) => self.bracket(rest, 2),
                _ => Step::Keep(1),
            },
            c if is_opening(c) => self.bracket(rest, 0),
            c if is_closing(c) && self.nested > 0 => {
                self.nested -= 1;
                Step::Take(c.len_utf8(), String::new())
            }
            ']' => match self.target(&rest[1..]) {
                Target::Unsure => Step::Wait,
                Target::None | Target::Known(_) => Step::Keep(1),
                Target::Unknown(length) => {
                    self.removed += 1;
                    Step::Take(1 + length, "]".to_owned())
                }
            },
            c => {
                if c.is_alphanumeric() || c == '\n' {
                    self.nested = 0;
                }
                Step::Keep(c.len_utf8())
            }
        }
    }

    /// A run of backticks begins or ends code.
    fn backticks(&mut self, rest: &str) -> Step {
        let run = rest.bytes().take_while(|byte| *byte == b'`').count();
        if run == rest.len() && !self.ended {
            return Step::Wait;
        }
        let begins_line = self.before.is_none_or(|c| c == '\n' || c == ' ');
        self.code = match self.code {
            Code::None if run >= 3 && begins_line => Code::Block(run),
            Code::None => Code::Span(run),
            Code::Span(open) if run == open => Code::None,
            Code::Block(open) if run >= open => Code::None,
            code => code,
        };
        Step::Keep(run)
    }

    /// An index in code stays code, but must not look like a citation: `a[1]` is `a[ 1 ]`.
    fn inside_code(&mut self, rest: &str, first: char) -> Step {
        // A backtick that nothing closes makes no code of what follows the paragraph.
        if matches!(self.code, Code::Span(_)) && first == '\n' {
            match rest[1..].chars().next() {
                None if !self.ended => return Step::Wait,
                Some('\n') => self.code = Code::None,
                _ => {}
            }
        }
        if !is_opening(first) {
            return Step::Keep(first.len_utf8());
        }
        match bracketed(rest) {
            Bracketed::Open if !self.ended => Step::Wait,
            Bracketed::Closed(inside, length) if marker::numbers(inside).is_some() => {
                Step::Take(length, format!("[ {} ]", inside.trim()))
            }
            _ => Step::Keep(first.len_utf8()),
        }
    }

    /// What begins with a bracket, `lead` bytes before it: a space, and what escapes the bracket.
    fn bracket(&mut self, rest: &str, lead: usize) -> Step {
        let from = &rest[lead..];
        let openings = from.chars().take_while(|c| is_opening(*c)).count();
        let outer: usize = from.chars().take(openings - 1).map(char::len_utf8).sum();
        let (inside, length, is_closed) = match bracketed(&from[outer..]) {
            Bracketed::Open if !self.ended => return Step::Wait,
            Bracketed::Open => {
                let opening = from[outer..].chars().next().map_or(1, char::len_utf8);
                (&from[outer + opening..], from.len() - outer, false)
            }
            Bracketed::Closed(inside, length) => (inside, length, true),
            Bracketed::Nested(inside, length) => (inside, length, false),
            Bracketed::Other => ("", 0, false),
        };
        let Some(numbers) = marker::numbers(inside) else {
            let opening = from.chars().next().map_or(1, char::len_utf8);
            let shown = format!("{}{}", &rest[..lead.min(1)], &from[..opening]);
            return Step::Take(lead + opening, shown);
        };
        let taken = lead + outer + length;
        let target = match is_closed {
            true => self.target(&rest[taken..]),
            false => Target::None,
        };
        let link = match target {
            Target::Unsure => return Step::Wait,
            Target::None => 0,
            Target::Known(length) | Target::Unknown(length) => length,
        };
        self.nested += openings - usize::from(is_closed);
        let marker = self.cite(&numbers);
        self.held |= lead > 0 && marker.is_empty();
        let space = if lead > 0 && !marker.is_empty() { " " } else { "" };
        Step::Take(taken + link, format!("{space}{marker}"))
    }

    /// Where a link leads, when it follows a closing bracket.
    fn target(&self, after: &str) -> Target {
        let Some(inside) = after.strip_prefix('(') else {
            return if after.is_empty() && !self.ended { Target::Unsure } else { Target::None };
        };
        let Some(end) = inside.find([')', '\n']) else {
            let is_long = inside.len() > address::MAX_ADDRESS;
            return if self.ended || is_long { Target::None } else { Target::Unsure };
        };
        let target = inside[..end].split_whitespace().next().unwrap_or_default();
        let is_prose = inside[..end].trim().contains(char::is_whitespace)
            && address::scheme_at(target.as_bytes()).is_none();
        if is_prose || inside[end..].starts_with('\n') {
            return Target::None;
        }
        let length = "()".len() + end;
        if self.addresses.know(target) { Target::Known(length) } else { Target::Unknown(length) }
    }

    /// An address at the beginning of the text.
    fn address(&mut self, rest: &str) -> Option<Step> {
        if address::may_become_scheme(rest) && !self.ended {
            return Some(Step::Wait);
        }
        let scheme = address::scheme_at(rest.as_bytes())?;
        let end = rest.find(address::is_end);
        match end {
            None if !self.ended && rest.len() <= address::MAX_ADDRESS => Some(Step::Wait),
            end => {
                let end = end.unwrap_or(rest.len()).max(scheme);
                if self.addresses.know(&rest[..end]) {
                    return Some(Step::Keep(end));
                }
                self.removed += 1;
                Some(Step::Take(end, address::REMOVED.to_owned()))
            }
        }
    }

    /// The markers of those numbers that name a passage.
    fn cite(&mut self, numbers: &[u32]) -> String {
        let mut markers = String::new();
        let mut last = None;
        for number in numbers {
            if *number == 0 || *number > self.given {
                self.removed += 1;
            } else if last.replace(number) != Some(number) {
                self.cited.insert(*number);
                markers.push_str(&format!("[{number}]"));
            }
        }
        markers
    }
}

/// Text that is opened by a bracket.
enum Bracketed<'t> {
    /// What stands inside, and the length with both brackets.
    Closed(&'t str, usize),
    /// Another bracket opens: what stands before it, and the length up to it.
    Nested(&'t str, usize),
    /// It may be closed by what follows.
    Open,
    /// It holds what no marker holds.
    Other,
}

fn bracketed(text: &str) -> Bracketed<'_> {
    let opening = text.chars().next().map_or(0, char::len_utf8);
    for (at, c) in text[opening..].char_indices() {
        let at = opening + at;
        if is_closing(c) {
            return Bracketed::Closed(&text[opening..at], at + c.len_utf8());
        }
        if is_opening(c) && at > opening {
            return Bracketed::Nested(&text[opening..at], at);
        }
        // `\]` closes as well.
        let is_escape = c == '\\' && text[at + 1..].starts_with([']', '[']);
        if is_escape {
            return Bracketed::Closed(&text[opening..at], at + 2);
        }
        let may_escape = c == '\\' && at + 1 == text.len();
        if at > MAX_MARKER || !(marker::may_be_inside(c) || may_escape) {
            return Bracketed::Other;
        }
    }
    Bracketed::Open
}

fn is_opening(c: char) -> bool {
    matches!(c, '[' | '【' | '［' | '〔' | '⟦')
}

fn is_closing(c: char) -> bool {
    matches!(c, ']' | '】' | '］' | '〕' | '⟧')
}

#[cfg(test)]
mod tests;
