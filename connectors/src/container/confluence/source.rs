//! Where the files of an export are: in an archive, or beside each other.

use std::io::{self, Read};

use crate::container::{Beside, Content, Walk};
use crate::extract::{Reason, damage};

const ENTITIES: &str = "entities.xml";
const MAX_SMALL_BYTES: u64 = 64 * 1024;

/// XML packs well, but not better; a first part is free.
const MAX_RATIO: u64 = 500;
const FREE_BYTES: u64 = 16 * 1024 * 1024;

/// The files of an export.
pub(super) enum Source<'a> {
    /// `entities.xml` is open, and what lies beside it can be opened.
    Unpacked { entities: Box<dyn Content + 'a>, beside: Option<Beside<'a>> },
    /// All in one; the second is the directory in it.
    Packed(zip::ZipArchive<Box<dyn Content + 'a>>, String),
}

impl<'a> Source<'a> {
    /// The export in an archive, which may have a directory around it.
    pub(super) fn packed(archive: zip::ZipArchive<Box<dyn Content + 'a>>) -> Self {
        let names = archive.file_names().flatten();
        let found = names.filter(|name| *name == *ENTITIES || name.ends_with("/entities.xml"));
        let shortest = found.min_by_key(|name| name.len());
        let root = shortest.map(|name| name[..name.len() - ENTITIES.len()].to_owned());
        let root = root.unwrap_or_default();
        Self::Packed(archive, root)
    }

    /// The objects, from their beginning.
    pub(super) fn entities(&mut self) -> Result<Box<dyn Read + '_>, Reason> {
        match self {
            Self::Unpacked { entities, .. } => {
                entities.rewind().map_err(|error| damage::of_reading(&error))?;
                Ok(Box::new(entities))
            }
            Self::Packed(archive, root) => {
                let file = archive.by_name(&format!("{root}{ENTITIES}"));
                let file = file.map_err(|error| damage::reason(&error))?;
                let most = file.compressed_size().saturating_mul(MAX_RATIO) + FREE_BYTES;
                Ok(Box::new(file.take(most)))
            }
        }
    }

    /// A file of a few lines, if it is there.
    pub(super) fn small_file(&mut self, name: &str) -> Option<String> {
        let mut bytes = Vec::new();
        match self {
            Self::Unpacked { beside, .. } => {
                let file = beside.as_ref()?(name).ok()?;
                file.take(MAX_SMALL_BYTES).read_to_end(&mut bytes).ok()?;
            }
            Self::Packed(archive, root) => {
                let file = archive.by_name(&format!("{root}{name}")).ok()?;
                file.take(MAX_SMALL_BYTES).read_to_end(&mut bytes).ok()?;
            }
        }
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The first of these files that is there; an outer error ends the walk.
    pub(super) fn attachment(
        &mut self,
        paths: &[String],
        walk: &mut Walk<'_>,
    ) -> Result<Result<Vec<u8>, Reason>, Reason> {
        for path in paths {
            let opened = self.open(path);
            let (file, size, packed) = match opened {
                Ok(opened) => opened,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Ok(Err(damage::of_reading(&error))),
            };
            if let Err(reason) = walk.admit(size, packed)? {
                return Ok(Err(reason));
            }
            let mut bytes = Vec::new();
            let most = walk.file_bytes();
            return Ok(match file.take(most.saturating_add(1)).read_to_end(&mut bytes) {
                Err(error) => Err(damage::of_reading(&error)),
                Ok(_) if bytes.len() as u64 > most => {
                    Err(Reason::Skipped("larger than it says, and over the limit".to_owned()))
                }
                Ok(_) => Ok(bytes),
            });
        }
        Ok(Err(Reason::Skipped("the export does not hold this attachment".to_owned())))
    }

    fn open(&mut self, path: &str) -> io::Result<(Box<dyn Read + '_>, u64, u64)> {
        match self {
            Self::Unpacked { beside: None, .. } => Err(io::ErrorKind::NotFound.into()),
            Self::Unpacked { beside: Some(beside), .. } => {
                let file = beside(path)?;
                let size = file.metadata()?.len();
                Ok((Box::new(file), size, size))
            }
            Self::Packed(archive, root) => {
                let file = archive.by_name(&format!("{root}{path}"))?;
                let (size, packed) = (file.size(), file.compressed_size());
                Ok((Box::new(file), size, packed))
            }
        }
    }
}
