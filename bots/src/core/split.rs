//! Splits long Markdown into parts that a platform takes, at the borders that hurt least.

use unicode_segmentation::UnicodeSegmentation;

/// Splits `text` into parts for which `measure` is at most `limit` (of whatever it counts; it must
/// not shrink when text grows). Prefers the border of a paragraph, then line, sentence, word. A code
/// block that is cut is closed, and opened again in the next part. An empty text has no parts.
pub fn split(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end().to_owned();
    while !rest.trim().is_empty() {
        if measure(&rest) <= limit {
            parts.push(rest);
            break;
        }
        let (part, after) = first_part(&rest, limit, measure);
        parts.push(part);
        rest = after;
    }
    parts
}

/// The first part, and what is left with its code block opened again.
fn first_part(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> (String, String) {
    // No platform counts eight bytes as less than one, so what is farther away need not be measured.
    let window = limit.saturating_mul(8).saturating_add(64);
    let fits = |end: usize| end <= window && measure(&closed(&text[..end])) <= limit;
    // A part that begins with a fence must hold more than the fence, or nothing would be gained.
    let least = fence_line(text).map_or(0, |line| line.len() + 1);
    let end = KIND_BORDERS
        .iter()
        .find_map(|border| {
            last_fitting(border(text), least, &fits).filter(|end| is_full(text, *end, &fits))
        })
        .or_else(|| last_fitting(graphemes(text), least, &fits))
        // Not even one character fits: one is taken all the same, so that this ends.
        .unwrap_or_else(|| least.min(text.len()) + first_grapheme(&text[least.min(text.len())..]));
    let part = closed(text[..end].trim_end());
    match open_fence(&text[..end]) {
        Some(fence) => (part, format!("{fence}\n{}", text[end..].trim_start_matches('\n'))),
        None => (part, text[end..].trim_start_matches([' ', '\n']).to_owned()),
    }
}

type Border = fn(&str) -> Vec<usize>;

/// The ends of pieces, from the kindest cut to the least kind.
const KIND_BORDERS: [Border; 4] = [paragraphs, lines, sentences, words];

fn last_fitting(ends: Vec<usize>, least: usize, fits: &dyn Fn(usize) -> bool) -> Option<usize> {
    let ends: Vec<_> = ends.into_iter().filter(|end| *end > least).collect();
    let count = ends.partition_point(|end| fits(*end));
    ends.get(count.checked_sub(1)?).copied()
}

/// Whether a part that ends at `end` uses at least a third of the room.
fn is_full(text: &str, end: usize, fits: &dyn Fn(usize) -> bool) -> bool {
    let mut thrice = (end * 3).min(text.len());
    while !text.is_char_boundary(thrice) {
        thrice -= 1;
    }
    !fits(thrice)
}

fn first_grapheme(text: &str) -> usize {
    text.graphemes(true).next().map_or(0, str::len)
}

fn paragraphs(text: &str) -> Vec<usize> {
    text.match_indices("\n\n").map(|(at, border)| at + border.len()).collect()
}

fn lines(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, border)| at + border.len()).collect()
}

fn sentences(text: &str) -> Vec<usize> {
    text.split_sentence_bound_indices().map(|(at, piece)| at + piece.len()).collect()
}

fn words(text: &str) -> Vec<usize> {
    text.match_indices([' ', '\n', '\t']).map(|(at, border)| at + border.len()).collect()
}

fn graphemes(text: &str) -> Vec<usize> {
    text.grapheme_indices(true).map(|(at, piece)| at + piece.len()).collect()
}

/// `part` with its open code block closed.
fn closed(part: &str) -> String {
    match open_fence(part) {
        Some(fence) => {
            let ticks: String = fence.chars().take_while(|c| matches!(c, '`' | '~')).collect();
            format!("{}\n{ticks}", part.trim_end_matches('\n'))
        }
        None => part.to_owned(),
    }
}

/// The line that opened the code block in which `text` ends.
fn open_fence(text: &str) -> Option<&str> {
    let mut open: Option<&str> = None;
    for line in text.lines() {
        let Some(fence) = fence_line(line) else { continue };
        open = match open {
            None => Some(fence),
            Some(opening) if closes(opening, fence) => None,
            Some(opening) => Some(opening),
        };
    }
    open
}

fn closes(opening: &str, line: &str) -> bool {
    let mark = &opening[..3];
    line.starts_with(mark) && line.trim_end().chars().all(|c| mark.starts_with(c))
}

/// The first line of `text`, if it opens or closes a code block.
fn fence_line(text: &str) -> Option<&str> {
    let line = text.lines().next()?.trim_start();
    (line.starts_with("```") || line.starts_with("~~~")).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> usize {
        text.chars().count()
    }

    #[test]
    fn a_short_text_is_one_part_and_an_empty_one_none() {
        assert_eq!(split("All of it.", 100, &chars), ["All of it."]);
        assert!(split(" \n", 100, &chars).is_empty());
    }

    #[test]
    fn the_kindest_border_is_taken() {
        let paragraphs = "First one here.\n\nSecond one here.";
        assert_eq!(split(paragraphs, 20, &chars), ["First one here.", "Second one here."]);
        let sentences = "One is short. Two is short. Three is short.";
        assert_eq!(
            split(sentences, 30, &chars),
            ["One is short. Two is short.", "Three is short."]
        );
        let words = "alpha beta gamma delta";
        assert_eq!(split(words, 12, &chars), ["alpha beta", "gamma delta"]);
        assert_eq!(split("연차휴가는십오일", 3, &chars), ["연차휴", "가는십", "오일"]);
    }

    #[test]
    fn a_cut_code_block_is_closed_and_opened_again() {
        let text = "Run:\n```sh\nfirst line\nsecond line\nthird line\n```\nDone.";
        let parts = split(text, 36, &chars);
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(chars(part) <= 36, "{part:?}");
            assert_eq!(part.matches("```").count() % 2, 0, "{part:?}");
        }
        assert!(parts[1].starts_with("```sh\n"), "{parts:?}");
    }

    #[test]
    fn nothing_is_lost_and_no_part_is_too_long() {
        let text: String = (0..3_000)
            .map(|n| if n % 50 == 49 { "end.\n\n".to_owned() } else { format!("word{n} ") })
            .collect();
        let parts = split(&text, 2_000, &chars);
        assert!(parts.iter().all(|part| chars(part) <= 2_000));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&parts.join(" ")), words(&text));
        assert!(parts.len() <= chars(&text) / 1_800 + 1, "{} parts", parts.len());
    }

    #[test]
    fn a_limit_below_one_character_still_ends() {
        assert_eq!(split("abc", 0, &chars).concat(), "abc");
    }
}
