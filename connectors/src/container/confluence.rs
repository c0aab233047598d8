//! Space exports of Confluence in XML (`entities.xml`), packed or unpacked.
//!
//! The objects of an export stand in any order, so that it is read twice: first for what pages
//! there are and how they hang together, then for their bodies, one after the other.

mod export;
mod markup;
mod record;
pub(super) mod site;
mod source;
mod storage;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::Read;

use super::walk::Entry;
use super::{Content, Packed, Walk, timestamp};
use crate::document::{Document, Place, Section};
use crate::extract::{self, Reason};
use export::{Attachment, Export, Page};
use record::{Record, Records};
use source::Source;

/// Visits the pages of an export whose `entities.xml` is open, and their attachments beside it.
pub(super) fn walk_unpacked(opened: Packed<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    visit(Source::Unpacked { entities: opened.content, beside: opened.beside }, walk)
}

/// Visits an export that is packed. `archive.rs` calls this instead of visiting the files of an
/// archive in which [`is_export`] holds; the archive needs not be at any place.
pub(super) fn walk_packed(
    archive: zip::ZipArchive<Box<dyn Content + '_>>,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    visit(Source::packed(archive), walk)
}

/// Whether an archive with files of these names is an export of a space or a site in XML.
pub(super) fn is_export(names: impl IntoIterator<Item = impl AsRef<str>>) -> bool {
    let mut has = (false, false);
    for name in names {
        let name = name.as_ref();
        has.0 |= name == "entities.xml" || name.ends_with("/entities.xml");
        has.1 |= name.ends_with("exportDescriptor.properties") || name == "entities.xml";
    }
    has == (true, true)
}

fn visit(mut source: Source<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let descriptor = source.small_file("exportDescriptor.properties").unwrap_or_default();
    let (export, damage) = {
        let mut records = Records::new(source.entities()?);
        Export::read(&mut records, &descriptor)
    };
    let mut visited = HashSet::new();
    let bodies = pages(&export, source.entities()?, &mut visited, walk);
    // A page whose body was lost must not replace what is known of it.
    if let Some(reason) = bodies.err().or(damage) {
        return Err(reason);
    }
    for id in export.current_pages() {
        if !visited.contains(&id) {
            page(&export, id, Document::default(), walk)?;
        }
    }
    attachments(&export, &mut source, walk)
}

/// Visits the pages that have a body, and comments that found no room in the first reading.
fn pages(
    export: &Export,
    entities: Box<dyn Read + '_>,
    visited: &mut HashSet<u64>,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    let mut records = Records::new(entities);
    while let Some(record) = records.next(&["BodyContent"])? {
        let Some(id) = record.number("content") else { continue };
        if export.is_current(id) && visited.insert(id) {
            if record.is_too_long {
                too_long(export, id, walk)?;
            } else {
                page(export, id, body(&record, export), walk)?;
            }
        } else if let Some(page) = export.left_comment(id) {
            walk.admit(0, 0)??;
            comment(export, page, body(&record, export), walk)?;
        }
    }
    Ok(())
}

fn body(record: &Record, export: &Export) -> Document {
    let text = record.text("body");
    let html = match record.text("bodyType").trim() {
        "0" => markup::to_html(text),
        _ => storage::to_html(text, &export.users),
    };
    let mut document = extract::read_html(&html);
    document.metadata.clear();
    document
}

/// A comment that found no room with its page.
fn comment(
    export: &Export,
    page: &Page,
    mut document: Document,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    let path = format!("{}/Comments", export.path(page));
    let mut heading = export.heading(page);
    heading.push("Comments".to_owned());
    for section in &mut document.sections {
        section.heading.splice(0..0, heading.iter().cloned());
    }
    document.title = Some(page.title.clone());
    walk.page(Entry { path, kind: Some("comment"), ..Entry::default() }, document)
}

fn page(export: &Export, id: u64, document: Document, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let Some(page) = export.pages.get(&id) else { return Ok(()) };
    walk.admit(0, 0)??;
    let above = export.heading(page);
    let mut sections = document.sections;
    if let Some(text) = export.comments_of(id) {
        let heading = vec!["Comments".to_owned()];
        sections.push(Section { heading, text, place: Place::Unknown });
    }
    for section in &mut sections {
        section.heading.splice(0..0, above.iter().cloned());
    }
    let document = Document {
        title: Some(page.title.clone()),
        language: document.language,
        sections,
        metadata: export.metadata(id, page),
    };
    walk.page(entry(export, page), document)
}

fn entry(export: &Export, page: &Page) -> Entry {
    let kind = if page.is_blog { "blogpost" } else { "page" };
    let modified_ns = timestamp::nanoseconds(&page.modified);
    Entry { path: export.path(page), modified_ns, kind: Some(kind), ..Entry::default() }
}

fn too_long(export: &Export, id: u64, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let Some(page) = export.pages.get(&id) else { return Ok(()) };
    walk.admit(0, 0)??;
    let most = record::MAX_BYTES / 1024 / 1024;
    let reason = Reason::Skipped(format!("the page is over the limit of {most} MiB"));
    walk.unreadable(entry(export, page), reason)
}

/// Visits the newest versions of the files that hang at pages.
fn attachments(
    export: &Export,
    source: &mut Source<'_>,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    if !export.has_attachments {
        return Ok(());
    }
    for (id, attachment, page) in export.current_attachments() {
        let Attachment { name, version, modified, .. } = attachment;
        let directory = format!("attachments/{}/{id}", attachment.page);
        let candidates = [format!("{directory}/{version}"), format!("{directory}/1")];
        let entry = Entry {
            path: format!("{}/{}", export.path(page), export::one_name(name)),
            modified_ns: timestamp::nanoseconds(modified),
            about: export.about_file(attachment.page, page),
            ..Entry::default()
        };
        match source.attachment(&candidates, walk)? {
            Ok(bytes) => walk.file(entry, &bytes)?,
            Err(reason) => walk.unreadable(entry, reason)?,
        }
    }
    Ok(())
}
