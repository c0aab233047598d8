//! How sources are watched: what all have in common, and what each says for itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ragterm_connectors::folder::{FolderSettings, WatchMode};

use super::Brake;
use crate::catalog::Source;
use crate::config::{self, SourceKind};

/// Where a drop folder keeps what was read.
pub const DONE: &str = "done";

/// Where a drop folder keeps what could not be read, which is not listed again.
pub const FAILED: &str = "failed";

/// What lies in an unpacked export of Confluence beside `entities.xml` and is read through that.
const READ_BESIDE: [&str; 2] = ["attachments/*/*/*", "exportDescriptor.properties"];

/// What a DokuWiki keeps in its `data` directory beside `pages` and `media`: earlier versions, which
/// have the names of pages, lists of changes, caches and locks.
const OLD_OR_OWN: [&str; 10] = [
    "attic",
    "cache",
    "index",
    "locks",
    "log",
    "media_attic",
    "media_meta",
    "meta",
    "tmp",
    "sessions",
];

/// The default time between two looks at a source without events.
const POLL: Duration = Duration::from_secs(30);

/// How sources are watched, where their own settings do not say otherwise.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// Files larger than this are recorded, not read…
    pub max_file_bytes: u64,
    /// …but for archives and other containers, which may be as large as this.
    pub max_archive_bytes: u64,
    /// Globs that no source reads.
    pub ignore: Vec<String>,
    /// Where the daemon keeps its own files, which are no documents.
    pub data_dir: PathBuf,
    /// Where it writes backups by the clock, which are none either.
    pub backups: Option<PathBuf>,
    /// The time between two comparisons with a whole source that sends events.
    pub reconcile: Duration,
    /// When removals are held back.
    pub brake: Brake,
}

impl WatchSettings {
    /// What the configuration says, for a daemon with this data directory.
    pub fn new(index: &config::Index, data_dir: &Path) -> Self {
        let brake = Brake {
            share: index.removal_share,
            minimum: u64::from(index.removal_minimum),
            pause: index.removal_confirm,
        };
        Self {
            max_file_bytes: index.max_file_bytes,
            max_archive_bytes: index.max_archive_bytes,
            ignore: index.ignore.clone(),
            data_dir: data_dir.to_path_buf(),
            backups: None,
            reconcile: index.reconcile_interval,
            brake,
        }
    }
}

/// A source's settings as the connector takes them.
pub fn folder_settings(source: &Source, common: &WatchSettings) -> FolderSettings {
    let settings = &source.registered.settings;
    let mut include = settings.include.clone();
    let mut exclude = settings.exclude.clone();
    exclude.extend(own_files(source, common));
    exclude.extend(own_backups(source, common));
    if settings.is_file {
        include = vec![name_of_file(source)];
        exclude.push("*/".into());
    }
    match source.registered.kind {
        SourceKind::Drop => exclude.push(format!("/{FAILED}")),
        SourceKind::Confluence => exclude.extend(READ_BESIDE.map(str::to_owned)),
        SourceKind::DokuWiki => exclude.extend(besides_pages(source.registered.root())),
        _ => {}
    }
    FolderSettings {
        root: source.registered.opened_root(),
        include,
        exclude,
        ignore: common.ignore.clone(),
        max_file_bytes: common.max_file_bytes,
        max_archive_bytes: common.max_archive_bytes,
        dialect: source.registered.dialect(),
        watch: match settings.watch.as_str() {
            "events" => WatchMode::Events,
            "poll" => WatchMode::Poll,
            _ => WatchMode::Auto,
        },
        poll_interval: match settings.poll_interval_s {
            0 => POLL,
            seconds => Duration::from_secs(seconds),
        },
    }
}

/// The glob of the data directory, when it lies inside the source.
fn own_files(source: &Source, common: &WatchSettings) -> Option<String> {
    let inside = common.data_dir.strip_prefix(source.registered.root()).ok()?.to_str()?;
    Some(just(inside))
}

/// The glob of backups by the clock and their parts, when they lie inside the source.
fn own_backups(source: &Source, common: &WatchSettings) -> Option<String> {
    let directory = common.backups.as_ref()?;
    let inside = directory.strip_prefix(source.registered.root()).ok()?.to_str()?;
    let directory = if inside.is_empty() { String::new() } else { just(inside) };
    Some(format!("{directory}/ragterm-*.backup*"))
}

/// The globs of what is no page of a DokuWiki, by the name of the directory that is the source: the
/// disk is not asked, since a share may not answer. Below `pages`, these are names of namespaces.
fn besides_pages(root: &Path) -> Vec<String> {
    let data = match root.file_name().and_then(|name| name.to_str()) {
        Some("pages") => return Vec::new(),
        Some("data") => "",
        _ => "data/",
    };
    OLD_OR_OWN.map(|name| format!("/{data}{name}/")).into()
}

/// The glob of the only file of a source.
fn name_of_file(source: &Source) -> String {
    let name = Path::new(&source.registered.path).file_name();
    just(&name.unwrap_or_default().to_string_lossy())
}

/// The glob that matches one path below the root.
fn just(path: &str) -> String {
    let is_special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '#' | '\\');
    let escaped = path.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c]));
    format!("/{}", escaped.collect::<String>())
}
