//! Opening the index: what is missing, outdated or damaged is replaced by an empty one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use tantivy::directory::Directory;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::{Index, IndexReader, IndexSettings, ReloadPolicy, TantivyError};

use super::directory::CommitDirectory;
use super::schema::{
    ANALYSIS, DOCUMENT, Fields, KIND, MODIFIED, ORDINAL, SEQ, SOURCE, schema, text_analyzer,
};
use super::{LexicalIndex, writer};
use crate::error::{Error, ErrorKind, Result};

const DAMAGED: &str = "the keyword index was damaged";
const OTHER: &str = "the keyword index was made by another version";

/// An index that can be used, and why it is empty if it had to be made anew.
pub struct Opened {
    /// The index; at `seq` 0 when it was made anew.
    pub index: LexicalIndex,
    /// Why the catalog must be followed from the start; `None` when the index was whole.
    pub rebuilt: Option<String>,
}

impl LexicalIndex {
    /// Opens the index in `directory`, which belongs to it alone; makes it anew when it is
    /// missing, of an older schema or damaged.
    ///
    /// Fails only where a new index would fail too: no access, no space.
    pub fn open(directory: &Path) -> Result<Opened> {
        fs_err::create_dir_all(directory)?;
        let reason = match attempt(|| existing(directory)) {
            Ok(Ok(index)) => return Ok(Opened { index, rebuilt: None }),
            Ok(Err(reason)) => reason,
            Err(error) => return Err(error),
        };
        tracing::warn!(directory = %directory.display(), reason, "keyword index is made anew");
        wipe(directory)?;
        let (schema, _) = schema();
        let fail = |error| failure("create", error);
        let files = CommitDirectory::open(directory).map_err(fail)?;
        let index = Index::create(files, schema, IndexSettings::default()).map_err(fail)?;
        Ok(Opened { index: assemble(directory, index).map_err(fail)?, rebuilt: Some(reason) })
    }
}

/// An index of an earlier version, to be searched and written with the terms of this one: what they
/// changed is found once this version's index is made. `None` when it has other fields, or damage.
pub(super) fn previous(directory: &Path) -> Option<LexicalIndex> {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let index = CommitDirectory::open(directory).and_then(Index::open).ok()?;
        let tokenizer = super::versions::tokenizer_of(&index.schema())?;
        index.tokenizers().register(&tokenizer, text_analyzer());
        assemble(directory, index).ok()
    }));
    opened.ok().flatten()
}

/// The index on disk, or a sentence on why it cannot be used; an error if nothing could be.
type Attempt = std::result::Result<LexicalIndex, String>;

fn existing(directory: &Path) -> Result<Attempt> {
    let files = match CommitDirectory::open(directory) {
        Ok(files) => files,
        Err(error) => return unusable(error),
    };
    if !files.exists(Path::new("meta.json")).map_err(|error| failure("open", error.into()))? {
        return Ok(Err("there was no keyword index yet".to_owned()));
    }
    let index = match Index::open(files) {
        Ok(index) => index,
        Err(error) => return unusable(error),
    };
    if index.schema() != schema().0 {
        return Ok(Err(OTHER.to_owned()));
    }
    match assemble(directory, index) {
        Ok(index) => Ok(Ok(index)),
        Err(error) => unusable(error),
    }
}

fn unusable(error: TantivyError) -> Result<Attempt> {
    if outside(&error) {
        return Err(failure("open", error));
    }
    tracing::warn!(%error, "keyword index cannot be used");
    let reason = match &error {
        TantivyError::OpenReadError(OpenReadError::FileDoesNotExist(path)) => {
            let name = path.file_name().unwrap_or_default();
            format!("the file {} of the keyword index was missing", name.display())
        }
        TantivyError::IncompatibleIndex(_)
        | TantivyError::OpenReadError(OpenReadError::IncompatibleIndex(_)) => OTHER.to_owned(),
        _ => DAMAGED.to_owned(),
    };
    Ok(Err(reason))
}

/// tantivy panics on some damaged files; here that is one more way to be damaged.
fn attempt(open: impl FnOnce() -> Result<Attempt>) -> Result<Attempt> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| Ok(Err(DAMAGED.to_owned())))
}

fn assemble(directory: &Path, index: Index) -> tantivy::Result<LexicalIndex> {
    index.tokenizers().register(ANALYSIS, text_analyzer());
    let fields = schema().1;
    let payload = index.load_metas()?.payload;
    let seq = payload.and_then(|payload| payload.parse().ok()).unwrap_or(0);
    let reader: IndexReader =
        index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    touch(&reader, fields)?;
    Ok(LexicalIndex {
        grounds: super::ground::Grounds::default(),
        stretched: super::rows::Stretched::default(),
        directory: directory.to_owned(),
        index,
        reader,
        fields,
        writer: Mutex::new(writer::Writer::default()),
        applied_seq: AtomicU64::new(seq),
    })
}

/// Opens every part that tantivy would only open for a search or a commit, so that damage shows
/// now. Reads no more than the ends of the files: `documents` reads them whole.
fn touch(reader: &IndexReader, fields: Fields) -> tantivy::Result<()> {
    for segment in reader.searcher().segment_readers() {
        segment.inverted_index(fields.text)?;
        segment.inverted_index(fields.document)?;
        segment.get_fieldnorms_reader(fields.text)?;
        let fast = segment.fast_fields();
        for column in [DOCUMENT, ORDINAL, SEQ, SOURCE] {
            fast.u64(column)?;
        }
        fast.i64(MODIFIED)?;
        fast.str(KIND)?;
    }
    Ok(())
}

/// Removes the files of an index; directories inside are none of its own and stay.
fn wipe(directory: &Path) -> Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether the cause lies outside the index's own files, so that a new index would not help.
fn outside(error: &TantivyError) -> bool {
    use std::io::ErrorKind as Io;
    let Some(io) = io_error(error) else {
        return matches!(error, TantivyError::LockFailure(..) | TantivyError::SystemError(_));
    };
    !matches!(io.kind(), Io::NotFound | Io::UnexpectedEof | Io::InvalidData | Io::InvalidInput)
        && io.raw_os_error().is_some()
}

fn io_error(error: &TantivyError) -> Option<&std::io::Error> {
    match error {
        TantivyError::IoError(io)
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error: io, .. })
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: io, .. })
        | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error: io, .. }) => {
            Some(io)
        }
        _ => None,
    }
}

/// Runs `work`; a panic of tantivy on damaged files becomes an error.
pub(super) fn guarded<T>(attempted: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::corrupt(format!("cannot {attempted} the keyword index: it is damaged"))
            .hint("run `ragterm verify --repair`"))
    })
}

/// An error of tantivy in our words: `cannot commit to the keyword index: …`.
pub(super) fn failure(attempted: &str, error: TantivyError) -> Error {
    let kind = match (&error, io_error(&error)) {
        (_, Some(io)) => Error::from(std::io::Error::from(io.kind())).kind(),
        (TantivyError::LockFailure(..), _) => ErrorKind::Unavailable,
        (TantivyError::DataCorruption(_) | TantivyError::OpenReadError(_), _) => ErrorKind::Corrupt,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, format!("cannot {attempted} the keyword index")).because(error)
}
