//! Dumps of MediaWiki, read as a stream: a page at a time.

mod brackets;
mod lines;
mod site;
mod tags;
mod template;
#[cfg(test)]
mod tests;
mod wikitext;

use std::io::Read;

use quick_xml::events::BytesStart;

use super::walk::Entry;
use super::xml::{Piece, XmlStream, attribute};
use super::{Opened, Walk, timestamp};
use crate::document::{Document, Place, Section};
use crate::extract::{self, Reason};
use site::Site;

/// MediaWiki itself stores no more than 2 MiB, unless it is told to.
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

const MAX_FIELD_BYTES: usize = 4 * 1024;

/// The elements that matter; all others have no name here.
const NAMES: [&str; 19] = [
    "base",
    "contributor",
    "id",
    "ip",
    "mediawiki",
    "model",
    "namespace",
    "namespaces",
    "ns",
    "page",
    "redirect",
    "revision",
    "sitename",
    "siteinfo",
    "text",
    "timestamp",
    "title",
    "username",
    "upload",
];

/// Visits the newest revision of each page of content.
pub(super) fn walk(opened: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    walk_stream(opened.content, walk)
}

/// The same of bytes that come one after the other, as from a compressed dump; `compressed.rs`
/// calls it where what comes out begins as a dump.
pub(super) fn walk_stream(content: impl Read, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let mut stream = XmlStream::new(content);
    let mut dump = Dump::default();
    loop {
        match stream.next()? {
            Piece::Open(tag) => dump.open(&tag),
            Piece::Text(text) => dump.text(&text),
            Piece::Close(tag) => {
                let name = known(tag.local_name().as_ref());
                if dump.ends(name)
                    && let Some(page) = dump.close()
                {
                    emit(page, &dump.site, walk)?;
                }
                if name == "mediawiki" {
                    return dump.outcome();
                }
            }
            Piece::End => {
                return Err(Reason::Failed("damaged: the dump breaks off".to_owned()));
            }
        }
        dump.is_too_long |= stream.was_clipped();
    }
}

/// The name of an element, if it is one that matters.
fn known(name: &str) -> &'static str {
    NAMES.iter().find(|known| **known == name).copied().unwrap_or("")
}

/// Where in a dump the stream is, and what is known there.
#[derive(Default)]
struct Dump {
    site: Site,
    path: Vec<&'static str>,
    /// Tags are missing or too many, or zeros stand in the text.
    is_damaged: bool,
    /// The text of the open element, if it is one that matters.
    text: String,
    is_too_long: bool,
    namespace_key: Option<i32>,
    page: Page,
    revision: Revision,
}

#[derive(Default)]
struct Page {
    title: String,
    namespace: Option<i32>,
    has_redirect: bool,
    newest: Option<Revision>,
}

#[derive(Default)]
struct Revision {
    timestamp: String,
    author: String,
    model: String,
    text: String,
    is_too_long: bool,
}

impl Dump {
    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = known(tag.local_name().as_ref());
        // A page begins in no other: what was open before it lost its end.
        if name == "page" && self.path.len() > 1 {
            self.is_damaged = true;
            self.path.truncate(1);
        }
        self.path.push(name);
        self.text.clear();
        self.is_too_long = false;
        match self.place() {
            ["mediawiki", "page"] => self.page = Page::default(),
            [_, "page", "redirect"] => self.page.has_redirect = true,
            [_, "page", "revision"] => self.revision = Revision::default(),
            [_, _, "namespaces", "namespace"] => {
                self.namespace_key = attribute(tag, "key").parse().ok();
            }
            _ => {}
        }
    }

    /// Whether an end tag ends something that is open; what is open in that lost its own end.
    fn ends(&mut self, name: &str) -> bool {
        let open = self.path.iter().rposition(|open| *open == name);
        self.is_damaged |= open.is_none_or(|open| open + 1 < self.path.len());
        if let Some(open) = open {
            self.path.truncate(open + 1);
        }
        open.is_some()
    }

    /// What is said of the dump at its end.
    fn outcome(&self) -> Result<(), Reason> {
        if !self.is_damaged {
            return Ok(());
        }
        let reason = "damaged: parts of the dump are broken, so pages are missing or cut";
        Err(Reason::Failed(reason.to_owned()))
    }

    fn place(&self) -> &[&'static str] {
        &self.path
    }

    fn text(&mut self, text: &str) {
        // XML knows no zeros.
        self.is_damaged |= text.contains('\0');
        let most = match self.place() {
            [_, "page", "revision", "text"] if self.is_wanted() => MAX_PAGE_BYTES,
            [.., "text" | ""] => 0,
            _ => MAX_FIELD_BYTES,
        };
        if self.text.len() + text.len() <= most {
            self.text.push_str(text);
        } else {
            self.is_too_long = true;
        }
    }

    /// Whether the text of the open revision may be needed.
    fn is_wanted(&self) -> bool {
        let newest = self.page.newest.as_ref();
        let is_newer = newest.is_none_or(|newest| newest.timestamp <= self.revision.timestamp);
        is_newer && self.site.is_content(&self.page.title, self.page.namespace)
    }

    /// Ends an element; the page, if it was one.
    fn close(&mut self) -> Option<Page> {
        let text = std::mem::take(&mut self.text);
        match self.path.as_slice() {
            ["mediawiki", "siteinfo", "base"] => self.site.base = text.trim().to_owned(),
            [_, "siteinfo", "namespaces", "namespace"] => {
                if let Some(key) = self.namespace_key {
                    self.site.add_namespace(key, text.trim());
                }
            }
            [_, "page", "title"] => self.page.title = text.trim().to_owned(),
            [_, "page", "ns"] => self.page.namespace = text.trim().parse().ok(),
            [_, "page", "revision", "timestamp"] => {
                text.trim().clone_into(&mut self.revision.timestamp)
            }
            [_, "page", "revision", "model"] => text.trim().clone_into(&mut self.revision.model),
            [_, "page", "revision", "contributor", "username" | "ip"] => {
                text.trim().clone_into(&mut self.revision.author);
            }
            [_, "page", "revision", "text"] => {
                self.revision.is_too_long = self.is_too_long && self.is_wanted();
                self.revision.text = text;
            }
            [_, "page", "revision"] if self.is_wanted() => {
                self.page.newest = Some(std::mem::take(&mut self.revision));
            }
            ["mediawiki", "page"] => {
                self.path.pop();
                return Some(std::mem::take(&mut self.page));
            }
            _ => {}
        }
        self.path.pop();
        None
    }
}

fn emit(page: Page, site: &Site, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let Page { title, namespace, has_redirect, newest: Some(revision) } = page else {
        return Ok(());
    };
    // A wiki in a language that is not known here marks them, too.
    let is_redirect = |command| has_redirect || site::is_redirect(command);
    if title.is_empty() || site::command(&revision.text).is_some_and(is_redirect) {
        return Ok(());
    }
    walk.admit(0, 0)??;
    let modified_ns = timestamp::nanoseconds(&revision.timestamp);
    let entry = Entry { path: title.clone(), modified_ns, kind: Some("page"), ..Entry::default() };
    if revision.is_too_long {
        let most = MAX_PAGE_BYTES / 1024 / 1024;
        let reason = Reason::Skipped(format!("the page is over the limit of {most} MiB"));
        return walk.unreadable(entry, reason);
    }
    let Some(mut document) = read(&revision, &title, site) else { return Ok(()) };
    if document.sections.is_empty() && site.namespace_of(&title, namespace) == site::CATEGORY {
        return Ok(());
    }
    let metadata = &mut document.metadata;
    metadata.insert("url".to_owned(), site.url(&title));
    if !revision.author.is_empty() {
        metadata.insert("author".to_owned(), revision.author);
    }
    if let Some(modified) = timestamp::rfc_3339(&revision.timestamp) {
        metadata.insert("modified".to_owned(), modified);
    }
    document.title = Some(title);
    walk.page(entry, document)
}

/// The document in a revision; none in scripts, styles and data.
fn read(revision: &Revision, title: &str, site: &Site) -> Option<Document> {
    match revision.model.as_str() {
        "" | "wikitext" | "proofread-page" => {
            let converted = wikitext::convert(&revision.text, title, site);
            let mut document = extract::read_html(&converted.html);
            document.metadata.clear();
            if !converted.categories.is_empty() {
                let categories = converted.categories.join(", ");
                document.metadata.insert("categories".to_owned(), categories);
            }
            Some(document)
        }
        "text" | "markdown" => {
            let text = revision.text.clone();
            let section = Section { heading: Vec::new(), text, place: Place::Unknown };
            Some(Document { sections: vec![section], ..Document::default() })
        }
        _ => None,
    }
}
