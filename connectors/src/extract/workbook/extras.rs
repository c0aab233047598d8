//! What stands on the sheets of a workbook beside their cells: text boxes, charts, comments.

use crate::document::{Place, Section};
use crate::extract::office::drawing;
use crate::extract::office::relations::Relations;
use crate::extract::parts::Package;
use crate::extract::xml::{Token, Tokens, attribute};

const MAX_COMMENTS: usize = 10_000;

/// The sections under the names of their sheets. Only packages of XML have them.
pub(super) fn read(package: &mut Package<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    let workbook = "xl/workbook.xml";
    let relations = Relations::of(package, workbook);
    let xml = package.optional_xml(workbook).unwrap_or_default();
    let mut tokens = Tokens::new(&xml);
    while let Ok(Some(token)) = tokens.next() {
        let Token::Open(tag) = token else { continue };
        if tag.local_name().as_ref() != "sheet" {
            continue;
        }
        let name = attribute(&tag, "name").unwrap_or_default();
        let id = attribute(&tag, "id").unwrap_or_default();
        if let Some(path) = relations.target(&id) {
            read_sheet(package, (&name, path), &mut sections);
        }
    }
    sections
}

fn read_sheet(package: &mut Package<'_>, sheet: (&str, &str), sections: &mut Vec<Section>) {
    let (name, path) = sheet;
    let relations = Relations::of(package, path);
    let mut text = String::new();
    for path in relations.all("drawing") {
        let xml = package.optional_xml(path).unwrap_or_default();
        text.push_str(&drawing::paragraphs(&xml));
        let relations = Relations::of(package, path);
        for path in relations.all("chart") {
            let xml = package.optional_xml(path).unwrap_or_default();
            text.push_str(&drawing::chart_title(&xml));
            text.push('\n');
        }
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>();
    if !lines.is_empty() {
        let (heading, text) = (vec![name.to_owned()], lines.join("\n"));
        sections.push(Section { heading, text, place: Place::Unknown });
    }
    // Those with answers have a copy among the others, which begins with a notice.
    let kinds = ["threadedComment", "comments"];
    let kind = kinds.into_iter().find(|kind| relations.first(kind).is_some());
    for path in kind.map(|kind| relations.all(kind)).unwrap_or_default() {
        let xml = package.optional_xml(path).unwrap_or_default();
        for (row, text) in comments(&xml).into_iter().take(MAX_COMMENTS) {
            let heading = vec![name.to_owned(), "Comments".to_owned()];
            sections.push(Section { heading, text, place: Place::Line(row) });
        }
    }
}

/// The rows and texts of the comments in a part, in order.
fn comments(xml: &str) -> Vec<(u32, String)> {
    let mut comments = Vec::new();
    let mut open: Option<(u32, String)> = None;
    let mut tokens = Tokens::new(xml);
    while let Ok(Some(token)) = tokens.next() {
        match token {
            Token::Open(tag) => match tag.local_name().as_ref() {
                "comment" | "threadedComment" => {
                    let cell = attribute(&tag, "ref").unwrap_or_default();
                    let row = cell.trim_start_matches(|it: char| !it.is_ascii_digit());
                    open = Some((row.parse().unwrap_or(1), format!("{cell}: ")));
                }
                _ => {}
            },
            Token::Text(text) => {
                if let Some((_, comment)) = &mut open {
                    comment.push_str(&text);
                }
            }
            Token::Close(tag) => {
                if matches!(tag.local_name().as_ref(), "comment" | "threadedComment") {
                    comments.extend(open.take());
                }
            }
        }
    }
    comments
}
