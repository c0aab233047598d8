//! Puts a file of a folder into a directory of the same folder, never leaving it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::anchor::open_directory;

/// Names that are tried where others are taken.
const MAX_TRIES: u32 = 1_000;

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Moves the file at `raw` below `root` to the same path below `root/directory`; a name that is
/// taken gets a number. Returns the new path below `root`.
///
/// No file is replaced, and no symbolic link is followed.
pub fn put_away(root: &Path, raw: &Path, directory: &str) -> io::Result<PathBuf> {
    let root = open_directory(root)?;
    let parent = raw.parent().unwrap_or(Path::new(""));
    let name = raw.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let from = below(&root, parent, Missing::IsAnError)?;
    let target = Path::new(directory).join(parent);
    let to = below(&root, &target, Missing::IsMade)?;
    for number in 1..=MAX_TRIES {
        let free = numbered(name, number);
        match rename(&from, name, (&to, &free)) {
            Ok(()) => return Ok(target.join(free)),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files of this name"))
}

/// Writes a text beside a file of the folder, under its name and an ending.
pub fn note_beside(root: &Path, raw: &Path, ending: &str, text: &str) -> io::Result<()> {
    let root = open_directory(root)?;
    let parent = below(&root, raw.parent().unwrap_or(Path::new("")), Missing::IsAnError)?;
    let mut name = raw.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(ending);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&parent, &name, flags, Mode::from_raw_mode(0o644))?;
    std::fs::File::from(file).write_all(text.as_bytes())
}

/// What becomes of a directory on the way that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsMade,
    IsAnError,
}

fn below(root: &OwnedFd, path: &Path, missing: Missing) -> io::Result<OwnedFd> {
    let mut place = root.try_clone()?;
    for component in path.components() {
        let Component::Normal(name) = component else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        if missing == Missing::IsMade {
            match rustix::fs::mkdirat(&place, name, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        place = rustix::fs::openat(&place, name, DIRECTORY, Mode::empty())?;
    }
    Ok(place)
}

/// Renames without replacing; where the file system cannot do that in one step, it looks first.
fn rename(from: &OwnedFd, name: &OsStr, (to, free): (&OwnedFd, &OsStr)) -> rustix::io::Result<()> {
    match rustix::fs::renameat_with(from, name, to, free, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => {}
        other => return other,
    }
    match rustix::fs::statat(to, free, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => rustix::fs::renameat(from, name, to, free),
        Err(errno) => Err(errno),
    }
}

/// `plan.md`, `plan (2).md`, `plan (3).md`…
fn numbered(name: &OsStr, number: u32) -> OsString {
    if number == 1 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut numbered = path.file_stem().unwrap_or(name).to_owned();
    numbered.push(format!(" ({number})"));
    if let Some(extension) = path.extension() {
        numbered.push(".");
        numbered.push(extension);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_keeps_its_path_and_replaces_none() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for text in ["first", "second"] {
            fs_err::create_dir_all(root.join("hr")).unwrap();
            fs_err::write(root.join("hr/plan.md"), text).unwrap();
            put_away(root, Path::new("hr/plan.md"), "done").unwrap();
        }
        assert!(!root.join("hr/plan.md").exists());
        assert_eq!(fs_err::read_to_string(root.join("done/hr/plan.md")).unwrap(), "first");
        assert_eq!(fs_err::read_to_string(root.join("done/hr/plan (2).md")).unwrap(), "second");
    }

    #[test]
    fn a_link_in_the_place_of_a_directory_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (root, outside) = (directory.path().join("root"), directory.path().join("outside"));
        fs_err::create_dir_all(&root).unwrap();
        fs_err::create_dir_all(&outside).unwrap();
        symlink(&outside, root.join("failed")).unwrap();
        fs_err::write(root.join("a.md"), "text").unwrap();
        assert!(put_away(&root, Path::new("a.md"), "failed").is_err());
        assert!(put_away(&root, Path::new("../root/a.md"), "done").is_err());
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        assert!(root.join("a.md").exists());
    }

    #[test]
    fn a_reason_stands_beside_its_file() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("a.pdf"), "no").unwrap();
        note_beside(directory.path(), Path::new("a.pdf"), ".reason.txt", "damaged\n").unwrap();
        let text = fs_err::read_to_string(directory.path().join("a.pdf.reason.txt")).unwrap();
        assert_eq!(text, "damaged\n");
    }
}
