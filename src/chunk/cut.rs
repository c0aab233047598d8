//! Cuts a text plainly and in linear time, for what has no shape or too much of it.

use super::tokens::longest_within;

/// Where a piece may end, the best border first.
const BORDERS: [&str; 9] = ["\n\n", "\n", ". ", "? ", "! ", "。", "？", "！", " "];

/// Cuts `text` into pieces of at most `max_tokens`, with their byte offsets; blanks are left out.
pub(super) fn cut(text: &str, max_tokens: usize) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let longest = start + longest_within(&text[start..], max_tokens);
        let end = if longest == text.len() { longest } else { border(text, start, longest) };
        let piece = text[start..end].trim_start();
        if !piece.trim_end().is_empty() {
            pieces.push((end - piece.len(), piece.trim_end()));
        }
        start = end;
    }
    pieces
}

/// The best border in the second half of a piece; its end where there is none.
fn border(text: &str, start: usize, end: usize) -> usize {
    let half = text.ceil_char_boundary(start + (end - start) / 2);
    last_border(&text[half..end], &BORDERS).map_or(end, |border| half + border)
}

/// Where the last of the first mark ends that stands in `text` at all.
pub(super) fn last_border(text: &str, marks: &[&str]) -> Option<usize> {
    marks.iter().find_map(|mark| Some(text.rfind(mark)? + mark.len()))
}

#[cfg(test)]
mod tests {
    use super::super::estimate_tokens;
    use super::*;

    #[test]
    fn pieces_end_at_the_best_border_and_lose_nothing() {
        let text = "One sentence here. Another one, longer, follows it\n".repeat(50);
        let pieces = cut(&text, 30);
        let joined: String = pieces.iter().map(|(_, piece)| *piece).collect();
        assert_eq!(joined.replace(char::is_whitespace, ""), text.replace(char::is_whitespace, ""));
        assert!(pieces.iter().all(|(offset, piece)| text[*offset..].starts_with(piece)));
        assert!(pieces.iter().all(|(_, piece)| estimate_tokens(piece) <= 30));
        assert!(pieces.iter().all(|(_, piece)| piece.ends_with("it")), "{pieces:?}");
        assert_eq!(cut("One. Two three four", 4)[0].1, "One. Two");
        assert_eq!(cut(" \n \n", 4), []);
    }

    #[test]
    fn a_text_without_borders_is_cut_between_characters() {
        let text = "漢字".repeat(100);
        let pieces = cut(&text, 30);
        assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), text);
        assert!(pieces.iter().all(|(_, piece)| estimate_tokens(piece) <= 30));
    }
}
