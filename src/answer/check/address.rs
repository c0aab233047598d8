//! Addresses in an answer: only those that the caller could read in the passages are let through.

use std::collections::HashSet;

/// An address longer than this is none.
pub const MAX_ADDRESS: usize = 2_048;

/// What stands in place of an address that is not known.
pub const REMOVED: &str = "(address removed)";

/// What addresses begin with, whatever follows.
const SCHEMES: [&str; 12] = [
    "https:",
    "http:",
    "ftp://",
    "file:/",
    "mailto:",
    "javascript:",
    "data:text/",
    "data:image/",
    "data:application/",
    "data:,",
    "data:;",
    "www.",
];

/// An address may end before these, as the sentence around it has them too.
const SOFT_ENDS: [char; 13] = [')', ']', '}', '\'', '|', '`', '\\', '[', '(', '{', ',', ';', '*'];

/// So many of them are looked at in one address.
const MAX_SOFT_ENDS: usize = 16;

/// The addresses that an answer may name.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    known: HashSet<String>,
}

/// Whether an address begins here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// It does, so many bytes before.
    Here {
        before: usize,
    },
    /// More text decides.
    Unsure,
    Not,
}

impl Addresses {
    /// All addresses in the given texts.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut known = HashSet::new();
        for text in texts {
            let mut end = 0;
            for (at, c) in text.char_indices() {
                if at < end || !"hfmjdw:/".contains(c.to_ascii_lowercase()) {
                    continue;
                }
                let start = text.floor_char_boundary(at.saturating_sub(super::TAIL));
                let Begins::Here { before } = begins(&text[start.max(end)..at], &text[at..]) else {
                    continue;
                };
                end = at + length(&text[at..]).unwrap_or(text.len() - at);
                let whole = &text[at - before..end];
                known.extend(prefixes(whole).map(|part| shown(part).to_owned()));
                known.insert(shown(whole).to_owned());
            }
        }
        Self { known }
    }

    /// Whether an address stands in one of the texts, as a whole.
    pub fn know(&self, address: &str) -> bool {
        let address = shown(address);
        address.len() <= MAX_ADDRESS && self.known.contains(address)
    }

    /// How many bytes of the text are an address that stands in one of the texts, when nothing
    /// follows that a link could take in.
    pub fn known_part(&self, text: &str) -> Option<usize> {
        if self.know(text) {
            return Some(shown(text).len());
        }
        let is_known = |part: &&str| self.know(part) && is_punctuation(&text[shown(part).len()..]);
        prefixes(text).find(is_known).map(|part| shown(part).len())
    }
}

/// Whether an address begins with `rest`, or with letters at the end of what stands before it.
pub fn begins(before: &str, rest: &str) -> Begins {
    let has_spelt = |scheme: &&&str| starts_with(rest, scheme);
    if may_become_scheme(rest) {
        return Begins::Unsure;
    }
    if let Some(scheme) = SCHEMES.iter().find(has_spelt) {
        return match rest[scheme.len()..].chars().next() {
            None => Begins::Unsure,
            Some(c) if is_end(c) => Begins::Not,
            Some(_) => Begins::Here { before: 0 },
        };
    }
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
    let word = before.len() - before.trim_end_matches(is_scheme).len();
    let is_reference =
        before.ends_with(['"', '\'', '=', '(']) || before.trim_end_matches(' ').ends_with("]:");
    match rest {
        ":" | ":/" if word > 0 => Begins::Unsure,
        _ if word > 0 && rest.starts_with("://") => Begins::Here { before: word },
        "/" | "//" if is_reference => Begins::Unsure,
        _ if is_reference && rest.starts_with("//") => {
            match rest[2..].starts_with(char::is_alphanumeric) {
                true => Begins::Here { before: 0 },
                false => Begins::Not,
            }
        }
        _ => Begins::Not,
    }
}

/// The length of the address that the text begins with, and of all that a link could take in;
/// `None` when more of it may follow.
pub fn length(text: &str) -> Option<usize> {
    let near = &text[..text.floor_char_boundary(MAX_ADDRESS)];
    let end = near.find(is_end);
    end.or((near.len() < text.len()).then_some(near.len()))
}

/// Whether a text begins with the scheme of an address.
pub fn has_scheme(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| starts_with(text, scheme)) || text.contains("://")
}

/// An address without the punctuation of the sentence around it.
pub fn shown(address: &str) -> &str {
    address.trim_end_matches([
        '.', ',', ';', ':', '!', '?', '*', '_', ')', ']', '}', '\'', '|', '`', '\\',
    ])
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Whether the text could become a scheme with more characters.
fn may_become_scheme(text: &str) -> bool {
    let could = |scheme: &&str| {
        let start = scheme.get(..text.len());
        text.len() < scheme.len() && start.is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    !text.is_empty() && SCHEMES.iter().any(could)
}

/// Whether no link goes on behind this character.
fn is_end(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '"' | '“' | '”')
        || ('\u{3000}'..='\u{303F}').contains(&c)
}

/// What an address could be, as the sentence around it may have begun again.
fn prefixes(address: &str) -> impl Iterator<Item = &str> {
    address.match_indices(SOFT_ENDS).take(MAX_SOFT_ENDS).map(|(at, _)| &address[..at])
}

/// Whether a text is punctuation and citations alone.
fn is_punctuation(text: &str) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let inside = rest.strip_prefix('[').unwrap_or_default();
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        if (1..=3).contains(&digits) && inside[digits..].starts_with(']') {
            rest = &inside[digits + 1..];
        } else if SOFT_ENDS.contains(&c) || matches!(c, '.' | ':' | '!' | '?' | '_') {
            rest = &rest[c.len_utf8()..];
        } else {
            return false;
        }
    }
    true
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
    fn what_follows_an_address_may_not_be_taken_in_by_a_link() {
        let addresses =
            Addresses::of(["[form](https://hr.example/leave)의 https://evil.example/?q="]);
        let part = |text| addresses.known_part(text);
        assert_eq!(part("https://hr.example/leave"), Some(24));
        assert_eq!(part("https://hr.example/leave)[1]."), Some(24));
        assert_eq!(part("https://evil.example/?q='SECRET'"), None);
        assert_eq!(part("https://evil.example/?q=|secret"), None);
        assert_eq!(part("https://hr.example/leave에서"), None);
    }

    #[test]
    fn addresses_of_all_sorts_are_seen() {
        use Begins::{Here, Not, Unsure};
        for (before, rest, expected) in [
            ("", "https://a", Here { before: 0 }),
            ("", "HTTP:evil.example", Here { before: 0 }),
            ("at smb", "://evil/x", Here { before: 3 }),
            ("at smb", ":/", Unsure),
            ("", "mailto:a@b", Here { before: 0 }),
            ("", "javascript:x()", Here { before: 0 }),
            ("", "data:text/html", Here { before: 0 }),
            ("<a href=", "//evil.example", Here { before: 0 }),
            ("[y]: ", "//evil.example", Here { before: 0 }),
            ("x = 1 ", "// a comment", Not),
            ("", "data: the numbers", Not),
            ("note", ": this", Not),
            ("", "http", Unsure),
            ("", "www.", Unsure),
            ("", "with", Not),
        ] {
            assert_eq!(begins(before, rest), expected, "{before:?} {rest:?}");
        }
    }
}
