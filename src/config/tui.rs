//! `[tui]`: how the terminal client looks, and its keys.

use std::collections::BTreeMap;

use ragterm_tui::{Keys, Theme};

use super::parse::{text, texts};
use super::reader::Section;

/// `[tui]`: the terminal client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tui {
    /// How it looks.
    pub theme: Theme,
    /// The keys of each action; valid together.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Tui {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let theme = section.take("theme", "terminal", |value| Theme::named(&text(value)?));
        let keys = section.inside("keys", |section| {
            let usual = Keys::usual().map(|(name, _, keys)| (name.to_owned(), strings(keys)));
            let keys: BTreeMap<_, _> = Keys::usual()
                .map(|(name, _, keys)| (name.to_owned(), section.take(name, keys, texts)))
                .collect();
            // Only what differs from the usual keys is chosen.
            let usual: BTreeMap<_, _> = usual.collect();
            let chosen = keys.iter().filter(|(name, keys)| usual.get(*name) != Some(*keys));
            let chosen = chosen.map(|(name, keys)| (name.clone(), keys.clone())).collect();
            for (name, problem) in Keys::new(&chosen).err().unwrap_or_default() {
                section.reject(&name, &problem);
            }
            chosen
        });
        Self { theme, keys }
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}
