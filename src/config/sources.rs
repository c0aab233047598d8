//! The lists of the configuration: `[[sources]]` and `[[spaces]]`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ragterm_connectors::extract::Dialect;
use serde::{Deserialize, Serialize};

use super::answer::{DEFAULT_PIPELINE, Pipeline};
use super::parse::{choice, duration, globs, path, paths, valid_name, web_address};
use super::reader::Section;

/// The space of a source that names none; exists without being declared.
pub const DEFAULT_SPACE: &str = "default";

/// `[[sources]]`: a place that documents come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Unique among the sources.
    pub name: String,
    /// What sort of place it is.
    pub kind: SourceKind,
    /// Where it is: an absolute path.
    pub path: PathBuf,
    /// The space that its documents belong to.
    pub space: String,
    /// What becomes of the files of a drop folder.
    pub after: After,
    /// Where the wiki is that the files were exported from; empty when that is not known.
    pub url: String,
    /// How changes are noticed.
    pub watch: Watch,
    /// The time between two scans of a source that is polled.
    pub poll_interval: Duration,
    /// When not empty, only names that match one of these patterns are read.
    pub include: Vec<String>,
    /// Names that match one of these patterns are skipped.
    pub exclude: Vec<String>,
}

/// What sort of place documents come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// A directory with everything below it.
    #[default]
    Folder,
    /// A directory whose files are indexed as they land, and put away then if that is wanted.
    Drop,
    /// Space exports of Confluence, packed or unpacked.
    Confluence,
    /// Dumps of MediaWiki.
    MediaWiki,
    /// Exports of Notion, packed or unpacked.
    Notion,
    /// The pages of a DokuWiki.
    DokuWiki,
    /// Messages and mailboxes.
    Mail,
    /// Files of JSON records, each a document.
    JsonLines,
}

/// What becomes of a file in a drop folder once it is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// It stays where it landed.
    #[default]
    Keep,
    /// It goes to `done/`, or with a reason to `failed/`.
    Move,
}

impl SourceKind {
    /// The words of the configuration and the command line.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("folder", Self::Folder),
        ("drop", Self::Drop),
        ("confluence", Self::Confluence),
        ("mediawiki", Self::MediaWiki),
        ("notion", Self::Notion),
        ("dokuwiki", Self::DokuWiki),
        ("mail", Self::Mail),
        ("jsonl", Self::JsonLines),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("folder", |(name, _)| name)
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind)
    }

    /// How its files are read.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Folder | Self::Drop => Dialect::Any,
            Self::Confluence => Dialect::Confluence,
            Self::MediaWiki => Dialect::MediaWiki,
            Self::Notion => Dialect::Notion,
            Self::DokuWiki => Dialect::DokuWiki,
            Self::Mail => Dialect::Mail,
            Self::JsonLines => Dialect::JsonLines,
        }
    }

    /// The kind whose files are read so: of the two that are read as any files, the folder.
    pub fn of(dialect: Dialect) -> Self {
        let kinds = Self::NAMES.iter().map(|(_, kind)| *kind);
        kinds.into_iter().find(|kind| kind.dialect() == dialect).unwrap_or_default()
    }

    /// Whether it can be a single file; a folder is one if it is packed.
    pub fn may_be_file(self) -> bool {
        !matches!(self, Self::Drop | Self::DokuWiki)
    }

    /// What such a source is called in a sentence, if it is a single file.
    pub fn words(self) -> &'static str {
        match self {
            Self::Folder => "an archive of files",
            Self::Drop => "a drop folder",
            Self::Confluence => "an export of Confluence",
            Self::MediaWiki => "a dump of MediaWiki",
            Self::Notion => "an export of Notion",
            Self::DokuWiki => "the pages of a DokuWiki",
            Self::Mail => "mail",
            Self::JsonLines => "records in JSON",
        }
    }
}

/// How changes of a source are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// By events where the file system sends them, else by polling.
    Auto,
    /// By events of the operating system.
    Events,
    /// By a scan from time to time.
    Poll,
}

impl Watch {
    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Events => "events",
            Self::Poll => "poll",
        }
    }
}

/// `[[spaces]]`: a named set of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Unique among the spaces.
    pub name: String,
    /// How questions are answered from it: the name of one of the `[[pipelines]]`.
    pub pipeline: String,
    /// Where those who may write to it, and no more, may add sources.
    pub roots: Vec<PathBuf>,
}

/// All `[[spaces]]`.
pub(super) fn read_spaces(
    root: &mut Section<'_>,
    pipelines: &[Pipeline],
    home: Option<&Path>,
) -> Vec<Space> {
    const NONE: &[&str] = &[];
    let mut names = HashSet::new();
    root.each("spaces", |section| {
        let name = unique_name(section, &mut names);
        let pipeline = section.take("pipeline", DEFAULT_PIPELINE, valid_name);
        let is_known = |name: &str| {
            name == DEFAULT_PIPELINE || pipelines.iter().any(|pipeline| pipeline.name == name)
        };
        if !is_known(&pipeline) {
            let message = format!("`{pipeline}` is not among the `[[pipelines]]`");
            section.reject("pipeline", &message);
        }
        let roots = section.take("roots", NONE, paths(home));
        Some(Space { name: name?, pipeline, roots })
    })
}

/// All `[[sources]]`; where spaces are declared, a source must be in one of them.
pub(super) fn read_sources(
    root: &mut Section<'_>,
    spaces: &[Space],
    home: Option<&Path>,
) -> Vec<Source> {
    let declared = |name: &str| spaces.iter().any(|space| space.name == name);
    let mut names = HashSet::new();
    root.each("sources", |section| {
        let name = unique_name(section, &mut names);
        let source = Source::read(section, name, home)?;
        if !spaces.is_empty() && source.space != DEFAULT_SPACE && !declared(&source.space) {
            let message = format!("`{}` is not among the declared `[[spaces]]`", source.space);
            section.reject("space", &message);
        }
        Some(source)
    })
}

pub(super) fn unique_name(
    section: &mut Section<'_>,
    names: &mut HashSet<String>,
) -> Option<String> {
    let name = section.require("name", valid_name)?;
    if !names.insert(name.clone()) {
        section.reject("name", &format!("the name `{name}` is taken already"));
    }
    Some(name)
}

impl Source {
    fn read(section: &mut Section<'_>, name: Option<String>, home: Option<&Path>) -> Option<Self> {
        const NONE: &[&str] = &[];
        let watches = [("auto", Watch::Auto), ("events", Watch::Events), ("poll", Watch::Poll)];
        // Everything is read before anything is given up, so that every problem is found.
        let kind = section.take("kind", "folder", choice(&SourceKind::NAMES));
        let afters = [("keep", After::Keep), ("move", After::Move)];
        let after = section.take("after", "keep", choice(&afters));
        let url = section.take("url", "", web_address);
        if after == After::Move && kind != SourceKind::Drop {
            section.reject("after", "only a source of the kind `drop` puts files away");
        }
        let path = section.require("path", path(home));
        let space = section.take("space", DEFAULT_SPACE, valid_name);
        let watch = section.take("watch", "auto", choice(&watches));
        let poll_interval = section.take("poll_interval_s", 30, duration(0.1..=86_400.0));
        let include = section.take("include", NONE, globs);
        let exclude = section.take("exclude", NONE, globs);
        let (name, path) = (name?, path?);
        Some(Self { name, kind, path, space, after, url, watch, poll_interval, include, exclude })
    }
}
