//! Opens a listed file for reading without ever leaving its folder.

use std::fs::File;
use std::io;
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::anchor::{anchored, is_anchored, open_directory};
use super::place::{Obstacle, Place};

/// Opens what lies at a raw path below `root`, whatever it is: the caller asks for its kind.
///
/// Nothing outside is ever opened, even when links are put in the way meanwhile. A directory that
/// has become a link is not found; a link at the end is followed only within the folder.
pub fn open_file(root: &Path, raw: &Path) -> io::Result<File> {
    match open_below(root, raw) {
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            let real = std::fs::canonicalize(root.join(raw))?;
            let real_root = std::fs::canonicalize(root)?;
            if is_anchored(root) && real_root != root {
                return Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "its folder is a link",
                ));
            }
            let anchor = if is_anchored(root) { anchored } else { Path::to_path_buf };
            let target = real.strip_prefix(&real_root).map_err(|_| {
                io::Error::new(io::ErrorKind::PermissionDenied, "it leads out of the folder")
            })?;
            open_below(&anchor(&real_root), target)
        }
        other => other,
    }
}

fn open_below(root: &Path, raw: &Path) -> io::Result<File> {
    let fd = open_directory(root)?;
    let device = rustix::fs::fstat(&fd)?.st_dev;
    let mut place = Place::root(fd, device);
    for name in raw.parent().unwrap_or(Path::new("")).components() {
        place = enter(&place, name)?;
    }
    let name = raw.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    // Opening a FIFO would wait for its writer.
    let careful = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | careful;
    Ok(File::from(rustix::fs::openat(&place.fd, name, flags, Mode::empty())?))
}

fn enter(place: &Place, name: Component<'_>) -> io::Result<Place> {
    let Component::Normal(name) = name else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    place.enter(name, "").map_err(|obstacle| match obstacle {
        Obstacle::Vanished => io::ErrorKind::NotFound.into(),
        Obstacle::Unknown(reason) | Obstacle::LeftOut(reason) => io::Error::other(reason),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn read(root: &Path, raw: &str) -> io::Result<String> {
        std::io::read_to_string(open_file(root, Path::new(raw))?)
    }

    #[test]
    fn what_is_swapped_for_a_link_is_never_read_outside() {
        let directory = tempfile::tempdir().unwrap();
        let (root, outside) = (directory.path().join("root"), directory.path().join("outside"));
        for folder in [&root, &outside] {
            fs_err::create_dir_all(folder.join("team")).unwrap();
            fs_err::write(folder.join("team/plan.md"), folder.to_str().unwrap()).unwrap();
        }
        assert_eq!(read(&root, "team/plan.md").unwrap(), root.to_str().unwrap());
        fs_err::remove_file(root.join("team/plan.md")).unwrap();
        symlink(outside.join("team/plan.md"), root.join("team/plan.md")).unwrap();
        let file = read(&root, "team/plan.md").unwrap_err();
        assert_eq!(file.to_string(), "it leads out of the folder");
        fs_err::remove_dir_all(root.join("team")).unwrap();
        symlink(outside.join("team"), root.join("team")).unwrap();
        let parent = read(&root, "team/plan.md").unwrap_err();
        assert_eq!(parent.kind(), io::ErrorKind::NotFound);
        for raw in ["../outside/team/plan.md", "team/../../outside/team/plan.md", "..", "/", ""] {
            assert!(read(&root, raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn a_root_may_be_reached_by_a_link() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::create_dir(directory.path().join("root")).unwrap();
        fs_err::write(directory.path().join("root/.kept"), "text").unwrap();
        symlink(".kept", directory.path().join("root/a.md")).unwrap();
        symlink("root", directory.path().join("link")).unwrap();
        assert_eq!(read(&directory.path().join("link"), "a.md").unwrap(), "text");
    }
}
