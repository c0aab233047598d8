//! Where the bytes of a backup go: standard output, or a file that is there whole or not at all.

use std::io::{self, ErrorKind as Io, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt;

use super::part::{Part, parent};
use crate::disk::sync_names;
use crate::error::{Error, ErrorKind, Result};

/// Where a backup is written; what is not complete is gone with the value.
#[derive(Debug)]
pub(super) enum Sink {
    /// Standard output.
    Standard,
    /// A file that gets its name when it is complete.
    File {
        /// What is written.
        part: Part,
        /// The name that it gets.
        path: PathBuf,
        /// What happens to a file of that name.
        there: There,
    },
}

/// What happens to a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// It stays, and the backup is refused.
    Stays,
    /// The backup takes its place.
    Goes,
}

impl Sink {
    /// Opens the file, or standard output for `-`; `Usage` where a backup must not be put.
    pub fn open(path: &Path, there: There) -> Result<Self> {
        if path.as_os_str() == "-" {
            if io::stdout().is_terminal() {
                return Err(Error::usage("a backup is no text: it is not written to a terminal")
                    .hint("name a file, or send standard output into one"));
            }
            return Ok(Self::Standard);
        }
        may_be_put(path, there)?;
        let part = Part::make(parent(path)).map_err(|error| unwritten(path, error))?;
        Ok(Self::File { part, path: path.to_owned(), there })
    }

    /// Writes what comes next. A pipe that nobody empties is waited for beside, so that this ends
    /// when it is dropped.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Standard => {
                let mut out = tokio::io::stdout();
                let written = async {
                    out.write_all(bytes).await?;
                    out.flush().await
                };
                written.await.map_err(|error| {
                    Error::unavailable("cannot write to standard output").because(error)
                })
            }
            Self::File { part, path, .. } => {
                part.file().write_all(bytes).map_err(|error| unwritten(path, error))
            }
        }
    }

    /// The backup is complete and good.
    pub fn complete(self) -> Result<()> {
        let Self::File { mut part, path, there } = self else { return Ok(()) };
        part.file().sync_all().map_err(|error| unwritten(&path, error))?;
        may_be_put(&path, there)?;
        let named = match there {
            There::Goes => part.name_over(&path),
            There::Stays => part.name_new(&path),
        };
        named.map_err(|error| match error.kind() {
            Io::AlreadyExists => exists(&path),
            _ => unwritten(&path, error),
        })?;
        // It survives a power failure where the file system can promise that.
        let _synced = sync_names(parent(&path));
        Ok(())
    }
}

/// Whether a backup may get this name: in no case that of a link, a device or a directory.
fn may_be_put(path: &Path, there: There) -> Result<()> {
    let metadata = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == Io::NotFound => return Ok(()),
        metadata => metadata.map_err(|error| unwritten(path, error))?,
    };
    if !metadata.is_file() {
        let message = format!("{} is no regular file and was not touched", path.display());
        return Err(Error::usage(message).hint("name another file, or `-` for standard output"));
    }
    match there {
        There::Stays => Err(exists(path)),
        There::Goes => Ok(()),
    }
}

fn exists(path: &Path) -> Error {
    Error::usage(format!("{} exists and was not touched", path.display()))
        .hint("`--force` replaces it")
}

fn unwritten(path: &Path, error: io::Error) -> Error {
    let error = Error::from(error);
    let kind = error.kind();
    let error = Error::new(kind, format!("cannot write {}", path.display())).because(error);
    match kind {
        ErrorKind::Exhausted => error.hint("free some disk space there, or name another file"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_appears_meanwhile_stays_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.backup");
        let mut sink = Sink::open(&path, There::Stays).unwrap();
        sink.write(b"backup").await.unwrap();
        std::fs::write(&path, "of somebody else").unwrap();
        let error = sink.complete().unwrap_err();
        assert!(error.to_string().contains("exists and was not touched"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"of somebody else");
        let mut sink = Sink::open(&path, There::Goes).unwrap();
        sink.write(b"backup").await.unwrap();
        sink.complete().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"backup");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn neither_a_link_nor_a_directory_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::fs::write(&file, "of somebody else").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for path in [&link, directory.path()] {
            for there in [There::Stays, There::Goes] {
                let error = Sink::open(path, there).unwrap_err();
                assert!(error.to_string().contains("is no regular file"), "{error}");
            }
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"of somebody else");
    }
}
