//! Keys and passwords: read when they are needed, never shown.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Longer secrets are refused; a file of this size is not a key.
const MAX_BYTES: u64 = 16 * 1024;

/// A secret of the configuration; its text appears in no log, error or debug output.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Secret {
    /// None is set.
    #[default]
    Unset,
    /// The secret itself.
    Value(String),
    /// A file that holds it, such as a mounted secret of a container.
    File {
        /// The key or the flag that names the file, such as `store.api_key_file`.
        key: String,
        /// The file.
        path: PathBuf,
    },
}

impl Secret {
    /// The secret in a file that a key or a flag names.
    pub fn file(key: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self::File { key: key.into(), path: path.into() }
    }

    /// The secret without white space around it; `None` when none is set. An error names the key and
    /// the file, never what is in it.
    pub fn read(&self) -> Result<Option<String>> {
        match self {
            Self::Unset => Ok(None),
            Self::Value(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Self::File { key, path } => read_file(path).map(Some).map_err(|why| {
                Error::usage(format!("the secret `{key}` = {} {why}", path.display())).hint(
                    "put the secret alone into that file, and let the user of this program read it",
                )
            }),
        }
    }
}

/// The text of a file, or why it is none.
fn read_file(path: &Path) -> Result<String, String> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let about = std::fs::metadata(path).map_err(refused)?;
    if about.is_dir() {
        return Err("is a directory, not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(refused)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("is too large for a secret: more than {} KiB", MAX_BYTES / 1024));
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("Unset"),
            Self::Value(_) => f.write_str("Value(…)"),
            Self::File { key, path } => f.debug_tuple("File").field(key).field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::Value("sesame".into())), "Value(…)");
    }

    #[test]
    fn a_secret_in_a_file_is_read_without_its_line_break() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "sesame\n").unwrap();
        let secret = Secret::file("store.api_key_file", file.path());
        assert_eq!(secret.read().unwrap().as_deref(), Some("sesame"));
    }

    #[test]
    fn each_fault_of_a_file_names_key_and_file_and_never_what_is_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let large = [b"sesame".repeat(4_000), vec![]].concat();
        for (content, why) in [
            (None, "does not exist"),
            (Some(&b" \n"[..]), "is empty"),
            (Some(&large[..]), "is too large"),
            (Some(&b"sesame\xff"[..]), "is not UTF-8"),
        ] {
            let path = directory.path().join("key");
            if let Some(content) = content {
                fs_err::write(&path, content).unwrap();
            }
            let error = Secret::file("store.api_key_file", &path).read().unwrap_err();
            assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
            let told = error.with_next_step();
            let expected = format!("the secret `store.api_key_file` = {} {why}", path.display());
            assert!(told.starts_with(&expected) && !told.contains("sesame"), "{told}");
        }
        let error = Secret::file("llm.api_key_file", directory.path()).read().unwrap_err();
        assert!(error.to_string().ends_with("is a directory, not a file"), "{error}");
        // It has no end, and no size either.
        let error = Secret::file("llm.api_key_file", "/dev/zero").read().unwrap_err();
        assert!(error.to_string().contains("is too large"), "{error}");
    }
}
