//! Cuts one long text at the best borders: paragraphs, sentences, words, characters.

use memchr::memchr_iter;
use text_splitter::{ChunkConfig, MarkdownSplitter};

use super::cut::{cut, last_border};
use super::estimate_tokens;
use super::tokens::Ruler;

/// The splitter looks at all that is left for each piece, so it gets this many bytes at a time
/// for each token of a piece: some ten pieces of prose.
const WINDOW_BYTES_PER_TOKEN: usize = 64;
/// The ruler's sums must not overflow.
const MAX_WINDOW_BYTES: usize = 8 << 20;

/// So much of one document, more where lines are long, is cut with care; the rest plainly.
const CAREFUL_BYTES: usize = 4 << 20;
/// A line up to this length is cut at the usual cost.
const USUAL_LINE_BYTES: usize = 1024;

/// Cuts the texts of one document, whose cost is bounded whatever they hold.
pub(super) struct Splitter {
    careful_bytes: usize,
}

impl Default for Splitter {
    fn default() -> Self {
        Self { careful_bytes: CAREFUL_BYTES }
    }
}

impl Splitter {
    /// Cuts `text` into pieces of at most `max_tokens`, with their byte offsets; blanks are left
    /// out.
    pub(super) fn split<'t>(&mut self, text: &'t str, max_tokens: usize) -> Vec<(usize, &'t str)> {
        // A token is rarely longer than 8 bytes: longer texts are cut anyway, so measure once.
        if text.len() <= max_tokens.saturating_mul(8) && estimate_tokens(text) <= max_tokens {
            let trimmed = text.trim_end();
            let start = trimmed.len() - trimmed.trim_start().len();
            return if trimmed.is_empty() { vec![] } else { vec![(start, &trimmed[start..])] };
        }
        let window_bytes =
            max_tokens.saturating_mul(WINDOW_BYTES_PER_TOKEN).clamp(4096, MAX_WINDOW_BYTES);
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = window_end(text, start, window_bytes);
            let mut window = self.split_window(&text[start..end], max_tokens);
            let mut next = end;
            if end < text.len() && window.len() > 1 {
                // The last piece may have been cut short by the window: it leads the next one.
                next = start + window.pop().map_or(0, |(offset, _)| offset);
            }
            pieces.extend(window.into_iter().map(|(offset, piece)| (start + offset, piece)));
            start = next;
        }
        pieces
    }

    fn split_window<'t>(&mut self, text: &'t str, max_tokens: usize) -> Vec<(usize, &'t str)> {
        let Some(left) = self.careful_bytes.checked_sub(cost(text)) else {
            return cut(text, max_tokens);
        };
        self.careful_bytes = left;
        let ruler = Ruler::new(text);
        let config = ChunkConfig::new(max_tokens).with_sizer(&ruler);
        let splitter = MarkdownSplitter::new(config);
        splitter.chunk_indices(text).collect()
    }
}

/// What cutting a window with care costs, in bytes of usual text: for each piece of a line, all
/// that is left of the line is looked at.
fn cost(window: &str) -> usize {
    let mut start = 0;
    let mut longest = 0;
    for end in memchr_iter(b'\n', window.as_bytes()).chain([window.len()]) {
        longest = longest.max(end - start);
        start = end;
    }
    window.len() * (longest / USUAL_LINE_BYTES).max(1)
}

/// Where the window that begins at `start` ends: after a paragraph, line or word if it can.
fn window_end(text: &str, start: usize, window_bytes: usize) -> usize {
    if text.len() - start <= window_bytes {
        return text.len();
    }
    let end = text.floor_char_boundary(start + window_bytes);
    // A border in the first half is not looked for: windows must not become tiny.
    let half = text.ceil_char_boundary(start + window_bytes / 2);
    let tail = &text[half..end];
    last_border(tail, &["\n\n", "\n", " "]).map_or(end, |border| half + border)
}

/// Counts lines along growing offsets, so that each byte of a text is looked at once.
#[derive(Default)]
pub(super) struct LineCursor {
    offset: usize,
    newlines: u32,
}

impl LineCursor {
    /// How many newlines stand before `piece` at `offset` of `text`, and before its end.
    pub(super) fn lines(&mut self, text: &str, offset: usize, piece: &str) -> (u32, u32) {
        // Offsets grow; should they not, counting starts again.
        if offset < self.offset {
            *self = Self::default();
        }
        self.newlines += count_newlines(&text[self.offset..offset]);
        self.offset = offset;
        (self.newlines, self.newlines + count_newlines(piece))
    }
}

pub(super) fn count_newlines(text: &str) -> u32 {
    u32::try_from(memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, max_tokens: usize) -> Vec<(usize, &str)> {
        Splitter::default().split(text, max_tokens)
    }

    fn joined(pieces: &[(usize, &str)]) -> String {
        let all: String = pieces.iter().map(|(_, piece)| *piece).collect();
        all.split_whitespace().collect()
    }

    #[test]
    fn pieces_hold_every_word_and_fit() {
        let text = "One sentence here. Another one follows it closely.\n\n".repeat(1500);
        let pieces = split(&text, 50);
        assert_eq!(joined(&pieces), text.split_whitespace().collect::<String>());
        assert!(pieces.iter().all(|(_, piece)| estimate_tokens(piece) <= 50));
        assert!(pieces.iter().all(|(offset, piece)| text[*offset..].starts_with(piece)));
    }

    #[test]
    fn a_single_huge_line_is_cut_and_keeps_all_its_characters() {
        let text = "가나다xyz".repeat(12_000);
        let pieces = split(&text, 100);
        assert_eq!(joined(&pieces), text);
        // A piece that begins inside a word counts one token more when measured alone.
        assert!(pieces.iter().all(|(_, piece)| estimate_tokens(piece) <= 101));
    }

    #[test]
    fn long_lines_use_up_the_care_for_a_document_sooner() {
        let (usual, endless) = ("A usual line.\n".repeat(1024), "漢".repeat(14 * 1024));
        assert_eq!(cost(&usual), usual.len());
        assert!(cost(&endless) > 40 * endless.len());
        let mut splitter = Splitter { careful_bytes: 2 * cost(&endless[..12_000]) };
        splitter.split(&endless, 200);
        assert!(splitter.careful_bytes < cost(&endless));
    }

    #[test]
    fn a_document_beyond_the_bound_keeps_every_word_and_fits() {
        let text = "One sentence here. Another one follows it closely.\n".repeat(110_000);
        let pieces = split(&text, 50);
        assert_eq!(joined(&pieces), text.split_whitespace().collect::<String>());
        assert!(pieces.iter().all(|(_, piece)| estimate_tokens(piece) <= 50));
        assert!(pieces.iter().all(|(offset, piece)| text[*offset..].starts_with(piece)));
    }

    #[test]
    fn blank_text_gives_nothing() {
        assert!(split(" \n\t \n", 10).is_empty());
        assert!(split(&" \n".repeat(40_000), 10).is_empty());
    }

    #[test]
    fn windows_leave_no_stubs_behind() {
        let text = "word ".repeat(20_000);
        let pieces = split(&text, 100);
        let (_, all_but_last) = pieces.split_last().unwrap();
        assert!(all_but_last.iter().all(|(_, piece)| estimate_tokens(piece) > 50));
    }
}
