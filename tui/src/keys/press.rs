//! One key with its modifiers, and how it is spelt: `ctrl-y`, `shift-tab`, `f1`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::text::nearest;

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Press {
    /// The key.
    pub code: KeyCode,
    /// What is held with it.
    pub modifiers: KeyModifiers,
}

const NAMED: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("ctrl", KeyModifiers::CONTROL), ("alt", KeyModifiers::ALT), ("shift", KeyModifiers::SHIFT)];

impl Press {
    /// Reads a key as it is spelt in the configuration; fails with what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        while let Some((name, after)) = rest.split_once('-') {
            let Some((_, modifier)) = MODIFIERS.iter().find(|(known, _)| *known == name) else {
                break;
            };
            modifiers |= *modifier;
            rest = after;
        }
        let code = code_named(rest).ok_or_else(|| unknown(text, rest))?;
        Ok(Self { code, modifiers }.normal())
    }

    /// Whether the key writes a character.
    pub fn is_typed(self) -> bool {
        self.character().is_some()
    }

    /// The character that the key writes, if it writes one.
    pub fn character(self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if (self.modifiers - KeyModifiers::SHIFT).is_empty() => {
                Some(character)
            }
            _ => None,
        }
    }

    /// Shift is part of a character already; terminals do not agree whether they say it twice.
    fn normal(mut self) -> Self {
        match self.code {
            KeyCode::BackTab => {
                self.code = KeyCode::Tab;
                self.modifiers |= KeyModifiers::SHIFT;
            }
            KeyCode::Char(character) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                self.code = KeyCode::Char(character.to_ascii_lowercase());
                self.modifiers -= KeyModifiers::SHIFT;
            }
            KeyCode::Char(_) => self.modifiers -= KeyModifiers::SHIFT,
            _ => {}
        }
        self
    }
}

impl From<KeyEvent> for Press {
    fn from(event: KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        Self { code: event.code, modifiers: event.modifiers & known }.normal()
    }
}

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{name}-")?;
            }
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(character)) => write!(f, "{character}"),
            (None, KeyCode::F(number)) => write!(f, "f{number}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

fn code_named(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) if !character.is_control() => Some(KeyCode::Char(character)),
        _ => {
            let number: u8 = name.strip_prefix('f')?.parse().ok()?;
            (1..=12).contains(&number).then_some(KeyCode::F(number))
        }
    }
}

fn unknown(text: &str, name: &str) -> String {
    let functions: Vec<String> = (1..=12).map(|number| format!("f{number}")).collect();
    let known = NAMED.iter().map(|(name, _)| *name).chain(functions.iter().map(String::as_str));
    // A misspelt modifier is left in front of the key.
    let near = match name.split_once('-') {
        Some((modifier, key)) if !key.is_empty() => {
            nearest(modifier, MODIFIERS.iter().map(|(name, _)| *name))
                .map(|near| format!("{near}-{key}"))
        }
        _ => nearest(name, known).map(|near| {
            let modifiers = text.strip_suffix(name).unwrap_or_default();
            format!("{modifiers}{near}")
        }),
    };
    match near {
        Some(near) => format!("`{text}` is no key; did you mean `{near}`?"),
        None => format!("`{text}` is no key; keys look like `ctrl-y`, `alt-up`, `f5`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelt_is_read_back() {
        for text in
            ["ctrl-y", "alt-enter", "shift-tab", "f1", "ctrl-alt-x", "page-up", "alt--", "?"]
        {
            assert_eq!(Press::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn terminals_that_say_shift_and_those_that_do_not_mean_the_same() {
        let event = |code, modifiers| Press::from(KeyEvent::new(code, modifiers));
        let shift = KeyModifiers::SHIFT;
        assert_eq!(event(KeyCode::Char('?'), shift), Press::parse("?").unwrap());
        assert_eq!(event(KeyCode::BackTab, KeyModifiers::NONE), Press::parse("shift-tab").unwrap());
        let control = KeyModifiers::CONTROL | shift;
        assert_eq!(event(KeyCode::Char('Y'), control), Press::parse("ctrl-y").unwrap());
        assert_eq!(event(KeyCode::Char('한'), KeyModifiers::NONE).character(), Some('한'));
    }
}
