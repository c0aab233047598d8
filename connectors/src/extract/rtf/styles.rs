//! The table of styles: which of them are headings, and of which level.

use std::collections::HashMap;

const MAX_STYLES: usize = 10_000;
const MAX_NAME_BYTES: usize = 100;

/// The outline level of each style; 0 is body text.
#[derive(Debug, Default)]
pub(super) struct Styles {
    levels: HashMap<i32, u8>,
    entry: Entry,
}

/// The entry that is read.
#[derive(Debug, Default)]
struct Entry {
    number: i32,
    level: u8,
    name: String,
}

impl Styles {
    pub(super) fn level(&self, style: i32) -> Option<u8> {
        self.levels.get(&style).copied()
    }

    /// A control word in the table.
    pub(super) fn define(&mut self, word: &str, value: i32) {
        match word {
            "s" => self.entry.number = value,
            "outlinelevel" => self.entry.level = level(value),
            _ => {}
        }
    }

    /// A part of the name of the entry.
    pub(super) fn name(&mut self, text: &str) {
        if self.entry.name.len() < MAX_NAME_BYTES {
            self.entry.name.push_str(text);
        }
    }

    pub(super) fn end_entry(&mut self) {
        let entry = std::mem::take(&mut self.entry);
        let level = if entry.level > 0 { entry.level } else { named_level(&entry.name) };
        if self.levels.len() < MAX_STYLES {
            self.levels.insert(entry.number, level);
        }
    }
}

/// RTF counts outline levels from 0; 9 is body text.
pub(super) fn level(number: i32) -> u8 {
    u8::try_from(number).ok().filter(|level| *level < 9).map_or(0, |level| level + 1)
}

/// The level of a style that is named as headings are.
fn named_level(name: &str) -> u8 {
    let name = name.trim().trim_end_matches(';').to_lowercase();
    let names = ["heading ", "heading", "überschrift ", "titre ", "제목 ", "見出し ", "标题 "];
    let number = names.iter().find_map(|start| name.strip_prefix(start)?.parse::<u8>().ok());
    number.filter(|level| (1..=9).contains(level)).unwrap_or(0)
}
