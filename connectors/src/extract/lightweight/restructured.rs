//! reStructuredText: lines of signs below, and perhaps above, make a heading.

use std::ops::Range;

use super::{Found, lines};

/// Shorter lines of signs are lines of text.
const MIN_SIGNS: usize = 3;

/// Headings below so many lines are not looked for.
const MAX_LINES: usize = 1_000_000;

/// A level is told by its sign and by whether there is a line above, too.
type Style = (char, bool);

pub(super) fn read(text: &str) -> Found {
    let lines: Vec<(Range<usize>, &str)> = lines(text).take(MAX_LINES).collect();
    let mut found = Found::default();
    let mut styles: Vec<Style> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some((style, count)) = heading(&lines, at) else {
            if styles.len() <= 1
                && let Some((name, value)) = field(lines[at].1)
            {
                found.keep(name, value);
            }
            at += 1;
            continue;
        };
        let level = styles.iter().position(|known| *known == style).unwrap_or_else(|| {
            styles.push(style);
            styles.len() - 1
        });
        let title = without_roles(lines[at + count - 2].1);
        found.add(level + 1, &title, lines[at].0.start..lines[at + count - 1].0.end);
        at += count;
    }
    found
}

/// The style of the heading that begins here, and how many lines it has.
fn heading(lines: &[(Range<usize>, &str)], at: usize) -> Option<(Style, usize)> {
    let line = |index: usize| lines.get(index).map_or("", |(_, line)| *line);
    let is_after_blank = at == 0 || line(at - 1).is_empty();
    if !is_after_blank {
        return None;
    }
    if let Some(sign) = sign(line(at)) {
        let is_framed = sign_of(line(at + 2), line(at + 1).trim_start()) == Some(sign);
        let is_same = line(at).len() == line(at + 2).len() && self::sign(line(at + 1)).is_none();
        return (is_framed && is_same).then_some(((sign, true), 3));
    }
    let title = line(at);
    let sign = sign_of(line(at + 1), title).filter(|_| !title.starts_with([' ', '\t']))?;
    Some(((sign, false), 2))
}

/// The sign of a line that is long enough for this title.
fn sign_of(line: &str, title: &str) -> Option<char> {
    // Letters of East Asia are two signs wide; many writers count them as one.
    let is_long = line.len() >= title.chars().count().min(60);
    sign(line).filter(|_| is_long && !title.is_empty())
}

fn sign(line: &str) -> Option<char> {
    let sign = line.chars().next().filter(char::is_ascii_punctuation)?;
    (line.len() >= MIN_SIGNS && line.chars().all(|char| char == sign)).then_some(sign)
}

/// ``:mod:`email` and ``x`` `` in words.
fn without_roles(title: &str) -> String {
    let mut words = String::with_capacity(title.len());
    for (index, part) in title.split('`').enumerate() {
        let is_before_quote = index % 2 == 0 && part.ends_with(':');
        let role =
            part.trim_end_matches(|char: char| char.is_alphanumeric() || ":-.".contains(char));
        let has_role =
            is_before_quote && part[role.len()..].starts_with(':') && part.len() > role.len() + 2;
        words.push_str(if has_role { role } else { part });
    }
    words
}

/// `:Author: Kim`
fn field(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix(':')?.split_once(": ")
}
