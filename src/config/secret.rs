//! Keys and passwords: read when they are needed, never shown.

use std::fmt;
use std::path::PathBuf;

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
    File(PathBuf),
}

impl Secret {
    /// The secret without white space around it; `None` when none is set.
    pub fn read(&self) -> Result<Option<String>> {
        let text = match self {
            Self::Unset => return Ok(None),
            Self::Value(text) => text.clone(),
            Self::File(path) => {
                let size = fs_err::metadata(path).map_err(unreadable)?.len();
                if size > MAX_BYTES {
                    let path = path.display();
                    return Err(Error::usage(format!(
                        "{path} is too large for a secret ({size} bytes)"
                    )));
                }
                fs_err::read_to_string(path).map_err(unreadable)?
            }
        };
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }
}

fn unreadable(error: std::io::Error) -> Error {
    Error::usage("a secret of the configuration cannot be read")
        .because(error)
        .hint("check the path in the key that ends in `_file`, and who may read it")
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("Unset"),
            Self::Value(_) => f.write_str("Value(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
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
        let secret = Secret::File(file.path().to_owned());
        assert_eq!(secret.read().unwrap().as_deref(), Some("sesame"));
        let missing = Secret::File(file.path().join("missing")).read().unwrap_err();
        assert!(missing.to_string().contains("missing"), "{missing}");
    }
}
