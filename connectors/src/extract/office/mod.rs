//! Word and PowerPoint, of both generations.

pub(super) mod drawing;
mod embedded;
mod legacy;
mod numbering;
pub(super) mod properties;
pub(super) mod relations;
mod slides;
mod styles;
#[cfg(test)]
mod tests;
mod word;

use std::collections::BTreeSet;

use super::flow::Flow;
use super::parts::{Package, missing};
use super::{Extraction, Reason};
use crate::document::Document;
use relations::Relations;
use word::{Resources, Word};

/// Reads a package of Word or PowerPoint (`.docx`, `.pptx`).
pub(super) fn read_xml(bytes: &[u8]) -> Result<Extraction, Reason> {
    let mut package = Package::open(bytes)?;
    let relations = Relations::of(&mut package, "");
    let is_presentation = package.has("ppt/presentation.xml");
    let usual = if is_presentation { "ppt/presentation.xml" } else { "word/document.xml" };
    let path = relations.first("officeDocument").filter(|path| package.has(path));
    let path = path.unwrap_or(usual).to_owned();
    let xml = package.xml(&path)?.ok_or_else(|| missing(&path))?;
    let mut flow = Flow::new(bytes.len());
    let (title, parts) = if is_presentation || path.starts_with("ppt/") {
        let title = slides::read(&mut package, (&path, &xml), &mut flow)?;
        let parts = Relations::of(&mut package, &path);
        (title, parts.all("slide").into_iter().map(str::to_owned).collect())
    } else {
        (read_word(&mut package, (&path, &xml), &mut flow)?, vec![path])
    };
    let mut document = Document { sections: flow.finish(), ..Document::default() };
    properties::read(&mut package, &mut document);
    document.title = document.title.or(title);
    let mut attachments = embedded::of(&mut package, &parts);
    attachments.extend(package.loss());
    Ok(Extraction { document, attachments, ..Extraction::default() })
}

/// Reads a document of Word or PowerPoint before 2007 (`.doc`, `.ppt`).
pub(super) fn read_legacy(bytes: &[u8]) -> Result<Document, Reason> {
    legacy::read(bytes)
}

/// Reads the document, and once each text that stands in the margins of its pages.
fn read_word(
    package: &mut Package<'_>,
    main: (&str, &str),
    flow: &mut Flow,
) -> Result<Option<String>, Reason> {
    let relations = Relations::of(package, main.0);
    let mut resources = resources(package, &relations);
    let mut word = Word::new(flow, &mut resources);
    word.read(main.1)?;
    let title = word.title.take();
    let left = std::mem::take(&mut resources.notes);
    let comments = left.into_iter().filter(|((kind, _), _)| *kind == "comment");
    for (index, (_, text)) in comments.enumerate() {
        if index == 0 {
            flow.heading(0, "Comments");
        }
        flow.paragraph(&text);
    }
    let mut seen = BTreeSet::new();
    for path in relations.all("footer").iter().chain(&relations.all("header")) {
        let xml = package.optional_xml(path).unwrap_or_default();
        let mut margin = Flow::new(xml.len());
        // What was read before the damage is kept: it is only the margin.
        let _ = Word::new(&mut margin, &mut resources).read(&xml);
        let texts = margin.finish().into_iter().map(|section| section.text);
        let text = texts.collect::<Vec<_>>().join("\n");
        if text.chars().any(char::is_alphabetic) && seen.insert(text.clone()) {
            flow.heading(0, "");
            flow.paragraph(&text);
        }
    }
    Ok(title)
}

fn resources(package: &mut Package<'_>, relations: &Relations) -> Resources {
    let mut xml = |kind| {
        let path = relations.first(kind);
        path.and_then(|path| package.optional_xml(path)).unwrap_or_default()
    };
    let mut resources = Resources {
        styles: styles::Styles::parse(&xml("styles")),
        numbering: numbering::Numbering::parse(&xml("numbering")),
        ..Resources::default()
    };
    for (kind, element) in
        [("footnotes", "footnote"), ("endnotes", "endnote"), ("comments", "comment")]
    {
        for (id, text) in word::notes(&xml(kind)) {
            if !text.trim().is_empty() {
                resources.notes.insert((element, id), text.trim().to_owned());
            }
        }
    }
    for (kind, text) in
        [("chart", drawing::chart as fn(&str) -> String), ("diagramData", drawing::paragraphs)]
    {
        for id in relations.ids(kind) {
            let target = relations.target(id).unwrap_or_default();
            if let Some(xml) = package.optional_xml(target) {
                resources.notes.insert((kind, id.to_owned()), text(&xml));
            }
        }
    }
    resources
}
