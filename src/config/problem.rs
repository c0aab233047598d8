//! Everything that is wrong with a configuration, collected to be told at once.

use std::collections::BTreeSet;

use super::value::Origin;
use crate::error::{Error, Result};

/// So many problems are told; the rest is counted.
const SHOWN: usize = 50;

/// Longer words are neither echoed whole nor compared with the valid keys, in characters.
const LONGEST_WORD: usize = 64;

/// What is wrong, so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    lines: Vec<(Origin, String)>,
    has_unknown: bool,
}

impl Problems {
    /// Notes a problem of the value at a key.
    pub(super) fn add(&mut self, origin: &Origin, key: &str, message: &str) {
        self.add_general(origin, &format!("`{}`: {message}", brief(key)));
    }

    /// Notes a problem that belongs to no key.
    pub(super) fn add_general(&mut self, origin: &Origin, message: &str) {
        let message = message.chars().map(printable).collect();
        self.lines.push((origin.clone(), message));
    }

    /// Notes a key that does not exist, with the nearest one of `known`.
    pub(super) fn add_unknown(&mut self, origin: &Origin, key: &str, known: &BTreeSet<String>) {
        self.has_unknown = true;
        // Comparing takes time, and nobody reads more than what is shown.
        if self.lines.len() >= SHOWN {
            return self.add(origin, key, "no such key");
        }
        let message = match nearest(key, known) {
            Some(near) => format!("no such key; did you mean `{}`?", origin.spell(near)),
            None => format!("no such key; valid here: {}", valid_beside(key, known)),
        };
        self.add(origin, key, &message);
    }

    /// Fails with one line for each problem, in the order of the file.
    pub(super) fn into_result(mut self) -> Result<()> {
        self.lines.sort();
        let total = self.lines.len();
        let mut message = match total {
            0 => return Ok(()),
            1 => String::from("the configuration has a problem:"),
            _ => format!("the configuration has {total} problems:"),
        };
        for (origin, line) in self.lines.iter().take(SHOWN) {
            message.push_str(&format!("\n  {origin}: {line}"));
        }
        if total > SHOWN {
            message.push_str(&format!("\n  and {} more", total - SHOWN));
        }
        let explained = "`ragterm config init` writes a file that explains each key";
        let version = env!("CARGO_PKG_VERSION");
        Err(Error::usage(message).hint(match self.has_unknown {
            true => format!(
                "a newer ragterm may have written it: this is ragterm {version}, so update it or take the \
                 key out; {explained}"
            ),
            false => explained.to_owned(),
        }))
    }
}

/// The valid key that somebody who wrote `key` most likely meant.
pub(super) fn nearest<'a>(key: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    if key.chars().count() > LONGEST_WORD {
        return None;
    }
    let key = without_numbers(key);
    let (parent, leaf) = split(&key);
    let beside = known.iter().filter(|other| split(other).0 == parent);
    most_similar(beside, 0.5, |other| strsim::normalized_damerau_levenshtein(leaf, split(other).1))
        .or_else(|| known.iter().find(|other| split(other).1 == leaf && other.contains('.')))
        .or_else(|| {
            let similarity = |other: &str| strsim::normalized_damerau_levenshtein(&key, other);
            most_similar(known.iter(), 0.7, similarity)
        })
        .map(String::as_str)
}

fn most_similar<'a>(
    candidates: impl Iterator<Item = &'a String>,
    least: f64,
    similarity: impl Fn(&str) -> f64,
) -> Option<&'a String> {
    candidates
        .map(|candidate| (similarity(candidate), candidate))
        .filter(|(score, _)| *score >= least)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

fn valid_beside(key: &str, known: &BTreeSet<String>) -> String {
    let key = without_numbers(key);
    let (parent, _) = split(&key);
    let parent = if known.contains(parent) { parent } else { "" };
    let names = known.iter().filter(|other| split(other).0 == parent);
    names.map(|name| format!("`{}`", split(name).1)).collect::<Vec<_>>().join(", ")
}

/// `index.workers` is `workers` in `index`.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// `sources[3].path` as `sources.path`: the items of a list have the same keys.
pub(super) fn without_numbers(key: &str) -> String {
    let mut depth = 0_usize;
    key.chars()
        .filter(|character| {
            depth += usize::from(*character == '[');
            let keep = depth == 0;
            depth -= usize::from(*character == ']' && depth > 0);
            keep
        })
        .collect()
}

/// Short enough to repeat in a message, and harmless to a terminal.
pub(super) fn brief(text: &str) -> String {
    let mut brief: String = text.chars().take(LONGEST_WORD).map(printable).collect();
    if text.chars().nth(LONGEST_WORD).is_some() {
        brief.push('…');
    }
    brief
}

fn printable(character: char) -> char {
    if character.is_control() { char::REPLACEMENT_CHARACTER } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<String> {
        let keys = ["index", "index.workers", "index.ignore", "search", "search.limit"];
        keys.map(String::from).into()
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_key() {
        assert_eq!(nearest("index.wrokers", &known()), Some("index.workers"));
        assert_eq!(nearest("indx", &known()), Some("index"));
    }

    #[test]
    fn a_key_in_the_wrong_section_finds_the_right_one() {
        assert_eq!(nearest("search.workers", &known()), Some("index.workers"));
        assert_eq!(nearest("limit", &known()), Some("search.limit"));
    }

    #[test]
    fn a_foreign_word_suggests_nothing() {
        assert_eq!(nearest("index.zzzzzzzzzzzz", &known()), None);
        assert_eq!(nearest(&"a".repeat(1_000_000), &known()), None);
        assert_eq!(valid_beside("index.zzz", &known()), "`ignore`, `workers`");
    }

    #[test]
    fn numbers_of_items_are_left_out() {
        assert_eq!(without_numbers("sources[12].path"), "sources.path");
        assert_eq!(without_numbers("a]b[c"), "a]b");
    }

    #[test]
    fn many_problems_are_counted_rather_than_told() {
        let mut problems = Problems::default();
        for _ in 0..1_000 {
            problems.add_unknown(&Origin::Flag, "nothing\u{1b}[2J", &known());
        }
        let message = problems.into_result().unwrap_err().to_string();
        assert_eq!(message.lines().count(), 52);
        assert!(message.ends_with("and 950 more"));
        assert!(!message.contains('\u{1b}'));
    }
}
