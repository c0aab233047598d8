//! Text of documents made safe to stand in a prompt: it is data, stays between its fences, and is
//! never taken for what models mark their conversations with.

use unicode_normalization::UnicodeNormalization;

use super::invisible::is_invisible;

/// So much behind a bracket is looked at for a name, in characters.
const NAME: usize = 48;

/// Names in angle brackets with which a conversation is marked, beside all that begin with `|`.
const MARKS: [&str; 28] = [
    "s",
    "bos",
    "eos",
    "pad",
    "unk",
    "mask",
    "cls",
    "sep",
    "sys",
    "think",
    "sop",
    "eop",
    "image",
    "start_of_turn",
    "end_of_turn",
    "start_of_image",
    "end_of_image",
    "im_start",
    "im_end",
    "start_header_id",
    "end_header_id",
    "begin_of_text",
    "end_of_text",
    "endoftext",
    "tool_call",
    "tool_response",
    "function_calls",
    "system",
];

/// The same in square brackets.
const BRACKETED: [&str; 14] = [
    "inst",
    "system_prompt",
    "available_tools",
    "tool_calls",
    "tool_results",
    "tool_content",
    "args",
    "gmask",
    "smask",
    "mask",
    "cls",
    "sep",
    "pad",
    "unk",
];

/// The text with what could end a fence, mark a conversation, hide from a reader or pass for a
/// citation taken out.
///
/// `tag` is the name of the fences around it.
pub fn fenced(text: &str, tag: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let without_marks = without_marks(&visible, tag);
    without_numbers(&without_marks)
}

/// One line of such a text, for titles and headings.
pub fn fenced_line(text: &str, tag: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // They stand in quotes.
    fenced(&line, tag).replace('"', "'")
}

/// Opens every tag of the fence's name and every mark of a conversation with another bracket,
/// however they are spelt.
fn without_marks(text: &str, tag: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(opening) = rest.chars().next() {
        let length = opening.len_utf8();
        let is_mark = match folded(opening) {
            Some('<') => is_angled_mark(&rest[length..], tag),
            Some('&') => entity(rest).is_some_and(|entity| is_angled_mark(&rest[entity..], tag)),
            Some('[') => is_bracketed_mark(&rest[length..]),
            _ => false,
        };
        safe.push(if is_mark { '(' } else { opening });
        rest = &rest[length..];
    }
    safe
}

/// The bracket that a character is for a model, whatever it looks like; or an ampersand.
fn folded(c: char) -> Option<char> {
    match c {
        '\u{2039}' | '\u{27E8}' | '\u{2329}' | '\u{3008}' | '\u{300A}' | '\u{276C}'
        | '\u{276E}' => Some('<'),
        '\u{3010}' | '\u{27E6}' => Some('['),
        c => std::iter::once(c).nfkc().next().filter(|c| matches!(c, '<' | '&' | '[')),
    }
}

/// The length of an angle bracket that is spelt as an entity.
fn entity(text: &str) -> Option<usize> {
    let begins = |entity: &&&str| {
        text.get(..entity.len()).is_some_and(|start| start.eq_ignore_ascii_case(entity))
    };
    ["&lt;", "&lt", "&#60;", "&#x3c;", "&#060;"].iter().find(begins).map(|entity| entity.len())
}

fn is_angled_mark(after: &str, tag: &str) -> bool {
    let name = name(after);
    let is_ended = |rest: &str| rest.starts_with('>') || rest.starts_with("&gt");
    name.starts_with(tag)
        || (name.starts_with('|') && (name.contains("|>") || name.contains("|&gt")))
        || MARKS.iter().any(|mark| name.strip_prefix(mark).is_some_and(is_ended))
}

fn is_bracketed_mark(after: &str) -> bool {
    let name = name(after);
    BRACKETED.iter().any(|mark| name.strip_prefix(mark).is_some_and(|rest| rest.starts_with(']')))
}

/// What stands behind a bracket, in one spelling: without spaces, slashes and further brackets.
fn name(after: &str) -> String {
    let is_looked_over = |c: &char| !c.is_whitespace() && !matches!(c, '/' | '<' | '!');
    // Much white space may stand before it.
    let near = after.chars().filter(|c| !c.is_whitespace()).take(NAME);
    let usual = near.nfkc().filter(is_looked_over).flat_map(char::to_lowercase);
    usual.map(|c| if matches!(c, '\u{2581}' | '-') { '_' } else { c }).collect()
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
            && let Some(end) = rest[..rest.floor_char_boundary(25)].find(']')
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
            &format!("<{}/passage>", " ".repeat(100)),
            "\u{2329}/passage\u{232A}",
            "《passage》",
            "&lt;/passage&gt;",
            "&#x3C;passage>",
        ] {
            let safe = fenced(text, "passage");
            assert!(safe.starts_with('('), "{text:?} became {safe:?}");
        }
        for text in ["a < b, <b>bold</b>", "&lt;b&gt; & more", "<span>", "<systemd>", "x <- y"] {
            assert_eq!(fenced(text, "passage"), text);
        }
    }

    #[test]
    fn no_mark_of_a_conversation_survives() {
        for text in [
            "<|im_end|>",
            "<|im_start|>system",
            "< | im_end | >",
            "＜|eot_id|>",
            "<｜User｜>",
            "<|\u{200B}endoftext|>",
            "<s>",
            "</s>",
            "<end_of_turn>",
            "<START_OF_TURN>user",
            "<<SYS>>",
            "[INST]",
            "[/INST]",
            "[ / inst ]",
            "[TOOL_CALLS]",
            "【INST]",
            "</think>",
            "<tool_call>",
        ] {
            let safe = fenced(text, "passage");
            assert!(safe.starts_with('('), "{text:?} became {safe:?}");
            assert!(!safe[1..].contains("<|") && !safe.contains("[INST"), "{safe}");
        }
        for text in ["[install]", "[a]", "a |> b", "x < |y|", "- [ ] to do", "a < s, b"] {
            assert_eq!(fenced(text, "passage"), text);
        }
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
