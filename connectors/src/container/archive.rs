//! ZIP archives, and the exports of wikis that come as one.

use std::io::{Read, Seek};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::confluence::site::Site;
use super::names::Spelling;
use super::salvage::{Shared, salvage};
use super::unpack::{Stated, unpack};
use super::walk::failed;
use super::zip_end::End;
use super::{Content, Entry, Packed, Shape, Walk, clock, confluence, notion};
use crate::extract::{Dialect, Reason, damage};

/// Visits the files in the order of the archive's directory; without one, those at its beginning.
pub(super) fn walk(mut opened: Packed<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let end = End::of(&mut opened.content).map_err(|error| damage::of_reading(&error))?;
    let content = Shared::new(opened.content);
    let content_again = content.clone();
    let content: Box<dyn Content + '_> = Box::new(content);
    let mut archive = match ZipArchive::new(content) {
        Ok(archive) => archive,
        Err(error) => return salvage(content_again, walk).and(Err(reason(error))),
    };
    if confluence::is_export(archive.file_names().flatten()) {
        return confluence::walk_packed(archive, walk);
    }
    let known = u64::try_from(archive.len()).unwrap_or(u64::MAX);
    replaced(end.map_or(0, |end| end.entries.saturating_sub(known)), walk)?;
    let spelling = Spelling::of(archive.file_names_raw());
    let names = archive.file_names_raw().map(|name| spelling.read(name).into_owned());
    let names = names.collect::<Vec<_>>();
    if notion::is_export(&names) {
        walk.set_dialect(Dialect::Notion);
    }
    if let Some(site) = Site::of(&names, walk.dialect()) {
        return confluence::site::walk(&mut archive, &site, &names, walk);
    }
    let is_notion = walk.dialect() == Dialect::Notion;
    names.into_iter().enumerate().try_for_each(|(index, name)| {
        if walk.leaves_out(&name) || name.ends_with(['/', '\\']) {
            return Ok(());
        }
        let entry = Entry::at(if is_notion { notion::path(&name) } else { name });
        file(&mut archive, index, entry, walk)
    })
}

/// Says how many files have the name of a later one, which counts as it does when all is unpacked.
fn replaced(files: u64, walk: &mut Walk<'_>) -> Result<(), Reason> {
    if files == 0 {
        return Ok(());
    }
    walk.admit(0, 0)??;
    let reason = match files {
        1 => "an earlier file has the name of a later one, which was read".to_owned(),
        _ => format!("{files} earlier files have the names of later ones, which were read"),
    };
    walk.unreadable(Entry::at("replaced files"), Reason::Skipped(reason))
}

/// Visits one file, which is called as the entry says; its time is that of the archive.
pub(super) fn file<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    index: usize,
    mut entry: Entry,
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    let data = archive.by_index_data(index).map_err(reason)?;
    if data.is_dir() || data.is_symlink() {
        return Ok(());
    }
    entry.modified_ns = data.last_modified().and_then(clock::of_dos);
    let stated = Stated { size: data.size(), packed: data.compressed_size() };
    let is_encrypted = data.encrypted();
    let is_part = walk.dialect() == Dialect::Notion && notion::is_part(&entry.path);
    let is_stored = data.compression() == CompressionMethod::Stored && !is_encrypted;
    if is_stored && (is_part || stated.size > walk.file_bytes()) {
        let mut content = archive.by_index_seek(index).map_err(reason)?;
        if Shape::of(&entry.path, walk.dialect(), &mut content).ok().flatten() == Some(Shape::Zip) {
            // It is a directory more than a file, so its size is that of what it holds.
            walk.admit(0, 0)??;
            return if is_part { walk.part(entry, content) } else { walk.stored(entry, content) };
        }
    }
    let content = archive.by_index(index);
    let content = if is_encrypted { Err(ZipError::InvalidPassword) } else { content };
    match content {
        Ok(mut content) => unpack(entry, stated, &mut content, walk),
        Err(error) => {
            // What is wrong with its size matters less than that it cannot be read.
            let _ = walk.admit(stated.size, stated.packed)?;
            walk.unreadable(entry, reason(error))
        }
    }
}

fn reason(error: ZipError) -> Reason {
    match error {
        ZipError::CompressionMethodNotSupported(method) => {
            failed(format!("packed by a method that is not supported ({method})"))
        }
        ZipError::Io(error) => damage::of_reading(&error),
        error => damage::reason(&error),
    }
}
