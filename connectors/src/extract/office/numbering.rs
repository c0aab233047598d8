//! The numbers that Word puts before list items and headings; the text itself lacks them.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::xml::{Token, Tokens, attribute};

const LEVELS: usize = 9;

#[derive(Debug, Clone, Default)]
struct Level {
    start: u32,
    format: String,
    /// As `%1.%2`.
    pattern: String,
}

/// The lists of a document and how far each has counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// From a list's id to its definition's.
    definitions: BTreeMap<String, String>,
    levels: BTreeMap<String, Vec<Level>>,
    /// Lists that do not go on where another one of the same definition ended.
    restarting: BTreeSet<String>,
    counters: BTreeMap<String, [u32; LEVELS]>,
}

impl Numbering {
    /// Reads `numbering.xml`; what is damaged in it counts as not there.
    pub(super) fn parse(xml: &str) -> Self {
        let mut numbering = Self::default();
        let (mut definition, mut list) = (None, None);
        let mut tokens = Tokens::new(xml);
        while let Ok(Some(Token::Open(tag))) = next_open(&mut tokens) {
            let value = || attribute(&tag, "val").unwrap_or_default();
            let levels = definition.as_ref().and_then(|id| numbering.levels.get_mut(id));
            let level = levels.and_then(|levels: &mut Vec<Level>| levels.last_mut());
            match (tag.local_name().as_ref(), level) {
                ("abstractNum", _) => {
                    definition = attribute(&tag, "abstractNumId");
                    list = None;
                    if let Some(id) = &definition {
                        numbering.levels.insert(id.clone(), Vec::new());
                    }
                }
                ("num", _) => {
                    list = attribute(&tag, "numId");
                    definition = None;
                }
                ("abstractNumId", _) => {
                    if let Some(list) = &list {
                        numbering.definitions.insert(list.clone(), value());
                    }
                }
                ("startOverride", _) => numbering.restarting.extend(list.clone()),
                ("lvl", _) => {
                    let levels = definition.as_ref().and_then(|id| numbering.levels.get_mut(id));
                    if let Some(levels) = levels.filter(|levels| levels.len() < LEVELS) {
                        levels.push(Level { start: 1, ..Level::default() });
                    }
                }
                ("start", Some(level)) => level.start = value().parse().unwrap_or(1),
                ("numFmt", Some(level)) => level.format = value(),
                ("lvlText", Some(level)) => level.pattern = value(),
                _ => {}
            }
        }
        numbering
    }

    /// Counts one more item of a list; what stands before it. `None` if there is no such list.
    pub(super) fn count(&mut self, list: &str, level: usize) -> Option<String> {
        let definition = self.definitions.get(list)?;
        let levels = self.levels.get(definition)?;
        let own = levels.get(level)?;
        let counter = if self.restarting.contains(list) {
            format!("list {list}")
        } else {
            definition.clone()
        };
        let counters = self.counters.entry(counter).or_default();
        counters[level] = match counters[level] {
            0 => own.start.max(1),
            counted => counted.saturating_add(1),
        };
        counters[level + 1..].fill(0);
        match &*own.format {
            "bullet" => return Some("-".to_owned()),
            "none" => return Some(String::new()),
            _ => {}
        }
        let mut label = String::new();
        let mut pattern = own.pattern.chars();
        while let Some(character) = pattern.next() {
            let placeholder = (character == '%').then(|| pattern.clone().next()).flatten();
            match placeholder.and_then(|digit| digit.to_digit(10)) {
                Some(digit @ 1..=9) => {
                    pattern.next();
                    let index = digit as usize - 1;
                    let format = levels.get(index).map_or("decimal", |level| &*level.format);
                    label.push_str(&formatted(counters[index].max(1), format));
                }
                _ => label.push(character),
            }
        }
        Some(label.trim().to_owned())
    }
}

/// The next element that begins.
fn next_open<'a>(tokens: &mut Tokens<'a>) -> Result<Option<Token<'a>>, crate::extract::Reason> {
    loop {
        match tokens.next()? {
            None => return Ok(None),
            Some(Token::Open(tag)) => return Ok(Some(Token::Open(tag))),
            Some(_) => {}
        }
    }
}

fn formatted(number: u32, format: &str) -> String {
    let letter = |letters: &str| {
        let letters = letters.chars().collect::<Vec<_>>();
        letters.get(number as usize - 1).map_or_else(|| number.to_string(), char::to_string)
    };
    match format {
        "lowerLetter" => letter("abcdefghijklmnopqrstuvwxyz"),
        "upperLetter" => letter("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "ganada" => letter("가나다라마바사아자차카타파하"),
        "chosung" => letter("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"),
        "decimalEnclosedCircle" => letter("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
        "lowerRoman" => roman(number).to_lowercase(),
        "upperRoman" => roman(number),
        "decimalZero" => format!("{number:02}"),
        _ => number.to_string(),
    }
}

fn roman(mut number: u32) -> String {
    const DIGITS: [(u32, &str); 9] = [
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if number > 399 {
        return number.to_string();
    }
    let mut text = String::new();
    for (value, digit) in DIGITS {
        while number >= value {
            text.push_str(digit);
            number -= value;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: &str = r#"<numbering>
        <abstractNum w:abstractNumId="7">
            <lvl w:ilvl="0"><start w:val="1"/><numFmt w:val="decimal"/><lvlText w:val="제%1조"/></lvl>
            <lvl w:ilvl="1"><start w:val="2"/><numFmt w:val="ganada"/><lvlText w:val="%1.%2)"/></lvl>
        </abstractNum>
        <num w:numId="1"><abstractNumId w:val="7"/></num></numbering>"#;

    #[test]
    fn items_are_counted_as_word_counts_them() {
        let mut numbering = Numbering::parse(LISTS);
        let mut count = |level| numbering.count("1", level).unwrap();
        let labels = [count(0), count(1), count(1), count(0), count(1)];
        assert_eq!(labels, ["제1조", "1.나)", "1.다)", "제2조", "2.나)"]);
        assert_eq!(numbering.count("9", 0), None);
    }

    #[test]
    fn roman_numbers() {
        assert_eq!([4, 9, 48, 399].map(roman), ["IV", "IX", "XLVIII", "CCCXCIX"]);
    }
}
