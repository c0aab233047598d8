//! Quotes and minus signs of a query: which stretches are words, phrases and exclusions.

/// How a stretch of the query is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Words,
    Phrase,
    Exclusion,
}

/// A stretch of the query's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clause<'q> {
    pub mark: Mark,
    pub text: &'q str,
}

/// Divides a query; a quote that is never closed is an ordinary character.
pub(super) fn clauses(text: &str) -> Vec<Clause<'_>> {
    let mut found = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let opens = text[..at].chars().next_back().is_none_or(char::is_whitespace);
        let special = if opens { special(&text[at..]) } else { None };
        let Some((mark, inner, length)) = special else {
            at += c.len_utf8();
            continue;
        };
        push(&mut found, Mark::Words, &text[plain..at]);
        push(&mut found, mark, inner);
        at += length;
        plain = at;
    }
    push(&mut found, Mark::Words, &text[plain..]);
    found
}

fn push<'q>(found: &mut Vec<Clause<'q>>, mark: Mark, text: &'q str) {
    if !text.is_empty() {
        found.push(Clause { mark, text });
    }
}

/// A phrase or an exclusion at the start of `text`: its mark, its inside, its length in bytes.
fn special(text: &str) -> Option<(Mark, &str, usize)> {
    if let Some((inner, length)) = quoted(text) {
        return Some((Mark::Phrase, inner, length));
    }
    let rest = text.strip_prefix('-')?;
    if let Some((inner, length)) = quoted(rest) {
        return Some((Mark::Exclusion, inner, length + 1));
    }
    // `--flag` and a lone `-` are no exclusions.
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    let excludes = word.chars().next().is_some_and(char::is_alphanumeric) || word.starts_with('.');
    excludes.then_some((Mark::Exclusion, word, word.len() + 1))
}

/// What stands between the quote at the start of `text` and the next, and the length of all.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let open = text.chars().next().filter(|c| is_quote(*c))?;
    let inner = &text[open.len_utf8()..];
    let end = inner.find(is_quote)?;
    let close = inner[end..].chars().next()?;
    Some((&inner[..end], open.len_utf8() + end + close.len_utf8()))
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '＂')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str) -> Vec<(Mark, &str)> {
        clauses(text).into_iter().map(|clause| (clause.mark, clause.text)).collect()
    }

    #[test]
    fn quotes_and_minus_signs_are_told_apart() {
        assert_eq!(
            marks("annual \"carry over\" -draft -\"old rules\" days"),
            [
                (Mark::Words, "annual "),
                (Mark::Phrase, "carry over"),
                (Mark::Words, " "),
                (Mark::Exclusion, "draft"),
                (Mark::Words, " "),
                (Mark::Exclusion, "old rules"),
                (Mark::Words, " days"),
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_plain_text() {
        assert_eq!(marks("5\" \"disk"), [(Mark::Words, "5\" \"disk")]);
    }

    #[test]
    fn hyphens_inside_words_and_flags_exclude_nothing() {
        assert_eq!(marks("Get-Item --force - x"), [(Mark::Words, "Get-Item --force - x")]);
    }
}
