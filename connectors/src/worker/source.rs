//! The bytes of one job on the worker's side: opened, measured, hashed.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::wire::{self, Answer, Origin, Request};
use super::{Content, OpenedFile, read};
use crate::container::Shape;
use crate::extract::Reason;
use crate::folder;

/// While a container is read, the pool hears of it this often.
const PULSE: Duration = Duration::from_secs(1);

/// The pool's socket, shared by all that speaks on it.
pub(super) type Socket = Rc<RefCell<UnixStream>>;

/// What a job is about.
pub(super) enum Source {
    /// A file that is read as a whole.
    Whole { content: Content, bytes: Vec<u8> },
    /// A container, at its beginning.
    Container { content: Content, shape: Shape, file: Pulse<File> },
}

impl Source {
    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Whole { content, .. } | Self::Container { content, .. } => content.size,
        }
    }

    /// Opens and hashes what a request names.
    pub(super) fn open(request: &Request, held: Vec<u8>, socket: &Socket) -> Result<Self, Reason> {
        let Origin::File { root, raw } = &request.origin else {
            let content = content(&held, None);
            return Ok(Self::Whole { content, bytes: held });
        };
        let [root, raw] = [root, raw].map(|path| Path::new(OsStr::from_bytes(path)));
        let (opened, mut file) = read::open_file(root, raw)?;
        let shape = Shape::of(&request.path, request.dialect, &mut file).map_err(unreadable)?;
        let Some(shape) = shape else {
            let bytes = read::read_whole(file, opened.size, request.max_file_bytes)?;
            return Ok(Self::Whole { content: content(&bytes, Some(opened)), bytes });
        };
        let (size, most) = (opened.size, request.max_archive_bytes);
        if size > most {
            return Err(read::too_large(size, most, read::ARCHIVE_LIMIT));
        }
        let mut file = Pulse { inner: file, told: Instant::now(), socket: Rc::clone(socket) };
        let hash = hash(&mut file).map_err(unreadable)?;
        let content = Content { hash, size, file: Some(opened) };
        Ok(Self::Container { content, shape, file })
    }
}

/// Opens files beside the one that a request names, below the same root.
pub(super) fn beside(request: &Request) -> impl Fn(&str) -> io::Result<File> {
    let (root, directory) = match &request.origin {
        Origin::File { root, raw } => {
            let raw = Path::new(OsStr::from_bytes(raw));
            let directory = raw.parent().unwrap_or(Path::new("")).to_owned();
            (PathBuf::from(OsStr::from_bytes(root)), directory)
        }
        Origin::NextFrame => (PathBuf::new(), PathBuf::new()),
    };
    move |path| {
        if root.as_os_str().is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = folder::open_file(&root, &directory.join(path))?;
        // Whatever was put there may be read for ever.
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        Ok(file)
    }
}

fn content(bytes: &[u8], file: Option<OpenedFile>) -> Content {
    Content { hash: *blake3::hash(bytes).as_bytes(), size: bytes.len() as u64, file }
}

fn hash(file: &mut Pulse<File>) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut *file)?;
    file.rewind()?;
    Ok(*hasher.finalize().as_bytes())
}

fn unreadable(error: io::Error) -> Reason {
    Reason::Failed(format!("cannot be read: {error}"))
}

/// A file that tells the pool that it is being read, because a large one takes its time.
pub(super) struct Pulse<R> {
    inner: R,
    told: Instant,
    socket: Socket,
}

impl<R: Read> Read for Pulse<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        if self.told.elapsed() > PULSE {
            self.told = Instant::now();
            wire::send(&mut *self.socket.borrow_mut(), &Answer::Alive)?;
        }
        Ok(length)
    }
}

impl<R: Seek> Seek for Pulse<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}
