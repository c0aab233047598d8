//! Addresses in an answer: only those that the caller could read in the passages are let through.

use std::collections::HashSet;

/// An address longer than this is none.
pub const MAX_ADDRESS: usize = 2_048;

/// What stands in place of an address that is not known.
pub const REMOVED: &str = "(address removed)";

const SCHEMES: [&str; 5] = ["https://", "http://", "ftp://", "file://", "www."];

/// The addresses that an answer may name.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    known: HashSet<String>,
}

impl Addresses {
    /// All addresses in the given texts.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut known = HashSet::new();
        for text in texts {
            let mut rest = text;
            while let Some((at, _)) = next(rest) {
                let length = rest[at..].find(is_end).unwrap_or(rest.len() - at);
                known.insert(bare(&rest[at..at + length]).to_owned());
                rest = &rest[at + length.max(1)..];
            }
        }
        Self { known }
    }

    /// Whether an address stands in one of the texts, as a whole.
    pub fn know(&self, address: &str) -> bool {
        let bare = bare(address);
        bare.len() <= MAX_ADDRESS && self.known.contains(bare)
    }
}

/// Where the first address begins, and the length of its scheme.
fn next(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter(|at| text.is_char_boundary(*at)).find_map(|at| {
        let scheme = scheme_at(&bytes[at..])?;
        Some((at, scheme))
    })
}

/// The length of the scheme that the text begins with.
pub fn scheme_at(text: &[u8]) -> Option<usize> {
    let begins = |scheme: &&&str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    SCHEMES.iter().find(begins).map(|scheme| scheme.len())
}

/// Whether the text could become a scheme with more characters.
pub fn may_become_scheme(text: &str) -> bool {
    let could = |scheme: &&str| {
        let start = scheme.get(..text.len());
        text.len() < scheme.len() && start.is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    !text.is_empty() && SCHEMES.iter().any(could)
}

/// Whether an address ends before this character.
pub fn is_end(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '"' | '\'' | '`' | ')' | ']' | '}' | '|' | '\\')
        || ('\u{3000}'..='\u{303F}').contains(&c)
}

/// An address without the punctuation of the sentence around it.
fn bare(address: &str) -> &str {
    address.trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_as_a_whole_only() {
        let addresses = Addresses::of([
            "See https://wiki.example/leave, or <HTTP://Old.example/a>.",
            "주소는 http://hr.example/연차입니다 그리고 www.example.org/x)",
        ]);
        assert!(addresses.know("https://wiki.example/leave"));
        assert!(addresses.know("https://wiki.example/leave."));
        assert!(addresses.know("HTTP://Old.example/a"));
        assert!(addresses.know("www.example.org/x"));
        assert!(!addresses.know("https://wiki.example/leave?q=secret"));
        assert!(!addresses.know("https://wiki.example/"));
        assert!(!addresses.know("https://evil.example/"));
    }

    #[test]
    fn a_scheme_is_known_from_its_first_letters() {
        assert!(may_become_scheme("h") && may_become_scheme("HTTPS:/"));
        assert!(
            !may_become_scheme("hx") && !may_become_scheme("https://") && !may_become_scheme("")
        );
    }
}
