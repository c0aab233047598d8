//! The thin layer that reads the configuration file.

use std::io::Read;
use std::path::Path;

use super::paths::{Paths, Surroundings};
use super::{Config, Inputs, Loaded};
use crate::error::{Error, Result};

/// A larger configuration file is refused, in bytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Reads the configuration file, which may be absent unless `RAGTERM_CONFIG` names it, and lays
/// variables and flags over it; fails as [`Config::load`] does.
pub fn load_file(
    surroundings: &Surroundings,
    paths: &Paths,
    flags: &[(String, String)],
) -> Result<Loaded> {
    let file = paths.config_file.clone();
    let text = match read_file(&file)? {
        None if surroundings.relocated("RAGTERM_CONFIG").is_some() => {
            let message = format!("the configuration `{}` does not exist", file.display());
            return Err(Error::usage(message).hint("`ragterm config init` writes it"));
        }
        text => text.unwrap_or_default(),
    };
    let variables = surroundings.variables.clone();
    let home = surroundings.home.clone();
    Config::load(&Inputs { file, text, variables, flags: flags.to_vec(), home })
}

/// The text of the file; `None` when there is no such file.
fn read_file(path: &Path) -> Result<Option<String>> {
    let refused = |why: &str| {
        let message = format!("cannot read the configuration `{}`: {why}", path.display());
        Error::usage(message)
    };
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| refused(&error.to_string()))?,
    };
    let mut bytes = Vec::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| refused(&error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refused("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| refused("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory_with(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, bytes).unwrap();
        (directory, path)
    }

    fn load(variable: &str, file: &Path) -> Result<Loaded> {
        let surroundings = Surroundings {
            variables: vec![(variable.to_owned(), file.into())],
            config_dir: file.parent().map(Path::to_owned),
            data_dir: Some("/data".into()),
            ..Surroundings::default()
        };
        load_file(&surroundings, &Paths::resolve(&surroundings)?, &[])
    }

    #[test]
    fn only_a_file_that_somebody_named_must_exist() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        assert_eq!(load("RAGTERM_OTHER", &file).unwrap().config, Config::default());
        let message = load("RAGTERM_CONFIG", &file).unwrap_err().to_string();
        assert!(message.ends_with("does not exist"), "{message}");
        std::fs::write(&file, "[search]\nlimit = 3\n").unwrap();
        assert_eq!(load("RAGTERM_OTHER", &file).unwrap().config.search.limit, 3);
        assert_eq!(load("RAGTERM_CONFIG", &file).unwrap().config.search.limit, 3);
    }

    #[test]
    fn an_unreadable_file_is_named_with_the_reason() {
        let large = vec![b'#'; MAX_FILE_BYTES as usize + 1];
        for (bytes, why) in [(&large[..], "larger than 1 MiB"), (b"\xff", "not UTF-8")] {
            let (_directory, path) = directory_with(bytes);
            let message = read_file(&path).unwrap_err().to_string();
            assert!(message.contains(why) && message.contains("config.toml"), "{message}");
        }
        let directory = tempfile::tempdir().unwrap();
        assert!(read_file(directory.path()).unwrap_err().to_string().contains("directory"));
    }

    #[test]
    fn a_file_from_windows_is_read() {
        let (_directory, path) = directory_with(b"\xef\xbb\xbf[search]\r\nlimit = 3\r\n");
        let text = read_file(&path).unwrap().unwrap();
        let loaded = Config::load(&Inputs { text, ..Inputs::default() }).unwrap();
        assert_eq!(loaded.config.search.limit, 3);
    }
}
