//! A list to choose from, narrowed by typing.

use crate::input::InputLine;
use crate::text::clean_line;

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickerKind {
    /// Spaces to search in.
    Space,
    /// Types of files.
    Type,
    /// How lately something changed.
    Time,
    /// An earlier query or question.
    History,
    /// An earlier session.
    Sessions,
}

impl PickerKind {
    /// What stands over the list.
    pub fn title(self) -> &'static str {
        match self {
            Self::Space => "spaces",
            Self::Type => "types",
            Self::Time => "changed within",
            Self::History => "history",
            Self::Sessions => "sessions",
        }
    }

    /// Whether several can be chosen.
    pub fn takes_several(self) -> bool {
        matches!(self, Self::Space | Self::Type)
    }
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is shown.
    pub label: String,
    /// What is shown less clearly, on the right.
    pub detail: String,
    /// What it stands for.
    pub value: String,
    /// Whether it is in force.
    pub chosen: bool,
}

impl Item {
    /// A row that stands for its own label.
    pub fn new(label: &str) -> Self {
        Self { label: clean_line(label), detail: String::new(), value: label.into(), chosen: false }
    }
}

/// A list to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picker {
    /// What is chosen.
    pub kind: PickerKind,
    /// What the list is narrowed by.
    pub filter: InputLine,
    /// All rows.
    pub items: Vec<Item>,
    /// Which of the shown rows is selected.
    pub selected: usize,
    /// Said in place of rows.
    pub note: String,
    /// The value that a second key deletes.
    pub doomed: Option<String>,
}

impl Picker {
    /// A list of so many rows, nothing typed yet.
    pub fn new(kind: PickerKind, items: Vec<Item>) -> Self {
        let note = if items.is_empty() { "nothing to choose from" } else { "nothing matches" };
        Self {
            kind,
            filter: InputLine::default(),
            items,
            selected: 0,
            note: note.into(),
            doomed: None,
        }
    }

    /// The rows that match what was typed: each word, in whatever case.
    pub fn shown(&self) -> Vec<&Item> {
        // The daemon looks inside of the answers too.
        if self.kind == PickerKind::Sessions {
            return self.items.iter().collect();
        }
        let typed = self.filter.text().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        self.items
            .iter()
            .filter(|item| {
                let label = item.label.to_lowercase();
                words.iter().all(|word| label.contains(word))
            })
            .collect()
    }

    /// The row that is selected.
    pub fn current(&self) -> Option<&Item> {
        self.shown().get(self.selected).copied()
    }

    /// The first row on a screen of so many, so that the selected one is on it.
    pub fn top(&self, rows: usize) -> usize {
        (self.selected + 1).saturating_sub(rows.max(1))
    }

    /// Moves the selection within what is shown.
    pub fn select(&mut self, position: usize) {
        self.selected = position.min(self.shown().len().saturating_sub(1));
        self.doomed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_narrows_the_list_by_each_word() {
        let items = ["leave carry over", "연차 휴가", "Carry bags"].map(Item::new).to_vec();
        let mut picker = Picker::new(PickerKind::History, items);
        picker.filter.set("over CARRY");
        let labels: Vec<&str> = picker.shown().iter().map(|item| item.label.as_str()).collect();
        assert_eq!(labels, ["leave carry over"]);
        picker.filter.set("nothing");
        picker.select(7);
        assert_eq!((picker.selected, picker.current()), (0, None));
    }
}
