//! Writing: everything or nothing, over nothing that is there, each with its own mode.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A directory that is made.
#[derive(Debug)]
pub struct Directory {
    /// Its path; what it is in is made, too.
    pub path: PathBuf,
    /// Its mode, if it is made.
    pub mode: u32,
    /// What the mask of this process takes of that.
    pub mask: Mask,
    /// Whether one that is there may be used.
    pub reuse: Reuse,
}

/// Whether the mask of this process counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// It does: the directory is for whom the user makes directories for.
    Counts,
    /// It does not: a container's user has to get in.
    Ignored,
}

/// What becomes of a directory that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// It is used as it is.
    Allowed,
    /// It is somebody else's, and must be named.
    Refused,
}

/// A file that is made.
#[derive(Debug)]
pub struct NewFile {
    /// Its path.
    pub path: PathBuf,
    /// Its mode, whatever the mask of this process.
    pub mode: u32,
    /// What it holds.
    pub content: Content,
}

/// What a file holds.
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What another file holds.
    Copy(PathBuf),
}

/// What was made so far; removed again unless it is kept.
#[derive(Debug, Default)]
struct Made(Vec<PathBuf>);

impl Content {
    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Copy(file) => std::fs::metadata(file).map_or(0, |about| about.len()),
        }
    }
}

/// Secrets are among the files.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// So many names of what is there already are told.
const NAMED: usize = 5;

/// Fails with the names of what is there already.
pub fn check_absent(directories: &[Directory], files: &[NewFile]) -> Result<()> {
    let directories = directories.iter().filter(|directory| {
        let about = std::fs::symlink_metadata(&directory.path);
        let is_directory = directory.path.is_dir();
        about.is_ok() && (directory.reuse == Reuse::Refused || !is_directory)
    });
    let files = files.iter().filter(|file| std::fs::symlink_metadata(&file.path).is_ok());
    let there: Vec<String> = directories
        .map(|directory| &directory.path)
        .chain(files.map(|file| &file.path))
        .map(|path| path.display().to_string())
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    let verb = if there.len() == 1 { "is" } else { "are" };
    let mut names = there[..there.len().min(NAMED)].join(", ");
    if there.len() > NAMED {
        names.push_str(&format!(" and {} more", there.len() - NAMED));
    }
    Err(Error::usage(format!("{names} {verb} there already; nothing was written"))
        .hint("name another --directory, or move it away first"))
}

/// Writes all of it, or removes what it has written and fails.
pub fn write(directories: &[Directory], files: &[NewFile]) -> Result<()> {
    let mut made = Made::default();
    for directory in directories {
        made.directory(directory)?;
    }
    for file in files {
        made.file(file)?;
    }
    made.0.clear();
    Ok(())
}

impl Made {
    fn directory(&mut self, directory: &Directory) -> Result<()> {
        let missing: Vec<&Path> =
            directory.path.ancestors().take_while(|path| !path.exists()).collect();
        for path in missing.into_iter().rev() {
            DirBuilder::new()
                .mode(directory.mode)
                .create(path)
                .map_err(|error| failed(path, error))?;
            self.0.push(path.to_owned());
            if directory.mask == Mask::Ignored && path == directory.path {
                std::fs::set_permissions(path, Permissions::from_mode(directory.mode))
                    .map_err(|error| failed(path, error))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &NewFile) -> Result<()> {
        let failed = |error| failed(&file.path, error);
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(&file.path);
        let mut opened = opened.map_err(failed)?;
        self.0.push(file.path.clone());
        match &file.content {
            Content::Bytes(bytes) => opened.write_all(bytes),
            Content::Copy(from) => {
                File::open(from).and_then(|mut from| io::copy(&mut from, &mut opened).map(drop))
            }
        }
        .and_then(|()| opened.set_permissions(Permissions::from_mode(file.mode)))
        .map_err(failed)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            // What cannot be removed was told by the error that led here; a directory that somebody
            // else has put something into stays.
            let _stays = match path.is_dir() {
                true => std::fs::remove_dir(path),
                false => std::fs::remove_file(path),
            };
        }
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    let path = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Error::usage(format!("{path} is there already; nothing was written"));
    }
    let kind = Error::from(io::Error::from(error.kind())).kind();
    Error::new(kind, format!("cannot write {path}; what was written before it is removed again"))
        .because(error)
        .hint("make room, or name another --directory that you may write to")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: PathBuf, mode: u32) -> NewFile {
        NewFile { path, mode, content: Content::Bytes(b"text".to_vec()) }
    }

    fn directory(path: PathBuf, reuse: Reuse) -> Directory {
        Directory { path, mode: 0o700, mask: Mask::Counts, reuse }
    }

    #[test]
    fn each_file_has_its_mode() {
        let root = tempfile::tempdir().unwrap();
        let secrets = root.path().join("a/secrets");
        let files = [file(secrets.join("key"), 0o444), file(root.path().join("a/.env"), 0o600)];
        write(&[directory(secrets.clone(), Reuse::Refused)], &files).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&secrets), mode(&files[0].path), mode(&files[1].path)),
            (0o700, 0o444, 0o600)
        );
    }

    #[test]
    fn what_fails_half_way_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("new/deep");
        let missing = NewFile {
            path: inside.join("b"),
            mode: 0o600,
            content: Content::Copy(root.path().join("no such file")),
        };
        let files = [file(inside.join("a"), 0o600), missing];
        let error = write(&[directory(inside, Reuse::Allowed)], &files).unwrap_err();
        assert!(error.to_string().contains("deep/b"), "{error}");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_there_is_named_and_stays() {
        let root = tempfile::tempdir().unwrap();
        let there = root.path().join("config.toml");
        std::os::unix::fs::symlink("nowhere", &there).unwrap();
        let error = check_absent(&[], &[file(there.clone(), 0o600)]).unwrap_err();
        assert!(error.to_string().contains("config.toml is there already"), "{error}");
        write(&[], &[file(root.path().join("a"), 0o600), file(there, 0o600)]).unwrap_err();
        assert!(!root.path().join("a").exists());
        let used = |reuse| check_absent(&[directory(root.path().to_owned(), reuse)], &[]);
        assert!(used(Reuse::Allowed).is_ok() && used(Reuse::Refused).is_err());
    }
}
