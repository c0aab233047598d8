//! Reading an archive that anybody may have made: only the members that a backup has, each of a
//! bounded size, nothing after them, and every byte as the checksums say.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tar::EntryType;

use super::archive::Hashing;
use super::header::{Checksum, Checksums, Header};
use super::{CHECKSUMS, CONFIGURATION, HEADER, MAX_TEXT_BYTES};
use crate::disk::check_room;
use crate::error::{Error, Result};

/// The logarithm of the most memory that decompressing may take, in bytes.
const MAX_WINDOW: u32 = 23;

/// What zstd begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The end of a tar after the block that was read to find it.
const END: [u8; 512] = [0; 512];

/// A backup whose bytes are all as its checksums say.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What it says of itself.
    pub header: Header,
    /// Bytes of the catalog in it.
    pub catalog_bytes: u64,
    /// The configuration in it.
    pub configuration: String,
}

/// Reads a backup to its end; writes the catalog into the directory `unpacked`, if one is given.
///
/// `Corrupt` when it is cut off, altered or none; `Usage` when a newer version made it.
pub fn check(input: impl Read, unpacked: Option<&Path>) -> Result<Checked> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    begins_well(&mut input)?;
    let mut decoder = zstd::Decoder::with_buffer(input).map_err(|error| at("", error))?;
    decoder.window_log_max(MAX_WINDOW).map_err(|error| at("", error))?;
    let mut archive = tar::Archive::new(decoder.single_frame());
    let checked = members(&mut archive, unpacked)?;
    let mut decoder = archive.into_inner();
    let mut rest = Vec::new();
    let read = decoder.by_ref().take(END.len() as u64 + 1).read_to_end(&mut rest);
    read.map_err(|error| at(CHECKSUMS, error))?;
    if rest.is_empty() {
        return Err(cut(CHECKSUMS));
    }
    let mut input = decoder.finish();
    let after = input.fill_buf().map_err(|error| at(CHECKSUMS, error))?;
    if rest != END || !after.is_empty() {
        return Err(damaged("something follows after its end"));
    }
    Ok(checked)
}

/// Tells what is no backup before anything is made of it.
fn begins_well(input: &mut impl BufRead) -> Result<()> {
    let begin = input.fill_buf().map_err(|error| at("", error))?;
    if begin.is_empty() {
        return Err(Error::corrupt("the backup is empty").hint("take another one"));
    }
    match begin.starts_with(&MAGIC[..begin.len().min(MAGIC.len())]) {
        true => Ok(()),
        false => Err(foreign()),
    }
}

type Decoder<R> = zstd::Decoder<'static, BufReader<R>>;

fn members(
    archive: &mut tar::Archive<Decoder<impl Read>>,
    unpacked: Option<&Path>,
) -> Result<Checked> {
    let entries = archive.entries().map_err(|error| at("", error))?;
    // Raw: nothing that speaks of another member is understood, so it is refused.
    let mut members = Members { entries: entries.raw(true), sums: Vec::new() };
    let header = Header::read(&members.text(HEADER)?)?;
    let catalog_bytes = members.catalog(&header.catalog, unpacked)?;
    let configuration = String::from_utf8(members.text(CONFIGURATION)?)
        .map_err(|_| damaged("its configuration is not UTF-8"))?;
    let sums = std::mem::take(&mut members.sums);
    let said = members.text(CHECKSUMS)?;
    let said: Checksums = serde_json::from_slice(&said)
        .map_err(|error| damaged("its checksums cannot be read").because(error))?;
    compare(&sums, &said.members)?;
    match members.entries.next() {
        None => Ok(Checked { header, catalog_bytes, configuration }),
        Some(Err(error)) => Err(at(CHECKSUMS, error)),
        Some(Ok(_)) => Err(damaged("it has more members than a backup")),
    }
}

struct Members<'a, R: Read> {
    entries: tar::Entries<'a, R>,
    sums: Vec<Checksum>,
}

impl<'a, R: Read> Members<'a, R> {
    /// The next member, which must be this one.
    fn next(&mut self, name: &str) -> Result<tar::Entry<'a, R>> {
        let entry = match self.entries.next() {
            None if name == HEADER => return Err(foreign()),
            None => return Err(cut(name)),
            Some(Err(error)) if name == HEADER && is_no_tar(&error) => return Err(foreign()),
            Some(entry) => entry.map_err(|error| at(name, error))?,
        };
        let is_ours = entry.header().entry_type() == EntryType::Regular
            && *entry.path_bytes() == *name.as_bytes();
        match is_ours {
            true => Ok(entry),
            false if name == HEADER => Err(foreign()),
            false => Err(damaged(&format!("another member stands in the place of {name}"))),
        }
    }

    /// A small member.
    fn text(&mut self, name: &str) -> Result<Vec<u8>> {
        let entry = self.next(name)?;
        let bytes = entry.size();
        if bytes > MAX_TEXT_BYTES {
            return Err(damaged(&format!("{name} is larger than it may be")));
        }
        let mut text = Vec::new();
        self.copy(name, entry, &mut text)?;
        Ok(text)
    }

    fn catalog(&mut self, name: &str, unpacked: Option<&Path>) -> Result<u64> {
        let entry = self.next(name)?;
        let bytes = entry.size();
        match unpacked {
            None => self.copy(name, entry, &mut io::sink())?,
            Some(directory) => {
                check_room(directory, bytes, "what is in the backup")?;
                let path = directory.join(name);
                let written = |error: io::Error| {
                    let error = Error::from(error);
                    let message = format!("{} cannot be written", path.display());
                    Error::new(error.kind(), message).because(error)
                };
                let options = File::options().write(true).create_new(true).mode(0o600).clone();
                let mut file = options.open(&path).map_err(written)?;
                self.copy(name, entry, &mut file)?;
                file.sync_all().map_err(written)?;
            }
        }
        Ok(bytes)
    }

    fn copy(&mut self, name: &str, entry: tar::Entry<'a, R>, out: &mut dyn Write) -> Result<()> {
        let bytes = entry.size();
        let mut hashing = Hashing::new(entry);
        let copied = io::copy(&mut hashing, out).map_err(|error| at(name, error))?;
        if copied != bytes {
            return Err(cut(name));
        }
        self.sums.push(hashing.checksum(name));
        Ok(())
    }
}

/// Whether something was unpacked well that is no archive.
fn is_no_tar(error: &io::Error) -> bool {
    let text = error.to_string();
    ["archive header", "numeric field"].iter().any(|begin| text.starts_with(begin))
}

fn compare(there: &[Checksum], said: &[Checksum]) -> Result<()> {
    if there == said {
        return Ok(());
    }
    let altered = there.iter().find(|sum| !said.contains(sum));
    let name = altered.map_or(CHECKSUMS, |sum| sum.member.as_str());
    Err(damaged(&format!("{name} was altered: it is not what its checksum says")))
}

/// What went wrong while a member was read: the disk, the end, or its bytes.
fn at(member: &str, error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return Error::from(error);
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return cut(member);
    }
    damaged("it cannot be unpacked").because(error)
}

fn cut(member: &str) -> Error {
    let place = match member {
        "" => String::new(),
        member => format!(": it ends before the end of {member}"),
    };
    Error::corrupt(format!("the backup is cut off{place}"))
        .hint("copy it again from where it came from, or use an earlier one")
}

fn damaged(what: &str) -> Error {
    Error::corrupt(format!("the backup is damaged: {what}"))
        .hint("copy it again from where it came from, or use an earlier one")
}

fn foreign() -> Error {
    Error::corrupt("this is no backup of ragterm").hint("`ragterm backup FILE` makes one")
}
