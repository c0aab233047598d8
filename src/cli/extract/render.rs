//! What is read in a file, for people.

use ragterm_connectors::container::Member;
use ragterm_connectors::document::{Document, Place, Section};

use super::super::output::{BAD, BOLD, DIM, clean, clean_block};
use super::Reading;

/// The document, then those inside the file, each under its path.
pub(super) fn render(reading: &Reading) -> String {
    let mut text = reading.file.outcome.as_ref().map_or_else(|_| String::new(), render_document);
    for member in &reading.members {
        text.push_str(&render_member(member));
    }
    if reading.left_out > 0 {
        text.push_str(&format!("\n{DIM}and {} more documents{DIM:#}\n", reading.left_out));
    }
    text
}

fn render_member(member: &Member) -> String {
    let path = clean(&member.path);
    let text = match &member.outcome {
        Ok(document) => render_document(document),
        Err(reason) => format!("{BAD}{}{BAD:#}\n", clean(&reason.to_string())),
    };
    format!("\n{BOLD}══ {path}{BOLD:#}\n{text}")
}

fn render_document(document: &Document) -> String {
    let mut text = String::new();
    if let Some(title) = &document.title {
        text.push_str(&format!("{BOLD}{}{BOLD:#}\n", clean(title)));
    }
    let language = document.language.as_ref().map(|language| ("language", language));
    let metadata = document.metadata.iter().map(|(key, value)| (key.as_str(), value));
    for (key, value) in language.into_iter().chain(metadata) {
        text.push_str(&format!("{DIM}{}: {}{DIM:#}\n", clean(key), clean(value)));
    }
    for section in &document.sections {
        text.push_str(&render_section(section));
    }
    text
}

fn render_section(section: &Section) -> String {
    let place = match section.place {
        Place::Unknown => String::new(),
        Place::Line(line) => format!("line {line}"),
        Place::Page(page) => format!("page {page}"),
    };
    let heading = clean(&section.heading.join(" › "));
    let gap = if heading.is_empty() || place.is_empty() { "" } else { "  " };
    let text = clean_block(section.text.trim_end());
    format!("\n{BOLD}{heading}{BOLD:#}{gap}{DIM}{place}{DIM:#}\n{text}\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn document() -> Document {
        let section = Section {
            heading: vec!["휴가".into(), "이월".into()],
            text: "Unused days\ncarry over.\u{1b}[31m\n".into(),
            place: Place::Line(3),
        };
        Document {
            title: Some("Leave".into()),
            language: Some("eng".into()),
            sections: vec![section],
            metadata: BTreeMap::from([("author".into(), "Kim".into())]),
        }
    }

    #[test]
    fn sections_are_shown_with_their_places() {
        let text = anstream::adapter::strip_str(&render_document(&document())).to_string();
        insta::assert_snapshot!(text, @r"
        Leave
        language: eng
        author: Kim

        휴가 › 이월  line 3
        Unused days
        carry over.�[31m
        ");
    }
}
