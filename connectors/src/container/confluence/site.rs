//! Space exports of Confluence in HTML, packed: pages, and the files that hang at them.
//!
//! The export gives files a number for a name; what they are called stands in their pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Seek};

use zip::ZipArchive;

use crate::container::archive;
use crate::container::names::is_left_out;
use crate::container::{Entry, Walk};
use crate::extract::{self, Dialect, Holder, Reason};

/// A page that is larger is read, but not searched for the names of files.
const MAX_PAGE_BYTES: u64 = 16 * 1024 * 1024;

/// Beyond this, files keep their numbers.
const MAX_NAMES_BYTES: usize = 64 * 1024 * 1024;

/// What an export brings along to look like a wiki, and smaller copies of pictures.
const FRAME: [&str; 5] = [
    "attachments/thumbnails/",
    "download/resources/",
    "download/thumbnails/",
    "images/",
    "styles/",
];

/// The directories of an archive that are such exports.
#[derive(Debug, Default)]
pub(in crate::container) struct Site {
    /// With a slash; empty for the archive itself.
    roots: BTreeSet<String>,
}

impl Site {
    /// Finds exports by the names of their files; none in other archives.
    pub(in crate::container) fn of(names: &[String], dialect: Dialect) -> Option<Self> {
        let known = names.iter().map(String::as_str).collect::<BTreeSet<_>>();
        let roots = names.iter().filter_map(|name| name.strip_suffix("index.html"));
        let is_export = |root: &&str| {
            dialect == Dialect::Confluence
                || known.contains(format!("{root}styles/site.css").as_str())
        };
        let mut roots = roots
            .filter(|root| root.is_empty() || root.ends_with('/'))
            .filter(is_export)
            .map(str::to_owned)
            .collect::<BTreeSet<_>>();
        let numbered = names.iter().filter(|name| has_number(name));
        let numbered = numbered.map(|name| directory(name)).collect::<BTreeSet<_>>();
        roots.retain(|root| numbered.contains(root.as_str()));
        (!roots.is_empty()).then_some(Self { roots })
    }

    /// Whether it is the archive or the folder itself.
    pub(in crate::container) fn is_whole(&self) -> bool {
        self.roots.contains("")
    }

    fn is_page(&self, name: &str) -> bool {
        name.ends_with(".html") && self.roots.contains(directory(name)) && !self.is_frame(name)
    }

    fn is_frame(&self, name: &str) -> bool {
        self.roots.iter().filter_map(|root| name.strip_prefix(root.as_str())).any(|below| {
            below == "index.html" || FRAME.iter().any(|frame| below.starts_with(frame))
        })
    }
}

/// `Leave-policy_65538.html` or `65538.html`, as all pages of an export are called.
fn has_number(name: &str) -> bool {
    let stem = name.strip_suffix(".html").map(|stem| &stem[directory(stem).len()..]);
    let number = stem.map(|stem| stem.rsplit('_').next().unwrap_or(stem));
    number.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
}

fn directory(name: &str) -> &str {
    &name[..name.rfind('/').map_or(0, |slash| slash + 1)]
}

/// Visits the pages and then all other files, each in the order of the archive.
pub(in crate::container) fn walk<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    site: &Site,
    names: &[String],
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    // What belongs to the frame is known here; a file that hangs at a page may be called like it.
    walk.set_dialect(Dialect::Any);
    let mut hanging = Hanging::default();
    let files = || names.iter().enumerate().filter(|(_, name)| !is_left_out(name));
    for (index, name) in files().filter(|(_, name)| site.is_page(name)) {
        if let Some(holder) = holder(archive, index, name) {
            hanging.add(name, holder);
        }
        archive::file(archive, index, Entry { kind: Some("page"), ..Entry::at(name) }, walk)?;
    }
    let others = files().filter(|(_, name)| !site.is_page(name) && !site.is_frame(name));
    for (index, name) in others.filter(|(_, name)| !name.ends_with('/')) {
        archive::file(archive, index, hanging.entry(name), walk)?;
    }
    Ok(())
}

/// What a page says of its files; what is wrong with it is found out when it is read.
fn holder<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize, name: &str) -> Option<Holder> {
    let page = archive.by_index(index).ok().filter(|page| page.size() <= MAX_PAGE_BYTES)?;
    let mut bytes = Vec::new();
    page.take(MAX_PAGE_BYTES).read_to_end(&mut bytes).ok()?;
    extract::holder(&name[directory(name).len()..], &bytes)
}

/// The files that pages name.
#[derive(Debug, Default)]
struct Hanging {
    pages: Vec<BTreeMap<String, String>>,
    /// By their paths in the archive: their paths below the page, and the page.
    files: HashMap<String, (String, usize)>,
    bytes: usize,
}

impl Hanging {
    fn add(&mut self, page: &str, holder: Holder) {
        if holder.attachments.is_empty() {
            return;
        }
        let url = holder.url.into_iter().map(|url| ("url".to_owned(), url));
        let title = std::iter::once(("page".to_owned(), holder.title));
        self.pages.push(url.chain(title).collect());
        for linked in holder.attachments {
            let place = format!("{}{}", directory(page), linked.path);
            let name = linked.name.replace(['/', '\\'], "-");
            let path = format!("{page}/{name}");
            self.bytes += place.len() + path.len() + 100;
            if self.bytes <= MAX_NAMES_BYTES {
                self.files.entry(place).or_insert((path, self.pages.len() - 1));
            }
        }
    }

    /// A file by its real name, below the page that names it first.
    fn entry(&self, name: &str) -> Entry {
        let Some((path, page)) = self.files.get(name) else { return Entry::at(name) };
        Entry { path: path.clone(), about: self.pages[*page].clone(), ..Entry::default() }
    }
}
