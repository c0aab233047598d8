//! EPUB books: chapters in the order of the spine, under the titles of the table of contents.

mod archive;
mod contents;
mod language;
mod markup;
mod package;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::outline::MAX_SECTIONS;
use super::{Attachment, Extraction, Reason, encoding, html};
use crate::document::Section;
use archive::Archive;
use contents::Contents;
use package::Package;

const CONTAINER: &str = "META-INF/container.xml";
const ENCRYPTION: &str = "META-INF/encryption.xml";

/// Books have hundreds of chapters.
const MAX_CHAPTERS: usize = 10_000;

/// Reads an EPUB book.
pub(super) fn read(bytes: &[u8]) -> Result<Extraction, Reason> {
    let mut archive = Archive::open(bytes)?;
    let root = root_path(&mut archive);
    let package = match root.as_deref().and_then(|path| archive.text(path).transpose()) {
        Some(xml) => package::read(&xml?, root.as_deref().unwrap_or_default()),
        None => Package::default(),
    };
    let encrypted = match archive.text(ENCRYPTION)? {
        Some(xml) => package::encrypted(&xml),
        None => Vec::new(),
    };
    let chapters = chapters(&archive, &package);
    if chapters.iter().any(|path| encrypted.iter().any(|it| it == path)) {
        return Err(Reason::Failed("protected by digital rights management".to_owned()));
    }
    let contents = table_of_contents(&mut archive, &package);
    let mut document = package.document;
    let (mut missing, mut damaged) = (0, 0);
    for path in &chapters {
        match archive.bytes(path) {
            Ok(Some(chapter)) => add(&mut document.sections, &chapter, contents.path(path))?,
            Ok(None) => missing += 1,
            // One damaged chapter does not hide the others.
            Err(_) if !archive.is_too_large() => damaged += 1,
            Err(reason) => return Err(reason),
        }
    }
    if missing + damaged == chapters.len() {
        let state = if damaged > 0 { "can be read" } else { "is there" };
        return Err(Reason::Failed(format!("damaged: none of the chapters {state}")));
    }
    let all = chapters.len();
    let lost = format!("damaged: {damaged} of {all} chapters cannot be read");
    let attachments = (damaged > 0).then(|| Attachment::lost(&lost)).into_iter().collect();
    Ok(Extraction { document, attachments, ..Extraction::default() })
}

/// Where the package document is: where the container says, else by its name.
fn root_path(archive: &mut Archive<'_>) -> Option<String> {
    let container = archive.text(CONTAINER).ok().flatten();
    let named = container.and_then(|xml| package::root(&xml)).filter(|path| archive.has(path));
    named.or_else(|| archive.names_ending(&[".opf"]).into_iter().next())
}

/// The chapters in reading order; without a spine, all pages by their names.
fn chapters(archive: &Archive<'_>, package: &Package) -> Vec<String> {
    let mut chapters = package.spine.clone();
    if !chapters.iter().any(|path| archive.has(path)) {
        chapters = archive.names_ending(&[".xhtml", ".html", ".htm"]);
    }
    // The table of contents is in the heading paths.
    let contents = [package.navigation.as_ref(), package.ncx.as_ref()];
    if chapters.len() > 1 {
        chapters.retain(|path| !contents.contains(&Some(path)));
    }
    let mut seen = HashSet::new();
    chapters.retain(|path| seen.insert(path.to_lowercase()));
    chapters.truncate(MAX_CHAPTERS);
    chapters
}

/// The titles of the chapters; a table that is damaged is as good as none.
fn table_of_contents(archive: &mut Archive<'_>, package: &Package) -> Contents {
    let mut contents = Contents::default();
    for path in [&package.navigation, &package.ncx].into_iter().flatten() {
        if contents.is_empty()
            && let Ok(Some(xml)) = archive.text(path)
        {
            contents = contents::read(&xml, path);
        }
    }
    contents
}

fn add(sections: &mut Vec<Section>, chapter: &[u8], path: &[String]) -> Result<(), Reason> {
    if chapter.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let chapter = html::read(&encoding::decode(chapter)?).sections;
    let is_titled_inside = path.last().is_none_or(|title| {
        chapter.iter().any(|section| section.heading.iter().any(|it| is_same(it, title)))
    });
    // Long chapters are cut into files anywhere: what stands above the first heading goes on.
    let above = sections.last().map(|section| section.heading.clone());
    let above = above.filter(|_| is_titled_inside);
    for mut section in chapter {
        section.heading = match &above {
            Some(above) if section.heading.is_empty() => above.clone(),
            _ => joined(path, section.heading),
        };
        let is_full = sections.len() >= MAX_SECTIONS;
        match sections.last_mut().filter(|_| is_full) {
            Some(last) => {
                last.text.push_str("\n\n");
                last.text.push_str(&section.text);
            }
            None => sections.push(section),
        }
    }
    Ok(())
}

/// The titles from the table of contents, then the headings of the chapter without a repeat.
fn joined(path: &[String], headings: Vec<String>) -> Vec<String> {
    let Some((title, parents)) = path.split_last() else { return headings };
    let is_known = headings.iter().any(|heading| is_same(heading, title));
    let known = if is_known { parents } else { path };
    known.iter().cloned().chain(headings).collect()
}

fn is_same(heading: &str, title: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    plain(heading) == plain(title)
}
