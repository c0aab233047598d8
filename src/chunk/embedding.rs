//! What the embedding model is given for a passage, and how many tokens that leaves for text.

use super::{Chunk, estimate_tokens};

/// Title and headings take at most this share of the tokens: one in…
const HEADER_SHARE: usize = 3;
/// Headings are joined with this.
const JOINT: &str = " > ";
/// The headings before a text take at most this many estimated tokens.
const HEADER_TOKENS: usize = 64;

/// The text to embed for a passage: title and heading path, then the passage.
///
/// It holds no file name or path, so that a moved document is not embedded again.
pub fn embedding_text(title: Option<&str>, chunk: &Chunk) -> String {
    let mut text = header(title, &chunk.heading);
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&chunk.text);
    text
}

/// Names a text to embed, so that equal texts are embedded once: BLAKE3 cut to 16 bytes.
pub fn embedding_key(text: &str) -> [u8; 16] {
    first_16(&blake3::hash(text.as_bytes()))
}

pub(super) fn first_16(hash: &blake3::Hash) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes
}

/// How many tokens of a document's passages are left for their own text.
pub(super) struct Budget<'a> {
    title: Option<&'a str>,
    max_tokens: usize,
}

impl<'a> Budget<'a> {
    pub(super) fn new(title: Option<&'a str>, max_tokens: usize) -> Self {
        Self { title, max_tokens: max_tokens.max(1) }
    }

    /// The most tokens that the text under these headings may have; at least 1.
    pub(super) fn text_tokens(&self, heading: &[String]) -> usize {
        let header = estimate_tokens(&header(self.title, heading));
        self.max_tokens - header.min(self.max_tokens / HEADER_SHARE)
    }

    /// A text of fewer tokens than this says too little on its own.
    pub(super) fn tiny_tokens(&self) -> usize {
        self.max_tokens / 3
    }
}

/// Title, then as many of the innermost headings as fit.
fn header(title: Option<&str>, heading: &[String]) -> String {
    let title = title.map(str::trim).filter(|title| !title.is_empty());
    let title = title.map(|title| shorten(title, HEADER_TOKENS / 2));
    let mut left = HEADER_TOKENS - title.map_or(0, estimate_tokens);
    let mut first = heading.len();
    while let Some(outer) = first.checked_sub(1) {
        let Some(rest) = left.checked_sub(estimate_tokens(&heading[outer]) + 1) else { break };
        (first, left) = (outer, rest);
    }
    // Many documents repeat their title as the outermost heading.
    if first == 0 && title.is_some() && title == heading.first().map(|heading| heading.trim()) {
        first = 1;
    }
    let headings = heading[first..].iter().map(String::as_str);
    title.into_iter().chain(headings).collect::<Vec<_>>().join(JOINT)
}

/// The longest prefix of at most `max_tokens`, cut after a word where there is one.
fn shorten(text: &str, max_tokens: usize) -> &str {
    // A character is at most one token and a bit, so this many characters decide.
    let end = text.char_indices().nth(max_tokens * 8).map_or(text.len(), |(at, _)| at);
    let mut text = &text[..end];
    while estimate_tokens(text) > max_tokens {
        let half = text.len() * 7 / 8;
        text = &text[..text.floor_char_boundary(half)];
        if let Some(space) = text.rfind(' ') {
            text = &text[..space];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::ChunkId;
    use super::*;

    fn chunk(heading: &[&str]) -> Chunk {
        Chunk {
            id: ChunkId([0; 16]),
            heading: heading.iter().map(|heading| (*heading).to_owned()).collect(),
            lines: None,
            page: None,
            text: "Unused days expire in March.".to_owned(),
            inner: Vec::new(),
        }
    }

    #[test]
    fn title_and_headings_lead_the_text() {
        let text = embedding_text(Some("Leave policy"), &chunk(&["Vacation", "Carry-over"]));
        assert_eq!(text, "Leave policy > Vacation > Carry-over\nUnused days expire in March.");
        assert_eq!(embedding_text(None, &chunk(&[])), "Unused days expire in March.");
    }

    #[test]
    fn a_title_that_is_also_the_first_heading_is_said_once() {
        let text = embedding_text(Some("Leave policy"), &chunk(&["Leave policy", "Carry-over"]));
        assert!(text.starts_with("Leave policy > Carry-over\n"));
    }

    #[test]
    fn long_titles_and_paths_leave_room_for_the_text() {
        let long = "words and more words ".repeat(500);
        let text = embedding_text(Some(&long), &chunk(&[&long, &long, "innermost"]));
        assert!(text.contains("innermost"));
        assert!(estimate_tokens(&text) <= HEADER_TOKENS + 20);
        let unbroken = "x".repeat(5000);
        assert!(estimate_tokens(&embedding_text(Some(&unbroken), &chunk(&[]))) < HEADER_TOKENS);
    }
}
