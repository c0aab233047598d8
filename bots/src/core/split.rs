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
    let fits = |end: usize| measure(&closed(&text[..end])) <= limit;
    // A part that begins with a fence must hold more than the fence, or nothing would be gained.
    let least = fence_line(text).map_or(0, |line| line.len() + 1);
    let end = BORDERS
        .iter()
        .find_map(|border| best(text, least, border, &fits))
        .unwrap_or_else(|| text.graphemes(true).next().map_or(text.len(), str::len).max(least));
    let end = end.min(text.len());
    let part = closed(text[..end].trim_end());
    let rest = text[end..].trim_start_matches([' ', '\n']);
    match open_fence(&text[..end]) {
        Some(fence) if !rest.trim().is_empty() => (part, format!("{fence}\n{}", &text[end..])),
        _ => (part, rest.to_owned()),
    }
}

type Border = fn(&str) -> Vec<usize>;

/// The ends of pieces, from the kindest cut to the last resort.
const BORDERS: [Border; 5] = [paragraphs, lines, sentences, words, graphemes];

/// The last border that fits, if the part is not left much emptier than it could be.
fn best(text: &str, least: usize, border: &Border, fits: &dyn Fn(usize) -> bool) -> Option<usize> {
    let ends = border(text);
    let ends: Vec<_> = ends.into_iter().filter(|end| *end > least).collect();
    let count = ends.partition_point(|end| fits(*end));
    let end = *ends.get(count.checked_sub(1)?)?;
    // A kind border is taken only where at least a third of the room is used.
    let is_full = *border as usize == graphemes as usize || !fits_thrice(text, end, fits);
    is_full.then_some(end)
}

fn fits_thrice(text: &str, end: usize, fits: &dyn Fn(usize) -> bool) -> bool {
    let mut thrice = (end * 3).min(text.len());
    while !text.is_char_boundary(thrice) {
        thrice -= 1;
    }
    fits(thrice)
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
