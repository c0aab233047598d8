//! The index's files on disk: synced together before a commit counts, not one after another.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use fs_err::{File, OpenOptions};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

/// tantivy's list of its own files; rewritten for every file that it creates.
const FILE_LIST: &str = ".managed.json";
/// More files than this are not kept open for the next commit.
const MAX_UNSYNCED: usize = 64;

/// tantivy's directory of memory-mapped files, with one difference: it syncs each file alone when
/// it is complete, this one all at once, in [`sync_directory`](Directory::sync_directory), which
/// tantivy calls before it writes `meta.json`. A commit of one document waits for 3 syncs, not 20.
#[derive(Debug, Clone)]
pub(super) struct CommitDirectory {
    root: PathBuf,
    mapped: MmapDirectory,
    unsynced: Unsynced,
}

/// Complete files that are not yet known to be on disk.
#[derive(Debug, Clone, Default)]
struct Unsynced(Arc<Mutex<Vec<File>>>);

impl CommitDirectory {
    pub fn open(root: &Path) -> tantivy::Result<Self> {
        let mapped = MmapDirectory::open(root)?;
        Ok(Self { root: root.to_owned(), mapped, unsynced: Unsynced::default() })
    }
}

impl Unsynced {
    fn push(&self, file: File) -> io::Result<()> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.push(file);
        if files.len() < MAX_UNSYNCED {
            return Ok(());
        }
        drop(files);
        self.sync()
    }

    /// Side by side, so that the file system writes its journal once for all.
    fn sync(&self) -> io::Result<()> {
        let files = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        thread::scope(|scope| {
            let syncs: Vec<_> = files.iter().map(|file| scope.spawn(|| file.sync_data())).collect();
            syncs.into_iter().try_for_each(|sync| {
                sync.join().unwrap_or_else(|_| Err(io::Error::other("a sync panicked")))
            })
        })
    }
}

/// A file that joins the unsynced ones when it is complete.
struct CommitFile {
    file: Option<File>,
    unsynced: Unsynced,
}

impl Write for CommitFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().ok_or(io::ErrorKind::NotConnected)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for CommitFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |file| self.unsynced.push(file))
    }
}

impl Directory for CommitDirectory {
    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let full = self.root.join(path);
        // A commit that was cut short leaves files, and the next one gives them the same names:
        // deletions are named after their segment and the number of operations.
        let create = || OpenOptions::new().write(true).create_new(true).open(&full);
        let created = create().or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => fs_err::remove_file(&full).and_then(|()| create()),
            _ => Err(error),
        });
        match created {
            Ok(file) => {
                let unsynced = self.unsynced.clone();
                Ok(BufWriter::new(Box::new(CommitFile { file: Some(file), unsynced })))
            }
            Err(error) => Err(OpenWriteError::wrap_io_error(error, path.to_owned())),
        }
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        if path != Path::new(FILE_LIST) {
            return self.mapped.atomic_write(path, data);
        }
        let fresh = self.root.join(".managed.json.new");
        let mut file = File::create(&fresh)?;
        file.write_all(data)?;
        fs_err::rename(&fresh, self.root.join(path))?;
        self.unsynced.push(file)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.unsynced.sync()?;
        self.mapped.sync_directory()
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.mapped.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.mapped.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.mapped.exists(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.mapped.atomic_read(path)
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.mapped.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.mapped.watch(callback)
    }
}
