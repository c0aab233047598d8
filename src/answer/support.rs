//! Sentences of an answer that name no source; pure.

use unicode_segmentation::UnicodeSegmentation;

/// Shorter sentences state nothing.
const MIN_WORDS: usize = 3;

/// Where sentences without a citation stand, as [start, end) in Unicode characters.
///
/// Code, headings and lines that lead to a list are no statements.
pub fn unsupported(answer: &str) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let mut fence: Option<char> = None;
    let mut characters = 0;
    for line in answer.split_inclusive('\n') {
        let bare = line.trim_start();
        let marks =
            ['`', '~'].into_iter().find(|mark| bare.starts_with(&mark.to_string().repeat(3)));
        let was_code = fence.is_some();
        match (fence, marks) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        if !was_code && fence.is_none() && !is_lead(line) {
            found.extend(in_line(line).map(|(start, end)| (start + characters, end + characters)));
        }
        characters += length(line);
    }
    found
}

fn is_lead(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('#') || line.ends_with(':')
}

/// A citation behind the full stop belongs to the sentence before it.
fn in_line(line: &str) -> impl Iterator<Item = (u32, u32)> {
    let mut sentences: Vec<(usize, String)> = Vec::new();
    for (at, sentence) in line.split_sentence_bound_indices() {
        let rest = sentence.trim_start();
        let markers = leading_markers(rest);
        match sentences.last_mut() {
            Some((_, last)) if markers > 0 => {
                last.push_str(&rest[..markers]);
                let skipped = sentence.len() - rest.len() + markers;
                sentences.push((at + skipped, sentence[skipped..].to_owned()));
            }
            _ => sentences.push((at, sentence.to_owned())),
        }
    }
    let line = line.to_owned();
    sentences.into_iter().filter_map(move |(at, sentence)| {
        let is_statement = sentence.unicode_words().count() >= MIN_WORDS;
        (is_statement && !has_marker(&sentence)).then(|| {
            let begin = at + sentence.len() - sentence.trim_start().len();
            let start = length(&line[..begin]);
            (start, start + length(sentence.trim()))
        })
    })
}

/// The length of the citations that a text begins with, in bytes.
fn leading_markers(text: &str) -> usize {
    let mut length = 0;
    while let Some(inside) = text[length..].strip_prefix('[') {
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || !inside[digits..].starts_with(']') {
            break;
        }
        length += digits + 2;
    }
    length
}

fn has_marker(sentence: &str) -> bool {
    sentence.char_indices().any(|(at, c)| c == '[' && leading_markers(&sentence[at..]) > 0)
}

fn length(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(answer: &str) -> Vec<String> {
        let cut = |(start, end): (u32, u32)| {
            answer.chars().skip(start as usize).take((end - start) as usize).collect()
        };
        unsupported(answer).into_iter().map(cut).collect()
    }

    #[test]
    fn sentences_without_a_citation_are_found() {
        assert_eq!(
            texts("Leave is 25 days [1]. It can be carried over. Ask HR about it. [2] Thanks!"),
            ["It can be carried over."]
        );
        assert_eq!(
            texts("연차는 25일입니다 [1]. 남은 연차는 내년으로 이월됩니다."),
            ["남은 연차는 내년으로 이월됩니다."]
        );
    }

    #[test]
    fn code_headings_and_leads_state_nothing() {
        let answer = "# The steps of it\nDo these three things:\n```\nlet a = all the things\n```\n- Run it now [1]\n";
        assert_eq!(texts(answer), [""; 0]);
        assert_eq!(texts("~~~\nall the code of it\n```\nmore of the code\n~~~\n"), [""; 0]);
    }

    #[test]
    fn places_count_characters_over_several_lines() {
        assert_eq!(
            texts("예 [1].\n\n그것은 사실이 아닙니다 정말로."),
            ["그것은 사실이 아닙니다 정말로."]
        );
    }
}
