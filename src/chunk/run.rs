//! Joins a run of tiny sections into one part, so that no passage says too little on its own.

use std::borrow::Cow;

use super::arrange::{Part, Span, common_prefix};
use super::embedding::Budget;
use super::split::count_newlines;
use super::{Inner, estimate_tokens};

/// Parts in reading order; the last ones are tiny and may still be joined.
pub(super) struct Run<'a> {
    budget: &'a Budget<'a>,
    done: Vec<Part<'a>>,
    open: Vec<Part<'a>>,
    /// How many headings all open parts share.
    common: usize,
    /// The longest heading path among the open parts.
    deepest: usize,
    tokens: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(budget: &'a Budget<'a>) -> Self {
        Self { budget, done: Vec::new(), open: Vec::new(), common: 0, deepest: 0, tokens: 0 }
    }

    pub(super) fn push(&mut self, part: Part<'a>) {
        let Some(tokens) = self.tiny_tokens(&part) else {
            self.close();
            self.done.push(part);
            return;
        };
        if !self.takes(&part, tokens) {
            self.close();
        }
        self.common = match self.open.first() {
            Some(first) => self.common.min(common_prefix(&first.heading, &part.heading)),
            None => part.heading.len(),
        };
        self.deepest = self.deepest.max(part.heading.len());
        self.tokens += tokens;
        self.open.push(part);
    }

    pub(super) fn finish(mut self) -> Vec<Part<'a>> {
        self.close();
        self.done
    }

    /// The tokens of a tiny part with its own heading; `None` when it can stand alone.
    fn tiny_tokens(&self, part: &Part<'_>) -> Option<usize> {
        let limit = self.budget.tiny_tokens();
        // Longer texts need no measuring: a token is rarely longer than 8 bytes.
        if part.text.len() > limit * 8 {
            return None;
        }
        let tokens = estimate_tokens(&part.text);
        let heading = part.heading.last().map_or(0, |heading| estimate_tokens(heading));
        (tokens <= limit).then_some(tokens + heading)
    }

    fn takes(&self, part: &Part<'_>, tokens: usize) -> bool {
        let (Some(first), Some(last)) = (self.open.first(), self.open.last()) else {
            return true;
        };
        let common = self.common.min(common_prefix(&first.heading, &part.heading));
        let deepest = self.deepest.max(part.heading.len());
        // Only siblings and their parent: a joined passage must still have one subject.
        deepest <= common + 1
            && follows(last, part)
            && self.tokens + tokens <= self.budget.text_tokens(&part.heading[..common])
    }

    fn close(&mut self) {
        let common = self.common;
        (self.common, self.deepest, self.tokens) = (0, 0, 0);
        if self.open.len() < 2 {
            self.done.append(&mut self.open);
            return;
        }
        let mut text = String::new();
        let mut inner = Vec::with_capacity(self.open.len());
        let mut before: &[String] = &self.open[0].heading[..common];
        for part in &self.open {
            inner.push(Inner {
                at: u32::try_from(text.len()).unwrap_or(u32::MAX),
                heading: part.heading[common..].to_vec(),
                lines: all_lines(part),
            });
            if part.heading[..] != *before {
                text.push('\n');
                text.extend(part.heading[common..].iter().map(|own| format!("{own}\n")));
            }
            text.push_str(part.text.trim());
            text.push('\n');
            before = &part.heading;
        }
        let span = match (all_lines(&self.open[0]), self.open.last().and_then(all_lines)) {
            (Some((first, _)), Some((_, last))) => Span::Lines(first, last),
            _ => self.open[0].span,
        };
        let heading = Cow::Owned(self.open[0].heading[..common].to_vec());
        self.done.push(Part { heading, text: Cow::Owned(text), span, inner });
        self.open.clear();
    }
}

/// Whether `next` continues `last` in the same original: further lines, or the same page.
fn follows(last: &Part<'_>, next: &Part<'_>) -> bool {
    match (all_lines(last), all_lines(next)) {
        (Some((_, end)), Some((start, _))) => end <= start,
        _ => last.span == next.span,
    }
}

fn all_lines(part: &Part<'_>) -> Option<(u32, u32)> {
    part.span.lines(|| (0, count_newlines(part.text.trim_end())))
}
