//! What an export holds and how it hangs together; all but the bodies of pages.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use super::record::{Record, Records};
use super::{body, timestamp};
use crate::extract::Reason;

const CLASSES: [&str; 11] = [
    "Attachment",
    "BlogPost",
    "BodyContent",
    "Comment",
    "ConfluenceBandanaRecord",
    "ConfluenceUserImpl",
    "InternalUser",
    "Label",
    "Labelling",
    "Page",
    "Space",
];

/// All texts that are kept here.
const MAX_BYTES: usize = 160 * 1024 * 1024;

/// The comments that are kept until their page comes; others become documents of their own.
const MAX_COMMENT_BYTES: usize = 48 * 1024 * 1024;

const MAX_ANCESTORS: usize = 50;

/// An export without its pages' bodies.
#[derive(Debug, Default)]
pub(super) struct Export {
    pub pages: HashMap<u64, Page>,
    /// Names by keys.
    pub users: HashMap<String, String>,
    /// Whether attachments were exported.
    pub has_attachments: bool,
    spaces: HashMap<u64, (String, String)>,
    labels: HashMap<u64, String>,
    labels_of: HashMap<u64, Vec<u64>>,
    attachments: BTreeMap<u64, Attachment>,
    comments: BTreeMap<u64, Comment>,
    comments_of: HashMap<u64, Vec<u64>>,
    /// Older versions that a current one names.
    historical: HashSet<u64>,
    full_names: HashMap<String, String>,
    base_url: String,
    bytes: usize,
    comment_bytes: usize,
}

/// A page or blog post that is neither old, deleted nor a draft.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub title: String,
    pub is_blog: bool,
    pub modified: String,
    created: String,
    creator: String,
    version: String,
    parent: Option<u64>,
    space: Option<u64>,
}

/// A file that hangs at a page.
#[derive(Debug)]
pub(super) struct Attachment {
    pub name: String,
    pub page: u64,
    pub version: String,
    pub modified: String,
}

#[derive(Debug, Default)]
struct Comment {
    page: Option<u64>,
    creator: String,
    created: String,
    text: Option<String>,
}

impl Export {
    /// Reads all objects; where they break off, what there was and the reason.
    pub(super) fn read<R: Read>(
        records: &mut Records<R>,
        descriptor: &str,
    ) -> (Self, Option<Reason>) {
        let setting = |name: &str| {
            let line = descriptor.lines().find_map(|line| line.trim().strip_prefix(name));
            line.and_then(|line| line.trim().strip_prefix('=')).map(|it| it.trim().to_owned())
        };
        let mut export = Self {
            has_attachments: setting("backupAttachments").as_deref() != Some("false"),
            base_url: setting("baseUrl").unwrap_or_default().replace("\\:", ":"),
            ..Self::default()
        };
        let damage = loop {
            match records.next(&CLASSES) {
                Ok(Some(record)) => export.add(&record),
                Ok(None) => break None,
                Err(reason) => break Some(reason),
            }
            if export.bytes > MAX_BYTES {
                break Some(Reason::Failed("holds more pages than can be kept in mind".to_owned()));
            }
        };
        for (id, comment) in &export.comments {
            if let Some(page) = comment.page {
                export.comments_of.entry(page).or_default().push(*id);
            }
        }
        (export, damage)
    }

    fn add(&mut self, record: &Record) {
        if record.class == "BodyContent" {
            return self.add_comment_body(record);
        }
        let Some(id) = record.number("id") else { return self.add_user(record) };
        // What an entry costs beside its texts.
        self.bytes += 200;
        match record.class.as_str() {
            "Page" | "BlogPost" => self.add_page(id, record),
            "Comment" if is_current(record) => {
                let comment = self.comments.entry(id).or_default();
                comment.page = record.reference(&["containerContent", "owner", "content"]);
                comment.creator = creator(record);
                comment.created = record.value("creationDate");
            }
            "Attachment" if is_current(record) => self.add_attachment(id, record),
            "Space" => {
                let names = (record.value("name"), record.value("key"));
                self.bytes += names.0.len() + names.1.len();
                self.spaces.insert(id, names);
            }
            // Those of the namespace `my` are private.
            "Label" if record.value("namespace") != "my" => {
                self.labels.insert(id, record.value("name"));
            }
            "Labelling" => {
                let content = record.reference(&["content", "labelableId"]);
                if let (Some(label), Some(content)) = (record.number("label"), content) {
                    self.labels_of.entry(content).or_default().push(label);
                }
            }
            "ConfluenceBandanaRecord" if self.base_url.is_empty() => {
                let settings = record.text("value");
                let url = settings.split_once("<baseUrl>").and_then(|(_, it)| it.split_once('<'));
                self.base_url = url.map_or("", |(url, _)| url).trim().to_owned();
            }
            "ConfluenceUserImpl" | "InternalUser" => self.add_user(record),
            _ => {}
        }
    }

    fn add_user(&mut self, record: &Record) {
        let name = record.value("name");
        self.bytes += 100 + name.len();
        if record.class == "InternalUser" {
            self.full_names.insert(name, record.value("displayName"));
        } else if record.class == "ConfluenceUserImpl" {
            let account = record.value("atlassianAccountId");
            if !account.is_empty() {
                self.users.insert(account, name.clone());
            }
            self.users.insert(record.value("id"), name);
        }
    }

    fn add_page(&mut self, id: u64, record: &Record) {
        let before = self.historical.len();
        self.historical.extend(record.numbers("historicalVersions"));
        self.bytes += (self.historical.len() - before) * 16;
        if !is_current(record) || self.pages.contains_key(&id) {
            return;
        }
        let page = Page {
            title: record.value("title"),
            is_blog: record.class == "BlogPost",
            modified: record.value("lastModificationDate"),
            created: record.value("creationDate"),
            creator: creator(record),
            version: record.value("version"),
            parent: record.number("parent"),
            space: record.number("space"),
        };
        self.bytes += page.title.len() + page.creator.len() + 60;
        self.pages.insert(id, page);
    }

    fn add_attachment(&mut self, id: u64, record: &Record) {
        let either = |one: &str, other: &str| {
            let value = record.value(one);
            if value.is_empty() { record.value(other) } else { value }
        };
        let Some(page) = record.reference(&["containerContent", "content"]) else { return };
        let attachment = Attachment {
            name: either("title", "fileName"),
            page,
            version: either("attachmentVersion", "version"),
            modified: record.value("lastModificationDate"),
        };
        self.bytes += attachment.name.len() + 60;
        self.attachments.insert(id, attachment);
    }

    fn add_comment_body(&mut self, record: &Record) {
        let text = record.text("body");
        if record.text("content.class") != "Comment" || record.is_too_long {
            return;
        }
        let Some(id) = record.number("content") else { return };
        self.comment_bytes += text.len();
        if self.comment_bytes <= MAX_COMMENT_BYTES {
            let sections = body(record, self).sections.into_iter();
            let texts = sections.flat_map(|it| [it.heading.join(" "), it.text]);
            let texts = texts.filter(|it| !it.is_empty()).collect::<Vec<_>>();
            self.comments.entry(id).or_default().text.get_or_insert(texts.join("\n"));
        }
    }

    /// Whether this is a page that counts.
    pub(super) fn is_current(&self, id: u64) -> bool {
        self.pages.contains_key(&id) && !self.historical.contains(&id)
    }

    /// The pages that count, in a steady order.
    pub(super) fn current_pages(&self) -> Vec<u64> {
        let mut ids = self.pages.keys().copied().collect::<Vec<_>>();
        ids.retain(|id| self.is_current(*id));
        ids.sort_unstable();
        ids
    }

    /// The files of those pages; of versions that are not marked as such, the newest.
    pub(super) fn current_attachments(&self) -> Vec<(u64, &Attachment, &Page)> {
        let mut newest = BTreeMap::new();
        for (id, attachment) in &self.attachments {
            let is_current = self.is_current(attachment.page) && !self.historical.contains(id);
            let key = (attachment.page, attachment.name.to_lowercase());
            let version = attachment.version.parse::<u64>().unwrap_or(0);
            if is_current && newest.get(&key).is_none_or(|(known, _)| *known <= version) {
                newest.insert(key, (version, *id));
            }
        }
        let ids = newest.values().map(|(_, id)| id);
        let whole = ids.filter_map(|id| {
            let attachment = self.attachments.get(id)?;
            Some((*id, attachment, self.pages.get(&attachment.page)?))
        });
        whole.collect()
    }

    /// The titles of the pages above a page, outermost first.
    pub(super) fn ancestors(&self, page: &Page) -> Vec<String> {
        let mut titles = Vec::new();
        let mut seen = HashSet::new();
        let mut parent = page.parent;
        while let Some(id) = parent.filter(|id| seen.len() < MAX_ANCESTORS && seen.insert(*id)) {
            let Some(above) = self.pages.get(&id) else { break };
            titles.push(above.title.clone());
            parent = above.parent;
        }
        titles.reverse();
        titles
    }

    /// `Space/Ancestor/Title`.
    pub(super) fn path(&self, page: &Page) -> String {
        let mut names = vec![one_name(self.space(page))];
        if page.is_blog {
            names.push("Blog".to_owned());
        }
        names.extend(self.ancestors(page).iter().map(|title| one_name(title)));
        names.push(one_name(&page.title));
        names.join("/")
    }

    fn space(&self, page: &Page) -> &str {
        let names = page.space.and_then(|space| self.spaces.get(&space));
        names.map_or("", |(name, key)| if name.is_empty() { key } else { name })
    }

    /// The titles that lead to the text of a page, its own the last.
    pub(super) fn heading(&self, page: &Page) -> Vec<String> {
        let mut titles = self.ancestors(page);
        titles.push(page.title.clone());
        titles.retain(|title| !title.is_empty());
        titles
    }

    fn url(&self, id: u64) -> String {
        let base = self.base_url.trim_end_matches('/');
        let slash = if base.is_empty() { "" } else { "/" };
        format!("{base}{slash}pages/viewpage.action?pageId={id}")
    }

    /// What is said of a file that hangs at a page.
    pub(super) fn about_file(&self, id: u64, page: &Page) -> BTreeMap<String, String> {
        let about = [("page", page.title.clone()), ("url", self.url(id))];
        about.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// What is said of a page beside its text.
    pub(super) fn metadata(&self, id: u64, page: &Page) -> BTreeMap<String, String> {
        let labels = self.labels_of.get(&id).into_iter().flatten();
        let mut labels = labels.filter_map(|it| self.labels.get(it).cloned()).collect::<Vec<_>>();
        labels.sort_unstable();
        labels.dedup();
        let metadata = [
            ("url", self.url(id)),
            ("author", self.person(&page.creator)),
            ("created", timestamp::rfc_3339(&page.created).unwrap_or_default()),
            ("modified", timestamp::rfc_3339(&page.modified).unwrap_or_default()),
            ("labels", labels.join(", ")),
            ("space", self.space(page).to_owned()),
            ("version", page.version.clone()),
        ];
        let filled = metadata.into_iter().filter(|(_, value)| !value.is_empty());
        filled.map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// The comments at a page, one below the other.
    pub(super) fn comments_of(&self, id: u64) -> Option<String> {
        let comments = self.comments_of.get(&id)?.iter().filter_map(|id| self.comments.get(id));
        let mut comments = comments.collect::<Vec<_>>();
        comments.sort_by(|one, other| one.created.cmp(&other.created));
        let lines = comments.iter().filter_map(|comment| {
            let text = comment.text.as_deref().filter(|text| !text.is_empty())?;
            let author = self.person(&comment.creator);
            let day = comment.created.split(' ').next().unwrap_or_default();
            Some(match (author.as_str(), day) {
                ("", "") => text.to_owned(),
                ("", day) => format!("{day}: {text}"),
                (author, "") => format!("{author}: {text}"),
                (author, day) => format!("{author} ({day}): {text}"),
            })
        });
        let text = lines.collect::<Vec<_>>().join("\n\n");
        (!text.is_empty()).then_some(text)
    }

    /// The page of a comment that was not kept for it.
    pub(super) fn left_comment(&self, id: u64) -> Option<&Page> {
        let comment = self.comments.get(&id).filter(|comment| comment.text.is_none())?;
        self.pages.get(&comment.page.filter(|page| self.is_current(*page))?)
    }

    /// The name of a user, by key or name.
    fn person(&self, key: &str) -> String {
        let name = self.users.get(key).map_or(key, String::as_str);
        self.full_names.get(name).filter(|it| !it.is_empty()).map_or(name, |it| it).to_owned()
    }
}

/// A title as one name in a path.
pub(super) fn one_name(title: &str) -> String {
    title.replace(['/', '\\'], "-")
}

fn creator(record: &Record) -> String {
    let key = record.value("creator");
    if key.is_empty() { record.value("creatorName") } else { key }
}

/// Whether this is the version that readers see.
fn is_current(record: &Record) -> bool {
    let original = ["originalVersion", "originalVersionId"];
    let is_version = original.iter().any(|name| !record.value(name).is_empty());
    !is_version && matches!(&*record.value("contentStatus").to_lowercase(), "" | "current")
}
