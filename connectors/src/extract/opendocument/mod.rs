//! OpenDocument texts, presentations and spreadsheets.

mod lists;
mod margins;
#[cfg(test)]
mod tests;
mod walker;

use super::office::properties;
use super::parts::{Package, missing};
use super::xml::{Token, Tokens, attribute};
use super::{Extraction, Reason};
use crate::document::Document;
use walker::Walker;

const CONTENT: &str = "content.xml";

/// Reads an OpenDocument package (`.odt`, `.odp`, `.ods` and their templates).
pub(super) fn read(bytes: &[u8]) -> Result<Extraction, Reason> {
    let mut package = Package::open(bytes)?;
    let manifest = package.optional_xml("META-INF/manifest.xml").unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(Reason::Failed("protected by a password".to_owned()));
    }
    let xml = package.xml(CONTENT)?.ok_or_else(|| missing(CONTENT))?;
    let mut walker = Walker::new(bytes.len());
    for name in package.names("object ") {
        if let (Some(object), Some(xml)) =
            (name.strip_suffix("/content.xml"), package.optional_xml(&name))
        {
            walker.objects.insert(object.to_owned(), xml);
        }
    }
    walker.read(&xml)?;
    let styles = package.optional_xml("styles.xml").unwrap_or_default();
    for text in margins::texts(&styles) {
        walker.add_margin(&text);
    }
    let (sections, title) = walker.finish();
    let mut document = Document { sections, ..Document::default() };
    describe(&mut document, &package.optional_xml("meta.xml").unwrap_or_default());
    document.title = document.title.or(title);
    let attachments = package.loss().into_iter().collect();
    Ok(Extraction { document, attachments, ..Extraction::default() })
}

/// Reads `meta.xml`.
fn describe(document: &mut Document, xml: &str) {
    let mut keywords = Vec::new();
    let mut author = None;
    let mut tokens = Tokens::new(xml);
    while let Ok(Some(token)) = tokens.next() {
        let Token::Open(tag) = token else { continue };
        match tag.local_name().as_ref() {
            "document-meta" | "meta" => {}
            "document-statistic" => {
                let pages = attribute(&tag, "page-count").unwrap_or_default();
                properties::set(document, "Pages", &pages);
            }
            name => {
                let Ok(value) = tokens.text_of_element() else { break };
                match name {
                    "keyword" => keywords.push(value),
                    // The creator is who saved it last.
                    "initial-creator" => author = Some(value),
                    name => properties::set(document, name, &value),
                }
            }
        }
    }
    properties::set(document, "creator", &author.unwrap_or_default());
    properties::set(document, "keywords", &keywords.join(", "));
}
