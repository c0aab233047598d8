//! Opening and reading one file without ever hanging on it or reading too much.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::OpenedFile;
use crate::extract::Reason;
use crate::folder;

/// The limit of files that are read as a whole.
pub(super) const FILE_LIMIT: &str = "index.max_file_bytes";

/// The limit of containers.
pub(super) const ARCHIVE_LIMIT: &str = "index.max_archive_bytes";

/// Opens a regular file below `root`.
pub(super) fn open_file(root: &Path, raw: &Path) -> Result<(OpenedFile, File), Reason> {
    let file = folder::open_file(root, raw).map_err(|error| cannot_open(&error))?;
    let stat = rustix::fs::fstat(&file)
        .map_err(|error| Reason::Failed(format!("cannot be examined: {error}")))?;
    require_regular(&stat)?;
    Ok((describe(&stat), file))
}

/// Reads a file of at most `max_bytes` to its end.
pub(super) fn read_whole(file: File, size: u64, max_bytes: u64) -> Result<Vec<u8>, Reason> {
    if size > max_bytes {
        return Err(too_large(size, max_bytes, FILE_LIMIT));
    }
    read_bounded(file, size, max_bytes)
}

/// The file may grow while it is read, so the limit counts what arrives, not what was announced.
fn read_bounded(file: File, announced: u64, max_bytes: u64) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    let capacity = usize::try_from(announced.saturating_add(1)).unwrap_or(usize::MAX);
    if bytes.try_reserve_exact(capacity).is_err() {
        return Err(Reason::Failed(format!("needs {} of memory to be read", size(announced))));
    }
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Reason::Failed(format!("cannot be read: {error}")))?;
    match bytes.len() as u64 {
        length if length > max_bytes => Err(too_large(length, max_bytes, FILE_LIMIT)),
        _ => Ok(bytes),
    }
}

fn cannot_open(error: &io::Error) -> Reason {
    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
        return Reason::Failed("the file vanished before it was read".to_owned());
    }
    // What opening a socket, or a device without a driver, answers.
    if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) {
        return Reason::Skipped("a socket or device, not a file".to_owned());
    }
    Reason::Failed(format!("cannot be opened: {error}"))
}

fn require_regular(stat: &Stat) -> Result<(), Reason> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "something",
    };
    Err(Reason::Skipped(format!("{kind}, not a file")))
}

// The types of these fields differ between platforms.
#[expect(clippy::unnecessary_cast, reason = "the fields are narrower on other platforms")]
fn describe(stat: &Stat) -> OpenedFile {
    OpenedFile {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified_ns: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        changed_ns: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
    }
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// The reason for a file or content over the limit that stands under `key` in the configuration.
pub(super) fn too_large(bytes: u64, max_bytes: u64, key: &str) -> Reason {
    Reason::Skipped(format!("{} is over the limit of {} ({key})", size(bytes), size(max_bytes)))
}

/// A number of bytes for people: `12 KiB`, `5.0 GiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 10.0 && value.fract() >= 0.05);
    format!("{value:.digits$} {}", UNITS[unit])
}
