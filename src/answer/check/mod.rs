//! An answer checked as it streams: citations name what was given, addresses what was read.
//!
//! Whatever the model writes, a bracketed number in what leaves here outside of code is a citation
//! of a passage that the model was given: markers are read in the many ways in which models write
//! them, and `guard` has a last look at what is let through.

mod address;
mod brackets;
mod code;
mod guard;
mod marker;

use std::collections::BTreeSet;

pub use address::Addresses;

use super::invisible::is_invisible;
use brackets::{Bracketed, bracketed, end_of_target, is_closing, is_opening};
use code::{Code, Opened};
use guard::Guard;

/// More brackets that open in a row are text.
const MAX_OPENINGS: usize = 8;

/// So much of what was let through is looked back at, in bytes.
const TAIL: usize = 48;

/// Lets pieces of text through as soon as they are decided.
#[derive(Debug)]
pub struct Checker {
    addresses: Addresses,
    pending: String,
    code: Code,
    guard: Guard,
    /// The end of what was let through.
    tail: String,
    /// Nothing but spaces stands on the line so far.
    begins_line: bool,
    /// Brackets around markers that were opened and are not shown.
    nested: usize,
    /// The space before a marker that was taken out.
    held: bool,
    removed: u64,
    /// The model has ended: nothing follows that could decide.
    ended: bool,
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
            addresses,
            pending: String::new(),
            code: Code::None,
            guard: Guard::new(given),
            tail: String::new(),
            begins_line: true,
            nested: 0,
            held: false,
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
        self.guard.cited()
    }

    /// Citations of nothing, and addresses of nowhere, that were taken out.
    pub fn removed(&self) -> u64 {
        self.removed + self.guard.removed()
    }

    fn decide(&mut self) -> String {
        let pending = std::mem::take(&mut self.pending);
        let mut decided = String::with_capacity(pending.len());
        let mut rest = pending.as_str();
        while !rest.is_empty() {
            let is_code = self.code != Code::None;
            match self.step(rest) {
                Step::Take(length, text) => {
                    self.let_through(&text, is_code, &mut decided);
                    rest = &rest[length..];
                }
                Step::Keep(length) => {
                    self.let_through(&rest[..length], is_code, &mut decided);
                    rest = &rest[length..];
                }
                Step::Wait => break,
            }
        }
        self.pending = rest.to_owned();
        decided
    }

    fn let_through(&mut self, text: &str, is_code: bool, decided: &mut String) {
        let Some(first) = text.chars().next() else { return };
        let is_needed = first == '[' || first.is_alphanumeric();
        let from = decided.len();
        if std::mem::take(&mut self.held) && is_needed {
            decided.push(' ');
        }
        match is_code {
            true => self.guard.code(text, decided),
            false => self.guard.prose(text, decided),
        }
        for c in decided[from..].chars() {
            self.begins_line = c == '\n' || (self.begins_line && c == ' ');
        }
        self.tail.push_str(&decided[from..]);
        let start = self.tail.ceil_char_boundary(self.tail.len().saturating_sub(TAIL));
        self.tail.drain(..start);
    }

    fn step(&mut self, rest: &str) -> Step {
        if let Some(step) = self.code_mark(rest).or_else(|| self.address(rest)) {
            return step;
        }
        let mut characters = rest.chars();
        let first = characters.next().expect("there is a rest");
        if self.code != Code::None {
            return self.inside_code(rest, first);
        }
        let next = characters.next();
        let unsure = next.is_none() && !self.ended;
        match first {
            // A picture would be fetched, and `\[` is a bracket for whoever renders it.
            '!' | '\\' | ' ' | '*' if unsure => Step::Wait,
            '!' if next.is_some_and(is_opening) => Step::Take(1, String::new()),
            '\\' if next.is_some_and(|c| is_opening(c) || is_closing(c)) => {
                Step::Take(1, String::new())
            }
            '*' => self.emphasised(rest),
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
            ']' => self.closing(rest),
            c => {
                if c.is_alphanumeric() || c == '\n' {
                    self.nested = 0;
                }
                Step::Keep(c.len_utf8())
            }
        }
    }

    /// What begins or ends code.
    fn code_mark(&mut self, rest: &str) -> Option<Step> {
        let place = code::Place { begins_line: self.begins_line, ended: self.ended };
        match self.code.opened(rest, place) {
            Opened::Nothing => None,
            Opened::Unsure => Some(Step::Wait),
            Opened::Text(length) => Some(Step::Keep(length)),
            Opened::Mark(length, code) => {
                self.code = code;
                Some(Step::Keep(length))
            }
        }
    }

    /// An index in code stays code, but must not look like a citation: `a[1]` is `a[ 1 ]`.
    fn inside_code(&mut self, rest: &str, first: char) -> Step {
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

    /// `**[1]**`: what stresses a marker goes with it.
    fn emphasised(&mut self, rest: &str) -> Step {
        let run = rest.bytes().take_while(|byte| *byte == b'*').count();
        let (marks, after) = rest.split_at(run);
        if run <= 3 && after.is_empty() && !self.ended {
            return Step::Wait;
        }
        if run > 3 || !after.starts_with(is_opening) {
            return Step::Keep(run);
        }
        let Bracketed::Closed(inside, length) = bracketed(after) else {
            let is_open = matches!(bracketed(after), Bracketed::Open);
            return if is_open && !self.ended { Step::Wait } else { Step::Keep(run) };
        };
        let behind = &after[length..];
        if behind.len() < run && marks.starts_with(behind) && !self.ended {
            return Step::Wait;
        }
        match marker::numbers(inside).filter(|_| behind.starts_with(marks)) {
            None => Step::Keep(run),
            Some(numbers) => {
                let marker = self.cite(&numbers);
                let shown = match marker.is_empty() {
                    true => marker,
                    false => format!("{marks}{marker}{marks}"),
                };
                Step::Take(run + length + run, shown)
            }
        }
    }

    fn closing(&mut self, rest: &str) -> Step {
        match self.target(&rest[1..]) {
            Target::Unsure => Step::Wait,
            Target::None => Step::Keep(1),
            Target::Known(length) => Step::Keep(1 + length),
            Target::Unknown(length) => {
                self.removed += 1;
                Step::Take(1 + length, "]".to_owned())
            }
        }
    }

    /// What begins with a bracket, `lead` bytes before it: a space, and what escapes the bracket.
    fn bracket(&mut self, rest: &str, lead: usize) -> Step {
        let from = &rest[lead..];
        let openings = from.chars().take(MAX_OPENINGS + 1).take_while(|c| is_opening(*c)).count();
        if openings > MAX_OPENINGS {
            let opening = from.chars().next().map_or(1, char::len_utf8);
            return Step::Keep(lead + opening);
        }
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
        // The model was broken off in the middle of it.
        let is_unfinished = self.ended && !is_closed && outer + length == from.len();
        if is_unfinished && marker::numbers(inside).is_some() {
            self.removed += 1;
            return Step::Take(rest.len(), String::new());
        }
        if let Some(number) = marker::signed(inside).filter(|_| is_closed) {
            let space = &rest[..lead.min(1)];
            return Step::Take(lead + outer + length, format!("{space}({number})"));
        }
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
        let near = &inside[..inside.floor_char_boundary(address::MAX_ADDRESS + 1)];
        let Some(end) = end_of_target(near) else {
            let is_long = near.len() < inside.len();
            return if self.ended || is_long { Target::None } else { Target::Unsure };
        };
        let target = inside[..end].split_whitespace().next().unwrap_or_default();
        let is_prose =
            inside[..end].trim().contains(char::is_whitespace) && !address::has_scheme(target);
        if is_prose || inside[end..].starts_with('\n') {
            return Target::None;
        }
        let length = "()".len() + end;
        if self.addresses.know(target) { Target::Known(length) } else { Target::Unknown(length) }
    }

    /// An address at the beginning of the text; its first letters may be let through already.
    fn address(&mut self, rest: &str) -> Option<Step> {
        let before = match address::begins(&self.tail, rest) {
            address::Begins::Not => return None,
            address::Begins::Unsure if self.ended => return None,
            address::Begins::Unsure => return Some(Step::Wait),
            address::Begins::Here { before } => before,
        };
        let length = match address::length(rest) {
            None if !self.ended => return Some(Step::Wait),
            length => length.unwrap_or(rest.len()),
        };
        let scheme = &self.tail[self.tail.len() - before..];
        let whole = format!("{scheme}{}", &rest[..length]);
        if let Some(known) = self.addresses.known_part(&whole) {
            return Some(Step::Keep(known.saturating_sub(before).max(1)));
        }
        self.removed += 1;
        let gone = address::shown(&whole).len().saturating_sub(before).max(1);
        let space = if before > 0 { " " } else { "" };
        Some(Step::Take(gone, format!("{space}{}", address::REMOVED)))
    }

    /// The markers of those numbers that name a passage.
    fn cite(&mut self, numbers: &[u32]) -> String {
        if let [year @ 1_000..=2_999] = numbers {
            return format!("({year})");
        }
        let mut markers = String::new();
        let mut last = None;
        for number in numbers {
            if !self.guard.is_given(*number) {
                self.removed += 1;
            } else if last.replace(number) != Some(number) {
                markers.push_str(&format!("[{number}]"));
            }
        }
        markers
    }
}

#[cfg(test)]
mod tests;
