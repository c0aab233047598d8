//! How sources are watched: what all have in common, and what each says for itself.

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
    /// The time between two comparisons with a whole source that sends events.
    pub reconcile: Duration,
    /// When removals are held back.
    pub brake: Brake,
}

impl From<&config::Index> for WatchSettings {
    fn from(index: &config::Index) -> Self {
        let brake = Brake {
            share: index.removal_share,
            minimum: u64::from(index.removal_minimum),
            pause: index.removal_confirm,
        };
        Self {
            max_file_bytes: index.max_file_bytes,
            ignore: index.ignore.clone(),
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
        exclude: settings.exclude.clone(),
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
