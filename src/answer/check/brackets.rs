//! Brackets in an answer: where they open and close, and what stands between.

use super::marker;

/// A marker is no longer than this, in bytes.
const MAX_MARKER: usize = 96;

/// Text that is opened by a bracket.
pub enum Bracketed<'t> {
    /// What stands inside, and the length with both brackets.
    Closed(&'t str, usize),
    /// Another bracket opens: what stands before it, and the length up to it.
    Nested(&'t str, usize),
    /// It may be closed by what follows.
    Open,
    /// It holds what no marker holds.
    Other,
}

pub fn bracketed(text: &str) -> Bracketed<'_> {
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

/// Where the target of a link ends, brackets within it passed over: at its `)`, or at a line end.
pub fn end_of_target(inside: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in inside.char_indices() {
        match c {
            '\n' => return Some(at),
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            '(' => depth += 1,
            _ => {}
        }
    }
    None
}

/// Brackets of all sorts: a reader takes each pair for a citation.
pub fn is_opening(c: char) -> bool {
    matches!(
        c,
        '[' | '【'
            | '［'
            | '〔'
            | '⟦'
            | '〖'
            | '〘'
            | '〚'
            | '⁅'
            | '❲'
            | '﹝'
            | '﹇'
            | '︹'
            | '︻'
            | '︗'
    )
}

pub fn is_closing(c: char) -> bool {
    matches!(
        c,
        ']' | '】'
            | '］'
            | '〕'
            | '⟧'
            | '〗'
            | '〙'
            | '〛'
            | '⁆'
            | '❳'
            | '﹞'
            | '﹈'
            | '︺'
            | '︼'
            | '︘'
    )
}
