//! The global flags, and what they and the environment say about where everything lies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::{self, Config, Loaded, Log, LogLevel, Paths, Surroundings};
use crate::error::Result;
use crate::telemetry::{self, Service};

/// Flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Global {
    /// Configuration file (also RAGTERM_CONFIG)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Socket of the daemon (also RAGTERM_SOCKET)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub socket: Option<PathBuf>,
    /// Directory of the index (also RAGTERM_DATA_DIR)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub data_dir: Option<PathBuf>,
    /// Say more about what is done
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
}

/// Where everything lies for this run.
#[derive(Debug, Clone)]
pub struct Context {
    /// The files and directories of this instance.
    pub paths: Paths,
    /// Whether more is to be said.
    pub verbose: bool,
    surroundings: Surroundings,
}

/// The variables that say where things lie.
const RELOCATING: [&str; 3] = ["RAGTERM_CONFIG", "RAGTERM_SOCKET", "RAGTERM_DATA_DIR"];

impl Context {
    /// Reads the environment and lays the flags over it; fails as [`Paths::resolve`] does.
    pub fn new(global: Global) -> Result<Self> {
        let mut surroundings = Surroundings::of_this_process()?;
        for (name, flag) in
            RELOCATING.into_iter().zip([global.config, global.socket, global.data_dir])
        {
            if let Some(path) = flag {
                set(&mut surroundings, name, path.into_os_string());
            }
        }
        let paths = Paths::resolve(&surroundings)?;
        Ok(Self { paths, verbose: global.verbose, surroundings })
    }

    /// The same configuration over an index of its own in `data_dir`, with `variables` over both.
    pub fn isolated(&self, data_dir: &Path, variables: &[(&str, &str)]) -> Result<Self> {
        let mut surroundings = self.surroundings.clone();
        set(&mut surroundings, "RAGTERM_DATA_DIR", data_dir.as_os_str().to_owned());
        set(&mut surroundings, "RAGTERM_SOCKET", data_dir.join("ragterm.sock").into_os_string());
        for (name, value) in variables {
            set(&mut surroundings, name, (*value).into());
        }
        let paths = Paths::resolve(&surroundings)?;
        Ok(Self { paths, surroundings, ..*self })
    }

    /// Reads the configuration; fails with all of its problems at once.
    pub fn load(&self) -> Result<Loaded> {
        config::load_file(&self.surroundings, &self.paths, &[])
    }

    /// Reads the configuration and begins the log of a service; `name` is its own in traces. Needs a
    /// runtime.
    pub fn begin_service(&self, name: &'static str) -> Result<Config> {
        let config = self.load()?.config;
        let level = config.log.level;
        let level = if self.verbose { level.max(LogLevel::Debug) } else { level };
        let service = Service { name, log_file: Some(&self.paths.log_file) };
        telemetry::serve(service, &Log { level, ..config.log.clone() })?;
        Ok(config)
    }

    /// As [`Self::load`], also where the file that was named is still to be written.
    pub fn load_or_variables(&self) -> Result<Loaded> {
        if self.paths.config_file.exists() {
            return self.load();
        }
        let mut surroundings = self.surroundings.clone();
        surroundings.variables.retain(|(name, _)| name != "RAGTERM_CONFIG");
        config::load_file(&surroundings, &self.paths, &[])
    }

    /// The variables with which another process, in any directory, sees what this one sees.
    pub fn variables(&self) -> impl Iterator<Item = (&str, OsString)> {
        self.surroundings.variables.iter().map(|(name, value)| {
            let path = RELOCATING
                .contains(&name.as_str())
                .then(|| self.surroundings.relocated(name))
                .flatten();
            (name.as_str(), path.map_or_else(|| value.clone(), PathBuf::into_os_string))
        })
    }
}

fn set(surroundings: &mut Surroundings, name: &str, value: OsString) {
    surroundings.variables.retain(|(other, _)| other != name);
    surroundings.variables.push((name.to_owned(), value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(global: Global) -> Context {
        Context::new(global).unwrap()
    }

    #[test]
    fn flags_relocate_everything_for_this_process_and_for_the_daemon_that_it_starts() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = Some(directory.path().to_path_buf());
        let context = context(Global { data_dir, ..Global::default() });
        assert_eq!(context.paths.data_dir, directory.path());
        let mut variables = context.variables();
        assert!(
            variables.any(|variable| variable == ("RAGTERM_DATA_DIR", directory.path().into()))
        );
    }

    #[test]
    fn an_isolated_context_shares_nothing_but_the_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        std::fs::write(&file, "[search]\nlimit = 3\ncandidates = 9\n").unwrap();
        let own = context(Global { config: Some(file), ..Global::default() });
        let other = own.isolated(directory.path(), &[("RAGTERM_SEARCH__LIMIT", "7")]).unwrap();
        assert_eq!(other.paths.config_file, own.paths.config_file);
        assert!(other.paths.socket.starts_with(directory.path()));
        assert!(other.paths.log_file.starts_with(directory.path()));
        let search = other.load().unwrap().config.search;
        assert_eq!((search.limit, search.candidates), (7, 9));
    }
}
