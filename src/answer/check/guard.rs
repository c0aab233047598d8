//! The last look at what is let through: however it came about, no bracketed number in prose names
//! what was not given.

use std::collections::BTreeSet;

use super::brackets::{is_closing, is_opening};
use super::marker;

/// Follows what is let through.
#[derive(Debug)]
pub struct Guard {
    /// Passages are numbered from 1 to this.
    given: u32,
    /// What stands behind the last bracket that is open.
    open: Option<Inside>,
    cited: BTreeSet<u32>,
    removed: u64,
}

/// What stands between a bracket and the place where the text is.
#[derive(Debug, Clone, Copy, Default)]
struct Inside {
    /// A digit of some script is among it.
    has_digit: bool,
    /// Nothing but digits and what readers look over.
    is_number: bool,
    /// Nothing but ASCII digits, in the usual way of writing.
    is_plain: bool,
    value: u32,
}

impl Guard {
    pub fn new(given: u32) -> Self {
        Self { given, open: None, cited: BTreeSet::new(), removed: 0 }
    }

    /// Whether a passage has this number.
    pub fn is_given(&self, number: u32) -> bool {
        (1..=self.given).contains(&number)
    }

    /// The passages that were named.
    pub fn cited(&self) -> &BTreeSet<u32> {
        &self.cited
    }

    /// Brackets that were taken out.
    pub fn removed(&self) -> u64 {
        self.removed
    }

    /// Lets text of code through as it is.
    pub fn code(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            self.read(c);
        }
        out.push_str(text);
    }

    /// Lets text through, without the brackets that would close a number that was not given.
    pub fn prose(&mut self, text: &str, out: &mut String) {
        for c in text.chars() {
            if is_closing(c)
                && let Some(inside) = self.open
                && inside.has_digit
                && inside.is_number
            {
                if !inside.is_plain || !self.is_given(inside.value) {
                    self.removed += 1;
                    continue;
                }
                self.cited.insert(inside.value);
            }
            self.read(c);
            out.push(c);
        }
    }

    fn read(&mut self, c: char) {
        if is_opening(c) {
            self.open = Some(Inside { is_number: true, is_plain: true, ..Inside::default() });
        } else if is_closing(c) {
            self.open = None;
        } else if let Some(inside) = &mut self.open {
            inside.read(c);
        }
    }
}

impl Inside {
    fn read(&mut self, c: char) {
        let is_looked_over = c.is_whitespace() || "*_~^`#,;".contains(c);
        self.is_number &= marker::is_digit(c) || is_looked_over;
        let digit = c.to_digit(10).filter(|digit| *digit > 0 || self.has_digit);
        self.is_plain &= digit.is_some();
        self.value = self.value.saturating_mul(10).saturating_add(digit.unwrap_or(0));
        self.has_digit |= marker::is_digit(c);
    }
}
