//! What stands on each page of an OpenDocument file: headers, footers, the text of masters.

use quick_xml::events::BytesStart;

use crate::extract::Reason;
use crate::extract::xml::{Token, Tokens, attribute};

/// As in "Page 1 of 2".
const MAX_FIELD_LETTERS: usize = 8;

/// Their text is that of the page they stand on.
const FIELDS: [&str; 9] = [
    "page-number",
    "page-count",
    "date",
    "time",
    "sheet-name",
    "title",
    "file-name",
    "notes",
    "date-time",
];

/// The texts of the master pages in `styles.xml`, without place-holders.
pub(super) fn texts(xml: &str) -> Vec<String> {
    let mut masters = Masters::default();
    // What was read before the damage is kept: it is only the margin.
    let _ = masters.read(xml);
    masters.texts
}

#[derive(Debug, Default)]
struct Masters {
    texts: Vec<String>,
    is_master: bool,
    has_field: bool,
    text: String,
}

impl Masters {
    fn read(&mut self, xml: &str) -> Result<(), Reason> {
        let mut tokens = Tokens::new(xml);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Open(tag) if FIELDS.contains(&tag.local_name().as_ref()) => {
                    self.has_field = true;
                    tokens.skip_element()?;
                }
                Token::Open(tag) if is_place_holder(&tag) => tokens.skip_element()?,
                Token::Open(tag) => self.open(tag.local_name().as_ref()),
                Token::Close(tag) => self.close(tag.local_name().as_ref()),
                Token::Text(part) => self.text.push_str(&part),
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &str) {
        match name {
            "master-page" => self.is_master = true,
            "s" | "tab" | "line-break" => self.text.push(' '),
            "p" | "h" => {
                self.text.clear();
                self.has_field = false;
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "master-page" => self.is_master = false,
            "p" | "h" => {
                let text = std::mem::take(&mut self.text);
                // Around the number of a page stands little else.
                let letters = text.chars().filter(|it| it.is_alphabetic()).count();
                let least = if self.has_field { MAX_FIELD_LETTERS } else { 0 };
                if self.is_master && letters > least {
                    self.texts.push(text.trim().to_owned());
                }
            }
            _ => {}
        }
    }
}

/// Frames that only show where the text of a slide goes.
fn is_place_holder(tag: &BytesStart<'_>) -> bool {
    let class = || attribute(tag, "class");
    tag.local_name().as_ref() == "frame"
        && class().is_some_and(|class| !matches!(&*class, "header" | "footer"))
}
