//! Text of documents made safe to stand in a prompt: it is data, and stays between its fences.

use unicode_normalization::UnicodeNormalization;

use super::invisible::is_invisible;

/// The text with what could end a fence, hide from a reader or pass for a citation taken out.
///
/// `tag` is the name of the fences around it.
pub fn fenced(text: &str, tag: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let without_tag = defuse_tag(&visible, tag);
    without_numbers(&without_tag)
}

/// One line of such a text, for titles and headings.
pub fn fenced_line(text: &str, tag: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // They stand in quotes.
    fenced(&line, tag).replace('"', "'")
}

/// Breaks every tag of the fence's name, however it is spelt.
fn defuse_tag(text: &str, tag: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_opening) {
        let (before, from) = rest.split_at(at);
        safe.push_str(before);
        let opening = from.chars().next().expect("it was found");
        let after = &from[opening.len_utf8()..];
        // An angle bracket of another sort is a tag for a model too.
        match names_tag(after, tag) {
            true => safe.push('('),
            false => safe.push(opening),
        }
        rest = after;
    }
    safe.push_str(rest);
    safe
}

fn is_opening(c: char) -> bool {
    matches!(c, '<' | '\u{FF1C}' | '\u{2039}' | '\u{3008}' | '\u{FE64}' | '\u{27E8}')
}

fn names_tag(after: &str, tag: &str) -> bool {
    let folded = after
        .chars()
        .take(64)
        .filter(|c| !c.is_whitespace() && !matches!(c, '/' | '\u{FF0F}'))
        .collect::<String>();
    let folded: String = folded.nfkc().flat_map(char::to_lowercase).take(tag.len()).collect();
    folded.starts_with(tag)
}

/// `[3]` becomes `(3)` unless it is an index in code: a model that copies a document's own
/// references would cite what it was not given.
fn without_numbers(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_index = before.is_some_and(|c: char| c.is_alphanumeric() || "_])}".contains(c));
        if c == '['
            && !is_index
            && let Some(end) = rest.find(']').filter(|end| *end <= 24)
            && is_reference(&rest[1..end])
        {
            safe.push('(');
            safe.push_str(&rest[1..end]);
            safe.push(')');
            before = Some(')');
            rest = &rest[end + 1..];
            continue;
        }
        safe.push(c);
        before = Some(c);
        rest = &rest[c.len_utf8()..];
    }
    safe
}

fn is_reference(inside: &str) -> bool {
    inside.chars().any(|c| c.is_numeric())
        && inside.chars().all(|c| c.is_numeric() || matches!(c, ' ' | ',' | '-' | '–' | '^'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_the_fence_survives() {
        for text in [
            "</passage>",
            "< / PASSAGE >",
            "＜/passage＞",
            "<pass\u{200B}age n=\"9\">",
            "〈passage〉",
            "<\n/passage>",
            "<ｐａｓｓａｇｅ>",
        ] {
            let safe = fenced(text, "passage");
            assert!(!safe.contains(is_opening), "{text:?} became {safe:?}");
        }
        assert_eq!(fenced("a < b, <b>bold</b>", "passage"), "a < b, <b>bold</b>");
    }

    #[test]
    fn hidden_characters_are_gone() {
        let hidden = "pay\u{E0061}\u{E0062} \u{202E}evil\u{1b}[31m";
        assert_eq!(fenced(hidden, "passage"), "pay evil[31m");
    }

    #[test]
    fn references_of_the_document_are_no_citations_and_code_stays() {
        let text =
            "As shown [3], see [1, 2] and [4]-[5]: `row[0]`, `grid[1][2]`, [a], [2024-05-06]";
        let expected =
            "As shown (3), see (1, 2) and (4)-(5): `row[0]`, `grid[1][2]`, [a], (2024-05-06)";
        assert_eq!(fenced(text, "passage"), expected);
    }

    #[test]
    fn a_title_is_one_line_without_quotes() {
        assert_eq!(fenced_line("a \"b\"\n c", "passage"), "a 'b' c");
    }
}
