//! The text of a message, put together from its parts.

use super::quoted::{self, Repeated};
use crate::document::{Place, Section};
use crate::extract::{html, plain};

/// What mail programs put before what they repeat.
const QUOTES: [&str; 6] = [
    "class=\"gmail_quote",
    "type=\"cite\"",
    "id=\"divrplyfwdmsg\"",
    "id=\"appendonsend\"",
    "class=\"outlookmessageheader\"",
    "border-top:solid #e1e1e1",
];

/// What a message says.
#[derive(Default)]
pub(super) struct Body {
    /// Of the page, if it is one.
    pub(super) title: Option<String>,
    pub(super) sections: Vec<Section>,
    /// What it repeats of others.
    pub(super) quoted: Option<Section>,
}

impl Body {
    /// Adds a text as it stands.
    pub(super) fn add_text(&mut self, text: &str) {
        let sections = plain(text).sections.into_iter();
        self.sections.extend(sections.map(|section| Section { place: Place::Unknown, ..section }));
    }

    /// Adds a page; what it repeats of others is kept apart, unless it is what is handed on.
    pub(super) fn add_html(&mut self, source: &str, repeated: Repeated) {
        let end = match repeated {
            Repeated::Text => source.len(),
            Repeated::Aside => quote(source),
        };
        let own = html::read(&source[..end]);
        if own.sections.is_empty() && end < source.len() {
            return self.add_html(source, Repeated::Text);
        }
        self.title = self.title.take().or(own.title);
        self.sections.extend(own.sections);
        let texts = html::read(&source[end..]).sections.into_iter().map(|section| section.text);
        let texts = texts.collect::<Vec<_>>().join("\n");
        if !texts.trim().is_empty() {
            self.quoted = Some(quoted::section_of(&texts));
        }
    }

    /// How much text there is.
    pub(super) fn size(&self) -> usize {
        self.sections.iter().map(|section| section.text.trim().len()).sum()
    }
}

/// Where what is repeated begins; the whole length if nothing is.
fn quote(source: &str) -> usize {
    let lower = source.to_ascii_lowercase();
    let marks = QUOTES.iter().filter_map(|mark| lower.find(mark));
    marks.min().map_or(source.len(), |mark| source[..mark].rfind('<').unwrap_or(mark))
}
