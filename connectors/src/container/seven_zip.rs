//! 7z archives.

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, EncoderMethod, Error, Password};

use super::unpack::{Stated, unpack};
use super::walk::failed;
use super::{Content, Entry, Packed, Walk, clock};
use crate::extract::{Reason, damage};

/// How much a block may want to look back upon.
pub(super) const WINDOW_KIB: usize = 256 * 1024;

/// Marks the entries whose mode of Unix is kept, and in it a symbolic link.
const UNIX_MODE: u32 = 0x8000;
const LINK_MODE: u32 = 0o120_000;

/// Visits the files block by block, and then those that are empty.
pub(super) fn walk(mut opened: Packed<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let password = Password::empty();
    let archive = Archive::read_with_memory_limit(&mut opened.content, &password, WINDOW_KIB)
        .map_err(reason)?;
    for index in 0..archive.blocks.len() {
        block(&archive, index, &mut *opened.content, walk)?;
    }
    let streamless = archive.files.iter().zip(&archive.stream_map.file_block_index);
    let mut streamless = streamless.filter(|(_, block)| block.is_none());
    streamless.try_for_each(|(file, _)| match entry_of(file, walk) {
        Some(entry) => unpack(entry, Stated::default(), &mut std::io::empty(), walk),
        None => Ok(()),
    })
}

/// The files of a block are packed as one: where it is damaged, all that follows is lost.
fn block(
    archive: &Archive,
    index: usize,
    mut content: &mut (dyn Content + '_),
    walk: &mut Walk<'_>,
) -> Result<(), Reason> {
    let password = Password::empty();
    let decoder =
        BlockDecoder::new_with_memory_limit(1, WINDOW_KIB, index, archive, &password, &mut content);
    let files = archive.files.iter().zip(&archive.stream_map.file_block_index);
    let files = files.filter(|(_, block)| **block == Some(index)).map(|(file, _)| file);
    let aes = EncoderMethod::ID_AES256_SHA256;
    let is_encrypted =
        archive.blocks[index].coders.iter().any(|coder| coder.encoder_method_id() == aes);
    let mut done = 0;
    let mut ended = None;
    let outcome = if is_encrypted {
        Err(Error::PasswordRequired)
    } else {
        decoder
            .for_each_entries(&mut |file: &ArchiveEntry, content: &mut dyn std::io::Read| {
                done += 1;
                let Some(entry) = entry_of(file, walk) else { return Ok(true) };
                let stated = Stated { size: file.size(), packed: 0 };
                ended = unpack(entry, stated, content, walk).err();
                Ok(ended.is_none())
            })
            .map(|_| ())
    };
    if let Some(reason) = ended {
        return Err(reason);
    }
    let Err(error) = outcome else { return Ok(()) };
    let reason = reason(error);
    let lost = files.skip(done).filter_map(|file| entry_of(file, walk)).collect::<Vec<_>>();
    lost.into_iter().try_for_each(|entry| {
        walk.admit(0, 0)??;
        walk.unreadable(entry, reason.clone())
    })
}

fn entry_of(file: &ArchiveEntry, walk: &Walk<'_>) -> Option<Entry> {
    let mode = file.windows_attributes();
    let is_link = mode & UNIX_MODE != 0 && (mode >> 16) & 0o170_000 == LINK_MODE;
    if file.is_directory() || file.is_anti_item() || is_link || walk.leaves_out(file.name()) {
        return None;
    }
    let modified_ns = clock::of_windows(file.last_modified_date().into());
    let modified_ns = modified_ns.filter(|_| file.has_last_modified_date);
    Some(Entry { path: file.name().to_owned(), modified_ns, ..Entry::default() })
}

fn reason(error: Error) -> Reason {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            failed("protected by a password".to_owned())
        }
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => {
            failed("protected by a password".to_owned())
        }
        Error::UnsupportedCompressionMethod(method) => {
            failed(format!("packed by a method that is not supported ({method})"))
        }
        Error::MaxMemLimited { .. } => failed("unpacking it needs too much memory".to_owned()),
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => {
            damage::reason(&"checksum")
        }
        Error::Io(error, _) => damage::of_reading(&error),
        error => damage::reason(&error),
    }
}
