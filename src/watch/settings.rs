//! How sources are watched: what all have in common, and what each says for itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ragterm_connectors::folder::{FolderSettings, WatchMode};

use super::Brake;
use crate::catalog::Source;
use crate::config;

/// The default time between two looks at a source without events.
const POLL: Duration = Duration::from_secs(30);

/// How sources are watched, where their own settings do not say otherwise.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// Files larger than this are recorded, not read.
    pub max_file_bytes: u64,
    /// Globs that no source reads.
    pub ignore: Vec<String>,
    /// Where the daemon keeps its own files, which are no documents.
    pub data_dir: PathBuf,
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
            ignore: index.ignore.clone(),
            data_dir: data_dir.to_path_buf(),
            reconcile: index.reconcile_interval,
            brake,
        }
    }
}

/// A source's settings as the connector takes them.
pub fn folder_settings(source: &Source, common: &WatchSettings) -> FolderSettings {
    let settings = &source.registered.settings;
    FolderSettings {
        root: source.registered.path.clone().into(),
        include: settings.include.clone(),
        exclude: settings.exclude.iter().cloned().chain(own_files(source, common)).collect(),
        ignore: common.ignore.clone(),
        max_file_bytes: common.max_file_bytes,
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
    let inside = common.data_dir.strip_prefix(&source.registered.path).ok()?.to_str()?;
    let is_special = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '#' | '\\');
    let escaped = inside.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c]));
    Some(format!("/{}", escaped.collect::<String>()))
}
