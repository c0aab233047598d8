//! Colouring text by what it is: Markdown, code, or neither. No character is added or left out.

mod code;
mod markdown;

use crate::text::{Piece, Role, Row, clean};

/// The lines of a text in roles, by the type of its document.
pub fn coloured(text: &str, kind: &str) -> Vec<Row> {
    let text = clean(&text.replace('\t', "    "));
    match Language::of(kind) {
        _ if is_markdown(kind) => markdown::coloured(&text),
        Some(language) => code::coloured(&text, language),
        None => text.split('\n').map(|line| vec![Piece::new(Role::Text, line)]).collect(),
    }
}

/// The lines of an answer, which is Markdown.
pub fn coloured_markdown(text: &str) -> Vec<Row> {
    markdown::coloured(&clean(&text.replace('\t', " ")))
}

pub use code::Language;

fn is_markdown(kind: &str) -> bool {
    matches!(kind, "md" | "markdown" | "mdx" | "mdown" | "mkd")
}
