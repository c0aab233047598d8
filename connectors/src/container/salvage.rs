//! What can be had from a ZIP archive whose directory, which stands at its end, is missing.

use std::cell::RefCell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::read::read_zipfile_from_stream;

use super::names::Spelling;
use super::unpack::{Stated, unpack};
use super::{Content, Entry, Walk, clock, notion};
use crate::extract::{Dialect, Reason};

/// Content that can be taken up again when the archive cannot be opened.
#[derive(Clone)]
pub(super) struct Shared<'a>(Rc<RefCell<Box<dyn Content + 'a>>>);

impl<'a> Shared<'a> {
    /// Shares an archive.
    pub(super) fn new(content: Box<dyn Content + 'a>) -> Self {
        Self(Rc::new(RefCell::new(content)))
    }
}

impl Read for Shared<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

impl Seek for Shared<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.borrow_mut().seek(to)
    }
}

/// Visits the files from the beginning on, as far as they say themselves where they end.
pub(super) fn salvage(mut content: Shared<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    if content.rewind().is_err() {
        return Ok(());
    }
    let mut content = BufReader::new(content);
    while let Ok(Some(mut file)) = read_zipfile_from_stream(&mut content) {
        let raw = file.name_raw().to_vec();
        let name = Spelling::of(std::iter::once(raw.as_slice())).read(&raw).into_owned();
        if walk.leaves_out(&name) || name.ends_with(['/', '\\']) {
            continue;
        }
        // Without the directory, the first page has to tell.
        if notion::is_export(std::slice::from_ref(&name)) {
            walk.set_dialect(Dialect::Notion);
        }
        let is_notion = walk.dialect() == Dialect::Notion;
        let path = if is_notion { notion::path(&name) } else { name };
        let modified_ns = file.last_modified().and_then(clock::of_dos);
        let stated = Stated { size: file.size(), packed: file.compressed_size() };
        unpack(Entry { path, modified_ns, ..Entry::default() }, stated, &mut file, walk)?;
    }
    Ok(())
}
