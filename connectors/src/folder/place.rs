//! A directory that is open: how it was reached, and what can be asked of it without a path.
//!
//! Everything is opened relative to its parent and never through a symbolic link, so a directory
//! that is swapped for a link in the meantime cannot lead out of the root.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;

use super::filesystem::{self, Sort};
use super::rules::{IGNORE_FILES, Level, MAX_IGNORE_BYTES};

/// Directories nested deeper are left out.
const MAX_DEPTH: usize = 100;

/// More names than this in one directory make it unreadable.
const MAX_NAMES: usize = 2_000_000;

/// An open directory.
#[derive(Debug)]
pub(super) struct Place {
    pub fd: OwnedFd,
    /// Relative to the root, as on the disk; empty for the root.
    pub raw: PathBuf,
    /// Relative to the root, for people.
    pub path: String,
    /// The rules for what lies in it.
    pub level: Option<Arc<Level>>,
    device: u64,
    depth: usize,
}

/// Why a directory or file cannot be looked at.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// It is not there (any more).
    Vanished,
    /// It is there, but nothing can be said about it.
    Unknown(String),
    /// It is not looked at on purpose.
    LeftOut(String),
}

impl Place {
    pub fn root(fd: OwnedFd, device: u64) -> Self {
        Self { fd, raw: PathBuf::new(), path: String::new(), level: None, device, depth: 0 }
    }

    /// The path for people of something in this directory.
    pub fn path_of(&self, spelled: &str) -> String {
        if self.path.is_empty() { spelled.to_owned() } else { format!("{}/{spelled}", self.path) }
    }

    /// Opens a directory in this one. Its own ignore files do not count yet.
    pub fn enter(&self, name: &OsStr, spelled: &str) -> Result<Self, Obstacle> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            let reason = format!("nested deeper than {MAX_DEPTH} folders");
            return Err(Obstacle::LeftOut(reason));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::empty())?;
        let device = rustix::fs::fstat(&fd)?.st_dev;
        if device != self.device {
            let file_system = filesystem::of(&fd);
            if file_system.sort == Sort::Pseudo {
                let reason = format!("on the pseudo file system {}", file_system.name);
                return Err(Obstacle::LeftOut(reason));
            }
        }
        let (raw, path) = (self.raw.join(name), self.path_of(spelled));
        Ok(Self { fd, raw, path, level: self.level.clone(), device, depth })
    }

    /// Size, times and kind of something in this directory; of a link, the link itself.
    pub fn stat(&self, name: &OsStr) -> Result<Stat, Obstacle> {
        Ok(rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// The names in this directory; the kind is unknown where the file system does not tell.
    pub fn names(&self) -> Result<Vec<(OsString, FileType)>, Obstacle> {
        rustix::fs::seek(&self.fd, SeekFrom::Start(0))?;
        let names = read_names(&self.fd)?;
        if names.len() > MAX_NAMES {
            return Err(Obstacle::Unknown(format!("more than {MAX_NAMES} names in one folder")));
        }
        Ok(names)
    }

    /// Makes the directory's own ignore files count; `complain` is told what is wrong with them.
    pub fn obey_ignore_files(&mut self, mut complain: impl FnMut(&str, String)) {
        let texts = IGNORE_FILES.map(|name| match self.read_ignore_file(name) {
            Ok(text) if text.len() > MAX_IGNORE_BYTES => {
                complain(name, format!("only its first {MAX_IGNORE_BYTES} bytes are obeyed"));
                Some(text[..MAX_IGNORE_BYTES].to_vec())
            }
            Ok(text) => Some(text),
            Err(Obstacle::Vanished) => None,
            Err(Obstacle::Unknown(reason) | Obstacle::LeftOut(reason)) => {
                complain(name, format!("not obeyed: {reason}"));
                None
            }
        });
        if texts.iter().any(Option::is_some) {
            let level = Level::new(&self.raw, texts, self.level.take(), complain);
            self.level = Some(Arc::new(level));
        }
    }

    fn read_ignore_file(&self, name: &str) -> Result<Vec<u8>, Obstacle> {
        // Opening a FIFO would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::empty())?;
        if FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != FileType::RegularFile {
            return Err(Obstacle::Unknown("it is not a regular file".into()));
        }
        let mut text = Vec::new();
        let limited = std::io::Read::take(std::fs::File::from(fd), MAX_IGNORE_BYTES as u64 + 1);
        std::io::Read::read_to_end(&mut { limited }, &mut text)
            .map_err(|error| Obstacle::Unknown(error.to_string()))?;
        Ok(text)
    }
}

impl From<Errno> for Obstacle {
    fn from(errno: Errno) -> Self {
        match errno {
            // A link where a directory was: it has been swapped.
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => Self::Vanished,
            other => Self::Unknown(reason(other)),
        }
    }
}

/// An error number in words, without the number where the words say it all.
pub(super) fn reason(errno: Errno) -> String {
    let error = std::io::Error::from(errno);
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

#[cfg(target_os = "linux")]
fn read_names(fd: &OwnedFd) -> Result<Vec<(OsString, FileType)>, Errno> {
    use std::os::unix::ffi::OsStrExt;
    let mut buffer = Vec::with_capacity(32 * 1024);
    let mut entries = rustix::fs::RawDir::new(fd, buffer.spare_capacity_mut());
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." && names.len() <= MAX_NAMES {
            names.push((OsStr::from_bytes(name).to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}

#[cfg(not(target_os = "linux"))]
fn read_names(fd: &OwnedFd) -> Result<Vec<(OsString, FileType)>, Errno> {
    use std::os::unix::ffi::OsStrExt;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(fd)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." && names.len() <= MAX_NAMES {
            names.push((OsStr::from_bytes(name).to_owned(), entry.file_type()));
        }
    }
    Ok(names)
}
