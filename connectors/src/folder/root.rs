//! Opens the root of a folder and notices when it is not the folder it was.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::anchor::open_directory;
use super::filesystem::{self, Sort};
use super::place::{Place, reason};

/// The root cannot be looked at now, and why. Says nothing about the files: none of them is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(pub String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// What tells a root from the empty mount point that is left when its drive or share goes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootIdentity {
    /// The device's number; may change when the machine starts again.
    pub device: u64,
    /// The directory's number on its device.
    pub inode: u64,
    /// The short name of the file system.
    pub file_system: String,
}

impl RootIdentity {
    /// A new device number with the same inode is the same share mounted again; a new inode on
    /// the same device is the same folder made again.
    fn is_same_place(&self, other: &Self) -> bool {
        self.file_system == other.file_system
            && (self.device == other.device || self.inode == other.inode)
    }
}

/// Opens the root; `known` is how it looked before.
pub(super) fn open(
    root: &Path,
    known: Option<&RootIdentity>,
) -> Result<(Place, RootIdentity), Unavailable> {
    let fd = open_directory(root).map_err(|errno| {
        Unavailable(match errno {
            rustix::io::Errno::NOENT => "it does not exist; if it is on a drive or share, \
                is that mounted?"
                .to_owned(),
            rustix::io::Errno::LOOP => "a part of its path is a link now".to_owned(),
            rustix::io::Errno::NOTDIR => "it is not a folder".to_owned(),
            other => format!("it cannot be opened: {}", reason(other)),
        })
    })?;
    let stat = rustix::fs::fstat(&fd)
        .map_err(|errno| Unavailable(format!("it cannot be read: {}", reason(errno))))?;
    let file_system = filesystem::of(&fd);
    if file_system.sort == Sort::Pseudo {
        let name = file_system.name;
        return Err(Unavailable(format!("it is on the pseudo file system {name}")));
    }
    let file_system = file_system.name.to_owned();
    let identity = RootIdentity { device: stat.st_dev, inode: stat.st_ino, file_system };
    if let Some(known) = known.filter(|known| !known.is_same_place(&identity)) {
        return Err(Unavailable(format!(
            "another file system lies there than before ({}, was {}); is its drive or share \
             mounted?",
            identity.file_system, known.file_system
        )));
    }
    Ok((Place::root(fd, identity.device), identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(device: u64, inode: u64, file_system: &str) -> RootIdentity {
        RootIdentity { device, inode, file_system: file_system.into() }
    }

    #[test]
    fn an_empty_mount_point_is_not_the_share_that_was_there() {
        let share = identity(40, 2, "nfs");
        assert!(!share.is_same_place(&identity(8, 1234, "ext4")));
        assert!(!identity(9, 2, "ext4").is_same_place(&identity(8, 1234, "ext4")));
        assert!(share.is_same_place(&identity(41, 2, "nfs")), "mounted again");
        assert!(identity(8, 7, "ext4").is_same_place(&identity(8, 9, "ext4")), "made again");
    }

    #[test]
    fn a_root_that_is_no_readable_folder_is_unavailable_with_a_reason() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs_err::write(&file, "x").unwrap();
        assert_eq!(open(&file, None).unwrap_err().0, "it is not a folder");
        let missing = open(&directory.path().join("none"), None).unwrap_err().0;
        assert!(missing.starts_with("it does not exist"), "{missing}");
        assert!(open(Path::new("/proc/self"), None).is_err());
    }

    #[test]
    fn a_root_on_another_file_system_than_before_is_unavailable() {
        let directory = tempfile::tempdir().unwrap();
        let known = identity(0, 0, "nfs");
        let error = open(directory.path(), Some(&known)).unwrap_err().0;
        assert!(error.contains("was nfs"), "{error}");
    }
}
