//! HTML: title, headings, text and tables of the main content, without what surrounds it.
//!
//! Works on tokens, not on a tree: linear in time and flat in memory whatever the nesting. What is
//! dropped is named by the page itself (`<nav>`, `<footer>`, hidden elements, all that is beside a
//! `<main>`); guessing from class names loses tables and lists that people search for.

mod elements;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod walker;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TokenSink, Tokenizer, TokenizerOpts};

use super::outline;
use crate::document::{Document, Section};
use elements::Skipping;
use walker::{Part, Region, Sink, Syntax, Walk};

/// How much text the tokenizer gets at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// Reads an HTML or XHTML text.
pub(super) fn read(text: &str) -> Document {
    let mut walk = walked(text, Skipping::Surroundings);
    // A `<nav>` without end must not swallow the page.
    if walk.is_cut_short || walk.parts.is_empty() {
        walk = walked(text, Skipping::Machinery);
    }
    let title = walk.first_heading.or(walk.title);
    Document { title, language: None, sections: main_sections(walk.parts), metadata: walk.metadata }
}

/// Whether a text without a telling name is HTML.
pub(super) fn is_likely(text: &str) -> bool {
    let head = outline::clipped(text.trim_start(), 1024).to_ascii_lowercase();
    head.starts_with("<!doctype html")
        || head.starts_with("<html")
        || (head.starts_with("<?xml") && head.contains("<html"))
}

fn walked(text: &str, skipping: Skipping) -> Walk {
    let is_xml = text.trim_start().starts_with("<?xml");
    let syntax = if is_xml { Syntax::Xml } else { Syntax::Html };
    tokenized(text, Sink::new(skipping, syntax, outline::growth_budget(text.len()))).finish()
}

/// Hands the tokens of a text to a sink, which must not ask for scripts or another encoding.
pub(super) fn tokenized<S: TokenSink>(text: &str, sink: S) -> S {
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        queue.push_back(StrTendril::from_slice(piece));
        // All of the piece is consumed: the sink asks for nothing else.
        let _ = tokenizer.feed(&queue);
        rest = after;
    }
    tokenizer.end();
    tokenizer.sink
}

/// The sections in `<main>`, else those in `<article>`s, if that is where the text is; else all.
fn main_sections(parts: Vec<Part>) -> Vec<Section> {
    let size = |least: Region| {
        let inside = parts.iter().filter(|part| part.region >= least);
        inside.map(|part| part.section.text.len()).sum::<usize>()
    };
    let whole = size(Region::Elsewhere);
    let least = if size(Region::Main) * 3 >= whole {
        Region::Main
    } else if size(Region::Article) * 2 >= whole {
        Region::Article
    } else {
        Region::Elsewhere
    };
    let chosen = parts.into_iter().filter(|part| part.region >= least);
    chosen.map(|part| part.section).collect()
}
