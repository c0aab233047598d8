//! A file that is written: without a name where the file system can, so that nothing is left of it
//! however the program ends; else under a name that nobody can know before.

use std::fs::File;
use std::io::{self, ErrorKind as Io, Seek, Write};
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::path::Path;

#[cfg(target_os = "linux")]
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
use tempfile::NamedTempFile;

/// How names of files begin and end that are not complete.
const NAME: (&str, &str) = (".ragterm-", ".backup.part");

/// A file that is not complete; gone with the value.
#[derive(Debug)]
pub(super) enum Part {
    /// It has no name.
    Unnamed(File),
    /// It has a name of its own.
    Named(NamedTempFile),
}

impl Part {
    /// Makes one in a directory, for its owner alone.
    pub fn make(directory: &Path) -> io::Result<Self> {
        match unnamed_in(directory) {
            Ok(file) => Ok(Self::Unnamed(file)),
            // Not every file system has files without a name; other faults are met again.
            Err(_) => named_in(directory).map(Self::Named),
        }
    }

    /// The file.
    pub fn file(&mut self) -> &mut File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file_mut(),
        }
    }

    /// Gives it a name that is nobody's: `AlreadyExists` where it is.
    pub fn name_new(self, path: &Path) -> io::Result<()> {
        let named = match self {
            Self::Named(file) => file,
            Self::Unnamed(file) => match link(&file, path) {
                Err(error) if error.kind() != Io::AlreadyExists => copied(&file, parent(path))?,
                linked => return linked,
            },
        };
        name_only_a_new_one(named, path)
    }

    /// Gives it a name, which it takes from whatever has it.
    pub fn name_over(self, path: &Path) -> io::Result<()> {
        let named = match self {
            Self::Named(file) => file,
            Self::Unnamed(file) => {
                let (begin, end) = NAME;
                let mut builder = tempfile::Builder::new();
                let builder = builder.prefix(begin).suffix(end);
                // A name is only ever new, so it gets one of its own, which is moved then.
                match builder.make_in(parent(path), |own| link(&file, own)) {
                    Ok(own) => return own.persist(path).map(drop).map_err(|error| error.error),
                    Err(_) => copied(&file, parent(path))?,
                }
            }
        };
        named.persist(path).map(drop).map_err(|error| error.error)
    }
}

/// The directory that a file is in.
pub(super) fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn named_in(directory: &Path) -> io::Result<NamedTempFile> {
    let (begin, end) = NAME;
    tempfile::Builder::new().prefix(begin).suffix(end).tempfile_in(directory)
}

#[cfg(target_os = "linux")]
fn unnamed_in(directory: &Path) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    Ok(open(directory, flags, Mode::RUSR | Mode::WUSR)?.into())
}

#[cfg(not(target_os = "linux"))]
fn unnamed_in(_: &Path) -> io::Result<File> {
    Err(Io::Unsupported.into())
}

/// Gives an open file a name; fails where the name is somebody's.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        // Without /proc, where the system allows that.
        Err(rustix::io::Errno::NOENT) => Ok(linkat(file, "", CWD, path, AtFlags::EMPTY_PATH)?),
        linked => Ok(linked?),
    }
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(Io::Unsupported.into())
}

/// The same under a name, where one without cannot be given any.
fn copied(mut file: &File, directory: &Path) -> io::Result<NamedTempFile> {
    let mut named = named_in(directory)?;
    file.rewind()?;
    io::copy(&mut file, named.as_file_mut())?;
    named.flush()?;
    named.as_file().sync_all()?;
    Ok(named)
}

/// Gives a file a name that is nobody's.
fn name_only_a_new_one(part: NamedTempFile, path: &Path) -> io::Result<()> {
    let error = match part.persist_noclobber(path) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if error.error.kind() == Io::AlreadyExists {
        return Err(error.error);
    }
    // A file system without links: whoever makes the name has it.
    drop(File::options().write(true).create_new(true).open(path)?);
    error.file.persist(path).map(drop).map_err(|error| {
        // Nobody is helped by an empty file.
        let _removed = std::fs::remove_file(path);
        error.error
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn parts(directory: &Path) -> [Part; 2] {
        [Part::make(directory).unwrap(), Part::Named(named_in(directory).unwrap())]
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_part_gets_a_new_name_or_takes_one_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let (new, old) = (directory.path().join("new"), directory.path().join("old"));
        for mut part in parts(directory.path()) {
            part.file().write_all(b"backup").unwrap();
            part.name_new(&new).unwrap();
            assert_eq!(std::fs::read(&new).unwrap(), b"backup");
            assert_eq!(std::fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::remove_file(&new).unwrap();
        }
        for mut part in parts(directory.path()) {
            std::fs::write(&old, "before").unwrap();
            part.file().write_all(b"backup").unwrap();
            part.name_over(&old).unwrap();
            assert_eq!(std::fs::read(&old).unwrap(), b"backup");
        }
        assert_eq!(names(directory.path()), ["old"]);
    }

    #[test]
    fn neither_a_file_nor_a_link_is_taken_for_a_new_name() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::fs::write(&file, "of somebody else").unwrap();
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        for path in [&file, &link] {
            for part in parts(directory.path()) {
                let error = part.name_new(path).unwrap_err();
                assert_eq!(error.kind(), Io::AlreadyExists);
            }
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"of somebody else");
        assert_eq!(names(directory.path()), ["file", "link"]);
    }

    #[test]
    fn what_cannot_be_linked_is_copied_under_a_name() {
        let directory = tempfile::tempdir().unwrap();
        let mut unnamed = tempfile::tempfile().unwrap();
        unnamed.write_all(b"backup").unwrap();
        let path = directory.path().join("a");
        copied(&unnamed, directory.path()).unwrap().persist_noclobber(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"backup");
    }
}
