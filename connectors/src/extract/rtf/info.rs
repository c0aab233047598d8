//! What an RTF document says of itself: title, author, dates.

use super::destination::Field;
use crate::document::Document;
use crate::extract::outline::{clipped, one_line};

const MAX_VALUE_BYTES: usize = 1000;

/// Values while they come in.
#[derive(Debug, Default)]
pub(super) struct Info {
    values: [String; 4],
    created: Date,
    modified: Date,
}

#[derive(Debug, Default)]
struct Date {
    year: i32,
    month: i32,
    day: i32,
}

impl Info {
    /// A value comes in; it replaces the one before, which is the same in fewer letters.
    pub(super) fn begin(&mut self, field: Field) {
        if let Some(value) = self.value(field) {
            value.clear();
        }
    }

    pub(super) fn text(&mut self, field: Field, text: &str) {
        if let Some(value) = self.value(field).filter(|value| value.len() < MAX_VALUE_BYTES) {
            value.push_str(text);
        }
    }

    /// A part of a date.
    pub(super) fn number(&mut self, field: Field, word: &str, number: i32) {
        let date = match field {
            Field::Created => &mut self.created,
            Field::Modified => &mut self.modified,
            _ => return,
        };
        match word {
            "yr" => date.year = number,
            "mo" => date.month = number,
            "dy" => date.day = number,
            _ => {}
        }
    }

    /// Adds all that was said to a document.
    pub(super) fn add_to(self, document: &mut Document) {
        let [title, author, subject, keywords] =
            self.values.map(|value| clipped(&one_line(&value), MAX_VALUE_BYTES).to_owned());
        if !title.is_empty() {
            document.title = Some(title);
        }
        let values = [
            ("author", author),
            ("subject", subject),
            ("keywords", keywords),
            ("created", self.created.text()),
            ("modified", self.modified.text()),
        ];
        let filled = values.into_iter().filter(|(_, value)| !value.is_empty());
        document.metadata.extend(filled.map(|(key, value)| (key.to_owned(), value)));
    }
}

impl Info {
    fn value(&mut self, field: Field) -> Option<&mut String> {
        match field {
            Field::Title => Some(&mut self.values[0]),
            Field::Author => Some(&mut self.values[1]),
            Field::Subject => Some(&mut self.values[2]),
            Field::Keywords => Some(&mut self.values[3]),
            Field::Created | Field::Modified => None,
        }
    }
}

impl Date {
    fn text(&self) -> String {
        let Self { year, month, day } = self;
        if (1980..=2200).contains(year) && (1..=12).contains(month) && (1..=31).contains(day) {
            format!("{year:04}-{month:02}-{day:02}")
        } else {
            String::new()
        }
    }
}
