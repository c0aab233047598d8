//! Lines as they stand on the page, put together as paragraphs.

use std::collections::HashSet;

use super::clean::{LEADER, without_leaders};
use super::columns::Block;
use super::rows::Printed;

/// Lines further apart than this, in ems, belong to two paragraphs.
const MAX_LEADING_EMS: f32 = 2.1;

/// Within a block: lines further apart than this times the usual distance.
const MAX_LEADING: f32 = 1.35;

/// A line that is printed larger than the next by this ratio is a heading.
const SAME_SIZE: f32 = 1.12;

/// Lines shorter than this, in ems, are no prose.
const LEAST_WIDTH_EMS: f32 = 12.0;

/// One line of a page's text as it is shown: a paragraph, a heading, a row of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Whether a paragraph ends before it.
    pub(super) begins: bool,
}

/// The lines of blocks in reading order; `words` tells which words the document has.
pub(super) fn lines(blocks: &[Block], words: &Words) -> Vec<Line> {
    let mut lines = Vec::new();
    for block in blocks {
        let start = lines.len();
        if block.is_table {
            table(block, &mut lines);
        } else {
            prose(block, words, &mut lines);
        }
        if let Some(first) = lines.get_mut(start) {
            first.begins = true;
        }
    }
    lines
}

fn table(block: &Block, lines: &mut Vec<Line>) {
    for row in &block.rows {
        let text = without_leaders(&row.text);
        lines.push(Line { text, begins: false });
    }
}

fn prose(block: &Block, words: &Words, lines: &mut Vec<Line>) {
    let edge = block.rows.iter().map(|row| row.right).fold(f32::MIN, f32::max);
    let leading = usual_leading(&block.rows);
    let mut before: Option<(&Printed, String)> = None;
    for row in &block.rows {
        let text = without_leaders(&row.text);
        let begins = before.as_ref().is_none_or(|(row_before, text_before)| {
            let distance = row_before.baseline - row.baseline;
            distance > leading * MAX_LEADING && ends_sentence(text_before)
                || distance > (leading * MAX_LEADING).max(row.size * MAX_LEADING_EMS)
        });
        let continues = before.as_ref().is_some_and(|(row_before, text_before)| {
            !begins && continues(row_before, text_before, row, &text, edge)
        });
        match lines.last_mut().filter(|_| continues) {
            Some(line) => join(&mut line.text, &text, words, before.as_ref().map(|it| it.0)),
            None => lines.push(Line { text: text.clone(), begins }),
        }
        before = Some((row, text));
    }
}

/// The distance of most lines.
fn usual_leading(rows: &[Printed]) -> f32 {
    let distances = rows.windows(2).map(|pair| pair[0].baseline - pair[1].baseline);
    let mut distances = distances.filter(|distance| *distance > 0.0).collect::<Vec<_>>();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 3).copied().unwrap_or(f32::MAX / 4.0)
}

/// Whether a line goes on in the next: nothing begins there, and its first word found no room.
fn continues(before: &Printed, text_before: &str, row: &Printed, text: &str, edge: f32) -> bool {
    let sizes = (before.size, row.size);
    if sizes.0.max(sizes.1) > sizes.0.min(sizes.1) * SAME_SIZE
        || begins_item(text)
        || is_entry(text_before)
    {
        return false;
    }
    if text_before.ends_with(['-', '\u{ad}']) && text.starts_with(char::is_lowercase) {
        return true;
    }
    if before.right - before.left < before.size * LEAST_WIDTH_EMS {
        return false;
    }
    let chars = text.chars().count().max(1) as f32;
    let first_word = text.split_whitespace().next().map_or(0, |word| word.chars().count());
    let needed = (row.right - row.left) * (first_word as f32 + 1.0) / chars;
    before.right + needed > edge - before.size * 0.3
        || (text.starts_with(char::is_lowercase) && !ends_sentence(text_before))
            && before.right - before.left > (edge - before.left) * 0.6
}

/// A line of a table of contents, or a label with its number.
fn is_entry(text: &str) -> bool {
    let number = text.rsplit_once("  ").or_else(|| text.rsplit_once(LEADER));
    number.is_some_and(|(_, number)| {
        number.chars().count() <= 12 && number.chars().any(|c| c.is_ascii_digit())
    })
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', '!', '?', ':', '。', '”', '"'])
}

/// Bullets and numbers of lists.
fn begins_item(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    if "•●○▪■□◦‣⁃▶►◆◇※–—·∙ㆍ➢✓✔❖".contains(first) {
        return true;
    }
    let mark = text.split_whitespace().next().unwrap_or_default();
    let body = mark.trim_end_matches(['.', ')']).trim_start_matches('(');
    let is_short = body.chars().count() <= 3 && body.len() < mark.len();
    is_short && (body.bytes().all(|byte| byte.is_ascii_digit()) || body.chars().count() == 1)
}

/// Appends the next line of a paragraph; undoes the hyphen at a line's end.
fn join(text: &mut String, next: &str, words: &Words, before: Option<&Printed>) {
    let trimmed = text.trim_end().len();
    text.truncate(trimmed);
    let first = next.chars().next();
    let mut last = text.chars().rev();
    match (last.next(), last.next(), first) {
        (Some('\u{ad}'), ..) => {
            text.pop();
        }
        (Some('-' | '‐'), Some(letter), Some(first))
            if letter.is_lowercase() && first.is_lowercase() =>
        {
            if words.are_better_joined(text, next) {
                text.pop();
            }
        }
        (Some('-' | '‐' | '/'), Some(letter), Some(_)) if letter.is_alphanumeric() => {}
        (Some(last), _, Some(first)) if is_unspaced(last) && is_unspaced(first) => {}
        (Some(last), _, Some(first)) if is_hangul(last) && is_hangul(first) => {
            let has_blank = before.is_some_and(|row| row.has_blank_after);
            if has_blank || !words.is_torn(text, next) {
                text.push(' ');
            }
        }
        _ => text.push(' '),
    }
    text.push_str(next);
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

/// Chinese and Japanese, which have no blanks between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The words of a document, to decide what a word torn by a line's end was.
#[derive(Debug, Default)]
pub(super) struct Words(HashSet<String>);

impl Words {
    /// Remembers the words in the middle of a line: those at its ends may be torn.
    pub(super) fn add(&mut self, text: &str) {
        let words = text.split(|c: char| !(c.is_alphabetic() || c == '-'));
        let mut words = words.filter(|word| !word.is_empty()).peekable();
        words.next();
        while let Some(word) = words.next() {
            if words.peek().is_some() && self.0.len() < MAX_WORDS && !self.0.contains(word) {
                self.0.insert(word.to_lowercase());
            }
        }
    }

    /// Whether `exam-` and `ple` are one word: unless the document has it with its hyphen.
    fn are_better_joined(&self, text: &str, next: &str) -> bool {
        let (first, second) = halves(text, next);
        !self.0.contains(&format!("{first}{second}").to_lowercase())
            || self.0.contains(&format!("{}{second}", first.trim_end_matches('-')).to_lowercase())
    }

    /// Whether a Korean word was cut in two: the document has the whole one, but not both parts.
    fn is_torn(&self, text: &str, next: &str) -> bool {
        let (first, second) = halves(text, next);
        self.0.contains(&format!("{first}{second}"))
            && !(self.0.contains(first) && self.0.contains(second))
    }
}

const MAX_WORDS: usize = 200_000;

fn halves<'a>(text: &'a str, next: &'a str) -> (&'a str, &'a str) {
    let is_word = |c: char| c.is_alphabetic() || c == '-';
    let first = text
        .rfind(|c| !is_word(c))
        .map_or(text, |at| &text[at + text[at..].chars().next().map_or(0, char::len_utf8)..]);
    let second = next.find(|c| !is_word(c)).map_or(next, |at| &next[..at]);
    (first, second)
}
