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
    pub(super) fn text(&mut self, field: Field, text: &str) {
        let value = match field {
            Field::Title => &mut self.values[0],
            Field::Author => &mut self.values[1],
            Field::Subject => &mut self.values[2],
            Field::Keywords => &mut self.values[3],
            Field::Created | Field::Modified => return,
        };
        if value.len() < MAX_VALUE_BYTES {
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
