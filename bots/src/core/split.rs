//! Splits long Markdown into parts that a platform takes, at the borders that hurt least.

use unicode_segmentation::UnicodeSegmentation;

/// The longest line that opens or closes a code block, in bytes.
const MAX_FENCE: usize = 60;

/// Splits `text` into parts for which `measure` is at most `limit` (of whatever it counts; it must
/// not shrink when text grows). Prefers the border of a paragraph, then line, sentence, word. A code
/// block that is cut is closed, and opened again in the next part. An empty text has no parts.
pub fn split(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end().to_owned();
    while !rest.trim().is_empty() {
        if rest.len() <= window(limit) {
            let whole = closed(&rest);
            if measure(&whole) <= limit {
                parts.push(whole);
                break;
            }
        }
        let (part, after) = first_part(&rest, limit, measure);
        parts.push(part);
        rest = after;
    }
    parts
}

/// No platform counts eight bytes as less than one, so what is farther away need not be measured.
fn window(limit: usize) -> usize {
    limit.saturating_mul(8).saturating_add(2 * MAX_FENCE)
}

/// The first part, and what is left with its code block opened again.
fn first_part(text: &str, limit: usize, measure: &dyn Fn(&str) -> usize) -> (String, String) {
    let near = &text[..text.floor_char_boundary(window(limit))];
    let fits = |end: usize| measure(&closed(&text[..end])) <= limit;
    // A part that begins with a fence must hold more than the fence, or nothing would be gained.
    let least = fence_line(text).map_or(0, |line| line.len() + 1).min(text.len());
    let kind = KIND_BORDERS.iter().find_map(|border| {
        last_fitting(border(near), least, &fits).filter(|end| is_full(near, *end, &fits))
    });
    let end = kind
        .or_else(|| last_fitting(graphemes(near), least, &fits))
        // Not even one character fits: one is taken all the same, so that this ends.
        .unwrap_or_else(|| least + first_grapheme(&text[least..]));
    let part = closed(text[..end].trim_end());
    let open = open_fence(&text[..end]);
    let rest = match open {
        Some(_) => text[end..].trim_start_matches('\n'),
        None => text[end..].trim_start_matches([' ', '\n']),
    };
    // What stood within a line must not become a fence by standing at the start of one.
    let is_new_line = text[..end].ends_with('\n') || text[end..].starts_with('\n');
    let guard = if !is_new_line && fence_line(rest).is_some() { "\u{2060}" } else { "" };
    let opening = open.map(|fence| format!("{fence}\n")).unwrap_or_default();
    (part, format!("{opening}{guard}{rest}"))
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
    !fits(text.floor_char_boundary(end * 3))
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
    fence_mark(line).is_some().then_some(line)
}

/// The mark with which `line` opens or closes a code block: three backticks or tildes, with at most
/// the name of a language behind them.
pub fn fence_mark(line: &str) -> Option<&'static str> {
    let line = line.trim();
    let mark = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark))?;
    let name = line.trim_start_matches(mark.chars().next()?);
    (line.len() <= MAX_FENCE && !name.contains('`')).then_some(mark)
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

    /// Markdown made of a seed: words, lines, paragraphs, code blocks, some of them odd.
    fn odd_markdown(seed: u64) -> String {
        let mut state = seed.wrapping_mul(6_364_136_223_846_793_005) + 1;
        let pieces = [
            "word ",
            "말씀 ",
            "a.b ",
            "\n",
            "\n\n",
            "```\n",
            "\n```rust\n",
            "\n~~~\n",
            "**b** ",
            "👩‍👩‍👧 ",
            "averylongwordwithoutanyborder",
            "Sentence here. ",
            "`code` ",
            "\n- item ",
            "```inline``` ",
        ];
        let mut text = String::new();
        for _ in 0..400 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        text
    }

    #[test]
    fn odd_texts_keep_the_limit_and_their_words() {
        let words = |text: &str| {
            let lines = text.lines().filter(|line| fence_mark(line).is_none());
            let words = lines.flat_map(|line| line.split_whitespace().map(str::to_owned));
            words.collect::<String>().replace('\u{2060}', "")
        };
        for seed in 0..300 {
            let text = odd_markdown(seed);
            let parts = split(&text, 150, &chars);
            for part in &parts {
                assert!(chars(part) <= 150, "seed {seed}: {part:?}");
                assert_eq!(open_fence(part), None, "seed {seed}: {part:?}");
            }
            assert_eq!(words(&parts.join("\n")), words(&text), "seed {seed}");
        }
    }

    #[test]
    fn a_line_that_only_begins_like_a_fence_is_text() {
        let hostile = format!("```{}\n{}", "x".repeat(5_000), "word ".repeat(1_000));
        let parts = split(&hostile, 3_000, &chars);
        assert!(parts.len() <= 6, "{} parts", parts.len());
        assert!(parts.iter().all(|part| chars(part) <= 3_000));
    }
}
