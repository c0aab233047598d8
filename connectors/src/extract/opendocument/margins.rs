//! What stands on each page of an OpenDocument file: headers, footers, the text of masters.

use std::collections::BTreeSet;

use crate::extract::xml::{Token, Tokens, attribute};

/// As in "Page 1 of 2".
const MAX_FIELD_LETTERS: usize = 8;

/// The texts of the master pages in `styles.xml`, each once, without place-holders.
pub(super) fn texts(xml: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut seen = BTreeSet::new();
    let mut is_master = false;
    let mut has_field = false;
    let mut text = String::new();
    let mut tokens = Tokens::new(xml);
    while let Ok(Some(token)) = tokens.next() {
        match token {
            Token::Open(tag) => match tag.local_name().as_ref() {
                "master-page" => is_master = true,
                "frame" if is_place_holder(attribute(&tag, "class").as_deref()) => {
                    if tokens.skip_element().is_err() {
                        break;
                    }
                }
                // Fields: their text is that of the page they stand on.
                "page-number" | "page-count" | "date" | "time" | "sheet-name" | "title"
                | "file-name" | "notes" | "date-time" => {
                    has_field = true;
                    if tokens.skip_element().is_err() {
                        break;
                    }
                }
                "s" | "tab" | "line-break" => text.push(' '),
                "p" | "h" => {
                    text.clear();
                    has_field = false;
                }
                _ => {}
            },
            Token::Close(tag) => match tag.local_name().as_ref() {
                "master-page" => is_master = false,
                "p" | "h" => {
                    let text = std::mem::take(&mut text);
                    let text = text.trim();
                    // Around the number of a page stands little else.
                    let letters = text.chars().filter(|it| it.is_alphabetic()).count();
                    if is_master
                        && letters > if has_field { MAX_FIELD_LETTERS } else { 0 }
                        && seen.insert(text.to_owned())
                    {
                        texts.push(text.to_owned());
                    }
                }
                _ => {}
            },
            Token::Text(part) => text.push_str(&part),
        }
    }
    texts
}

/// Frames that only show where the text of a slide goes.
fn is_place_holder(class: Option<&str>) -> bool {
    class.is_some_and(|class| !matches!(class, "header" | "footer"))
}
