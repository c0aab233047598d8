//! `[backup]`: the backups that the daemon takes by itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::parse::{duration, integer, path, text};
use super::reader::Section;

const MINUTE_S: f64 = 60.0;
const YEAR_S: f64 = 365.0 * 86_400.0;

/// `[backup]`: the backups that the daemon takes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where they go; `None`: none is taken.
    pub directory: Option<PathBuf>,
    /// The time from one to the next.
    pub every: Duration,
    /// How many stay.
    pub keep: u32,
}

impl Backup {
    pub(super) fn read(section: &mut Section<'_>, home: Option<&Path>) -> Self {
        let directory = |value: &super::value::Value| match text(value)?.as_str() {
            "" => Ok(None),
            _ => path(home)(value).map(Some),
        };
        Self {
            directory: section.take("directory", "", directory),
            every: section.take("every", "24h", duration(MINUTE_S..=YEAR_S)),
            keep: section.take("keep", 7, integer(1..=10_000)),
        }
    }
}
