//! A package of which one part is replaced.

use std::io::{Cursor, Read, Write};

use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

/// The package with this content in the place of a part: of a ZIP package, or, where the path
/// begins with `/`, a stream of a compound file. `None` if there is no such part.
pub fn with_part(package: &[u8], part: &str, content: &[u8]) -> Option<Vec<u8>> {
    if part.starts_with('/') {
        let mut file = cfb::CompoundFile::open(Cursor::new(package.to_vec())).ok()?;
        file.create_stream(part).ok()?.write_all(content).ok()?;
        file.flush().ok()?;
        return Some(file.into_inner().into_inner());
    }
    let mut archive = ZipArchive::new(Cursor::new(package)).ok()?;
    archive.index_for_name(part)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).ok()?;
        let name = entry.name().ok()?.into_owned();
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        writer.start_file(&*name, options).ok()?;
        let mut whole = Vec::new();
        entry.read_to_end(&mut whole).ok()?;
        writer.write_all(if name == part { content } else { &whole }).ok()?;
    }
    Some(writer.finish().ok()?.into_inner())
}

/// A part of a package, to begin with.
pub fn part_of(package: &[u8], part: &str) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    if part.starts_with('/') {
        let mut file = cfb::CompoundFile::open(Cursor::new(package)).ok()?;
        file.open_stream(part).ok()?.read_to_end(&mut content).ok()?;
    } else {
        let mut archive = ZipArchive::new(Cursor::new(package)).ok()?;
        archive.by_name(part).ok()?.read_to_end(&mut content).ok()?;
    }
    Some(content)
}
