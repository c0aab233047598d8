//! Opens a listed file for reading without ever leaving the folder.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::Folder;
use super::place::{Obstacle, Place};

impl Folder {
    /// Opens the file at a raw path. A directory on the way that has become a link since it was
    /// listed is an error; a link at its end is followed only within the folder.
    pub fn open_file(&self, raw: &Path) -> io::Result<File> {
        match self.open_below(raw) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                let real = std::fs::canonicalize(self.settings.root.join(raw))?;
                let root = std::fs::canonicalize(&self.settings.root)?;
                let target = real.strip_prefix(&root).map_err(|_| {
                    io::Error::new(io::ErrorKind::PermissionDenied, "it leads out of the folder")
                })?;
                self.open_below(target)
            }
            other => other,
        }
    }

    fn open_below(&self, raw: &Path) -> io::Result<File> {
        let mut place = self.open_root().map_err(io::Error::other)?;
        for name in raw.parent().unwrap_or(Path::new("")).components() {
            place = enter(&place, name)?;
        }
        let name = raw.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        // Opening a FIFO would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&place.fd, name, flags, Mode::empty())?;
        match FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) {
            FileType::RegularFile => Ok(File::from(fd)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
        }
    }
}

fn enter(place: &Place, name: std::path::Component<'_>) -> io::Result<Place> {
    let std::path::Component::Normal(name) = name else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    place.enter(name, "").map_err(|obstacle| match obstacle {
        Obstacle::Vanished => io::ErrorKind::NotFound.into(),
        Obstacle::Unknown(reason) | Obstacle::LeftOut(reason) => io::Error::other(reason),
    })
}
