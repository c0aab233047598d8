//! How the directory of a root is opened: through links, as usual, or only without any.
//!
//! Who may add a folder but not read everything could turn a part of its path into a link later. The
//! root of such a folder is anchored: it begins with two slashes, which the system takes for one, and
//! is opened only while no part of it is a link, when it is listed and for each file that is read.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

/// The same path, anchored; it must be absolute and free of links now.
pub fn anchored(path: &Path) -> PathBuf {
    let mut text = OsString::from("/");
    text.push(path);
    PathBuf::from(text)
}

/// Whether a root is anchored.
pub(super) fn is_anchored(root: &Path) -> bool {
    root.as_os_str().as_bytes().starts_with(b"//")
}

/// Opens the directory of a root.
pub(super) fn open_directory(root: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match is_anchored(root) {
        true => {
            let no_links = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            rustix::fs::openat2(CWD, root, flags, Mode::empty(), no_links)
        }
        false => rustix::fs::openat(CWD, root, flags, Mode::empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::{open_file, root};
    use super::*;

    #[test]
    fn an_anchored_root_is_not_reached_through_a_link_that_was_put_in_its_way() {
        let directory = tempfile::tempdir().unwrap();
        let base = std::fs::canonicalize(directory.path()).unwrap();
        let (secret, share) = (base.join("secret"), base.join("share"));
        for folder in [&secret, &share.join("in/mine")] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("a.md"), "text").unwrap();
        }
        let mine = anchored(&share.join("in/mine"));
        assert_eq!(mine, share.join("in/mine"));
        assert!(open_file(&mine, Path::new("a.md")).is_ok() && root::open(&mine, None).is_ok());
        std::fs::remove_dir_all(share.join("in/mine")).unwrap();
        symlink(&secret, share.join("in/mine")).unwrap();
        assert!(open_file(&mine, Path::new("a.md")).is_err() && root::open(&mine, None).is_err());
        std::fs::remove_dir_all(share.join("in")).unwrap();
        std::fs::create_dir(base.join("other")).unwrap();
        symlink(&secret, base.join("other/mine")).unwrap();
        symlink(base.join("other"), share.join("in")).unwrap();
        assert!(open_file(&mine, Path::new("a.md")).is_err() && root::open(&mine, None).is_err());
        // Whoever is free to read everything may use links.
        assert!(open_file(&share.join("in/mine"), Path::new("a.md")).is_ok());
    }
}
