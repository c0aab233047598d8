//! Where ragterm keeps its files: from the XDG directories, or relocated by variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::layers::own_variables;
use crate::error::{Error, Result};

/// The longest path of a unix socket, in bytes without the closing zero.
const SOCKET_BYTES: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The files and directories of one instance; nothing of it needs to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration: `$RAGTERM_CONFIG` or `ragterm/config.toml` in the XDG directory.
    pub config_file: PathBuf,
    /// Catalog and indexes: `$RAGTERM_DATA_DIR` or `ragterm` in the XDG directory.
    pub data_dir: PathBuf,
    /// The log of a daemon in the background: in the state directory, or in `$RAGTERM_DATA_DIR`.
    pub log_file: PathBuf,
    /// The daemon's socket: `$RAGTERM_SOCKET`, or in the runtime directory unless the data are
    /// relocated, or `run/ragterm.sock` in the data directory.
    pub socket: PathBuf,
}

/// What the paths are derived from.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The variables that begin with `RAGTERM_`.
    pub variables: Vec<(String, OsString)>,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// The directory for ragterm's configuration.
    pub config_dir: Option<PathBuf>,
    /// The directory for ragterm's data.
    pub data_dir: Option<PathBuf>,
    /// The directory for ragterm's logs.
    pub state_dir: Option<PathBuf>,
    /// The directory for ragterm's sockets.
    pub runtime_dir: Option<PathBuf>,
    /// What relative paths in variables are relative to.
    pub current_dir: PathBuf,
}

impl Surroundings {
    /// Reads the environment of this process; relative variables need a current directory.
    pub fn of_this_process() -> Result<Self> {
        let project = ProjectDirs::from("", "", "ragterm");
        let project = project.as_ref();
        let base = BaseDirs::new();
        // `XDG_RUNTIME_DIR` outlives its directory in `su` and `cron`.
        let runtime_dir = project.and_then(ProjectDirs::runtime_dir);
        let runtime_dir = runtime_dir.filter(|path| path.parent().is_some_and(Path::is_dir));
        Ok(Self {
            variables: own_variables(std::env::vars_os()),
            home: base.map(|base| base.home_dir().to_owned()),
            config_dir: project.map(|project| project.config_dir().to_owned()),
            data_dir: project.map(|project| project.data_dir().to_owned()),
            state_dir: project.and_then(ProjectDirs::state_dir).map(Path::to_owned),
            runtime_dir: runtime_dir.map(Path::to_owned),
            current_dir: std::env::current_dir()
                .map_err(|error| Error::from(error).hint("change to a directory that exists"))?,
        })
    }

    /// The path in a variable such as `RAGTERM_SOCKET`, made absolute; unset and empty are the same.
    pub fn relocated(&self, name: &str) -> Option<PathBuf> {
        let (_, value) = self.variables.iter().find(|(other, _)| other == name)?;
        (!value.is_empty()).then(|| self.current_dir.join(value))
    }
}

impl Paths {
    /// Derives the paths; fails without a home directory, and for a socket path that is too long.
    pub fn resolve(surroundings: &Surroundings) -> Result<Self> {
        let relocated_data = surroundings.relocated("RAGTERM_DATA_DIR");
        let data_dir = relocated_data.clone().or_else(|| surroundings.data_dir.clone());
        let data_dir = data_dir.ok_or_else(|| {
            Error::usage("cannot tell where to keep data: this user has no home directory")
                .hint("set RAGTERM_DATA_DIR")
        })?;
        let config_dir = surroundings.config_dir.as_ref().unwrap_or(&data_dir);
        let config_file = surroundings
            .relocated("RAGTERM_CONFIG")
            .unwrap_or_else(|| config_dir.join("config.toml"));
        // Relocated data take socket and log along, so that several instances never meet.
        let (state_dir, runtime_dir) = match relocated_data {
            Some(_) => (None, None),
            None => (surroundings.state_dir.as_ref(), surroundings.runtime_dir.clone()),
        };
        let log_file = state_dir.unwrap_or(&data_dir).join("ragterm.log");
        let socket = surroundings.relocated("RAGTERM_SOCKET").unwrap_or_else(|| {
            runtime_dir.unwrap_or_else(|| data_dir.join("run")).join("ragterm.sock")
        });
        check_socket(&socket)?;
        Ok(Self { config_file, data_dir, log_file, socket })
    }
}

fn check_socket(socket: &Path) -> Result<()> {
    let length = socket.as_os_str().len();
    if length <= SOCKET_BYTES {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the socket path `{}` has {length} bytes; a unix socket allows {SOCKET_BYTES}",
        socket.display()
    ))
    .hint("set RAGTERM_SOCKET to a shorter path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Surroundings {
            variables,
            home: Some("/home/kim".into()),
            config_dir: Some("/home/kim/.config/ragterm".into()),
            data_dir: Some("/home/kim/.local/share/ragterm".into()),
            state_dir: Some("/home/kim/.local/state/ragterm".into()),
            runtime_dir: Some("/run/user/1000/ragterm".into()),
            current_dir: "/desk".into(),
        }
    }

    fn paths(config: &str, data: &str, log: &str, socket: &str) -> Paths {
        Paths {
            config_file: config.into(),
            data_dir: data.into(),
            log_file: log.into(),
            socket: socket.into(),
        }
    }

    #[test]
    fn without_variables_everything_is_in_the_xdg_directories() {
        let expected = paths(
            "/home/kim/.config/ragterm/config.toml",
            "/home/kim/.local/share/ragterm",
            "/home/kim/.local/state/ragterm/ragterm.log",
            "/run/user/1000/ragterm/ragterm.sock",
        );
        assert_eq!(Paths::resolve(&surroundings(&[])).unwrap(), expected);
        // An empty variable is one that is not set.
        let empty = surroundings(&[("RAGTERM_DATA_DIR", ""), ("RAGTERM_SOCKET", "")]);
        assert_eq!(Paths::resolve(&empty).unwrap(), expected);
    }

    #[test]
    fn without_a_runtime_directory_the_socket_is_beside_the_data() {
        let surroundings = Surroundings { runtime_dir: None, ..surroundings(&[]) };
        let socket = Paths::resolve(&surroundings).unwrap().socket;
        assert_eq!(socket, Path::new("/home/kim/.local/share/ragterm/run/ragterm.sock"));
    }

    #[test]
    fn relocated_data_take_socket_and_log_along() {
        let variables = [("RAGTERM_CONFIG", "/etc/r.toml"), ("RAGTERM_DATA_DIR", "here")];
        assert_eq!(
            Paths::resolve(&surroundings(&variables)).unwrap(),
            paths(
                "/etc/r.toml",
                "/desk/here",
                "/desk/here/ragterm.log",
                "/desk/here/run/ragterm.sock"
            )
        );
    }

    #[test]
    fn the_socket_can_be_relocated_on_its_own() {
        let resolved = Paths::resolve(&surroundings(&[("RAGTERM_SOCKET", "/tmp/r.sock")])).unwrap();
        assert_eq!(resolved.socket, Path::new("/tmp/r.sock"));
        assert_eq!(resolved.data_dir, Path::new("/home/kim/.local/share/ragterm"));
    }

    #[test]
    fn a_socket_path_that_the_system_would_refuse_is_an_error() {
        let fits = format!("/{}", "s".repeat(SOCKET_BYTES - 1));
        assert!(Paths::resolve(&surroundings(&[("RAGTERM_SOCKET", &fits)])).is_ok());
        let long = format!("{fits}s");
        let error = Paths::resolve(&surroundings(&[("RAGTERM_SOCKET", &long)])).unwrap_err();
        assert!(error.to_string().contains("a unix socket allows"), "{error}");
        assert_eq!(error.next_step(), Some("set RAGTERM_SOCKET to a shorter path"));
    }

    #[test]
    fn a_user_without_a_home_is_told_to_name_a_data_directory() {
        let error = Paths::resolve(&Surroundings::default()).unwrap_err();
        assert_eq!(error.next_step(), Some("set RAGTERM_DATA_DIR"));
        let relocated = [("RAGTERM_DATA_DIR".to_owned(), "/data".into())];
        let homeless = Surroundings { variables: relocated.into(), ..Surroundings::default() };
        let config_file = Paths::resolve(&homeless).unwrap().config_file;
        assert_eq!(config_file, Path::new("/data/config.toml"));
    }
}
