//! The configuration: defaults, then `config.toml`, then `RAGTERM_*` variables, then flags.

mod access;
mod answer;
mod backup;
mod chat;
mod file;
mod layers;
mod llm;
mod log;
mod parse;
mod paths;
mod problem;
mod reader;
mod secret;
mod sections;
mod servers;
mod sources;
#[cfg(test)]
mod tests;
mod tui;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ragterm_tui::Theme;

use crate::error::Result;

pub use access::{Access, Audit, ChatGrantee, ChatParty, EVERY_SPACE, Grant, Grantee, SpaceRole};
pub use answer::{Answer, DEFAULT_PIPELINE, Pipeline};
pub use backup::Backup;
pub use chat::{Admitted, Discord, Platform, Slack};
pub use file::load_file;
pub use llm::{Llm, LlmProvider};
pub use log::{Log, LogFormat, LogLevel};
pub use parse::check_name;
pub use paths::{Paths, Surroundings};
pub use reader::Setting;
pub use secret::Secret;
pub use sections::{Client, Daemon, Index, Reranker, Role, Search, Tls, Weights};
pub use servers::{
    Catalog, CatalogUrl, Embedder, EmbedderProvider, Quantization, Store, StoreBackend,
    check_web_address,
};
pub use sources::{After, DEFAULT_SPACE, Source, SourceKind, Space, Watch};
pub use tui::Tui;
pub use value::Origin;

use problem::Problems;
use reader::{Reader, Section};

/// The top-level keys.
const SECTIONS: [&str; 19] = [
    "daemon",
    "client",
    "log",
    "catalog",
    "backup",
    "embedder",
    "store",
    "llm",
    "search",
    "answer",
    "index",
    "tui",
    "sources",
    "spaces",
    "pipelines",
    "access",
    "grants",
    "slack",
    "discord",
];

/// Everything that can be configured; valid by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How the background process behaves.
    pub daemon: Daemon,
    /// Which daemon commands speak to.
    pub client: Client,
    /// What is said of what is done.
    pub log: Log,
    /// Where the truth is kept.
    pub catalog: Catalog,
    /// The backups that the daemon takes by itself.
    pub backup: Backup,
    /// What turns text into vectors.
    pub embedder: Embedder,
    /// Where the vectors are kept.
    pub store: Store,
    /// What answers questions.
    pub llm: Llm,
    /// How hits are found and ranked.
    pub search: Search,
    /// How questions are answered.
    pub answer: Answer,
    /// How documents get into the index.
    pub index: Index,
    /// How the terminal client looks, and its keys.
    pub tui: Tui,
    /// Where documents come from, besides the sources that were added by command.
    pub sources: Vec<Source>,
    /// The spaces that sources may be in, besides the default one; empty means any.
    pub spaces: Vec<Space>,
    /// How questions to some of them are answered.
    pub pipelines: Vec<Pipeline>,
    /// Who may do what, besides the daemon's own user.
    pub access: Access,
    /// The bot of Slack.
    pub slack: Slack,
    /// The bot of Discord.
    pub discord: Discord,
}

/// What a configuration is made of, from the weakest layer to the strongest.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The name of the configuration file, for messages.
    pub file: PathBuf,
    /// The text of the configuration file.
    pub text: String,
    /// Variables such as `RAGTERM_INDEX__WORKERS`; others are left alone.
    pub variables: Vec<(String, OsString)>,
    /// Dotted keys and their values.
    pub flags: Vec<(String, String)>,
    /// What `~` stands for in paths.
    pub home: Option<PathBuf>,
}

/// A configuration, and where each of its values came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values in force.
    pub config: Config,
    /// Every key, section by section, with its value and origin.
    pub settings: Vec<Setting>,
}

/// The documented example, which sets nothing: all of its keys are comments with the defaults.
pub fn example() -> &'static str {
    include_str!("../../config.example.toml")
}

impl Config {
    /// Equal for two configurations by which a daemon of this version does the same.
    pub fn fingerprint(&self) -> String {
        // How a daemon is started is no business of the one that runs.
        let daemon = Daemon { autostart: true, ..self.daemon.clone() };
        let tui = Tui { theme: Theme::Terminal, keys: BTreeMap::new() };
        let client = Client::default();
        let of_daemon = Self { daemon, tui, client, ..self.clone() };
        blake3::hash(format!("{of_daemon:?}").as_bytes()).to_hex()[..16].to_owned()
    }

    /// Merges the layers; fails with all problems at once, one on each line of the message.
    pub fn load(inputs: &Inputs) -> Result<Loaded> {
        let mut problems = Problems::default();
        let table = layers::merge_all(inputs, &SECTIONS, &mut problems);
        let mut reader = Reader::new(problems);
        let config = reader.read(table, |root| Self::read(root, inputs.home.as_deref()));
        reader.problems.into_result()?;
        Ok(Loaded { config, settings: reader.settings })
    }

    fn read(root: &mut Section<'_>, home: Option<&Path>) -> Self {
        let search = root.inside("search", Search::read);
        let answer = root.inside("answer", |section| Answer::read(section, &search));
        let pipelines = answer::read_pipelines(root, &answer.pipeline);
        let spaces = sources::read_spaces(root, &pipelines, home);
        let daemon = root.inside("daemon", Daemon::read);
        let catalog = root.inside("catalog", Catalog::read);
        if daemon.role != Role::All && catalog.url == CatalogUrl::Sqlite {
            root.reject("daemon.role", "must be `all` while the catalog is `sqlite`");
        }
        let access = Access::read(root, &spaces);
        Self {
            daemon,
            client: root.inside("client", Client::read),
            log: root.inside("log", Log::read),
            catalog,
            backup: root.inside("backup", |section| Backup::read(section, home)),
            embedder: root.inside("embedder", Embedder::read),
            store: root.inside("store", Store::read),
            llm: root.inside("llm", Llm::read),
            search,
            answer,
            index: root.inside("index", Index::read),
            tui: root.inside("tui", Tui::read),
            sources: sources::read_sources(root, &spaces, home),
            spaces,
            pipelines,
            access,
            slack: root.inside("slack", Slack::read),
            discord: root.inside("discord", Discord::read),
        }
    }
}

/// The defaults of every key.
impl Default for Config {
    fn default() -> Self {
        Self::load(&Inputs::default()).expect("the defaults are valid").config
    }
}
