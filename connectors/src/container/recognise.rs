//! Which program an export comes from, by its name, its first bytes and the names in it.

use std::io::{self, Read};

use sevenz_rust2::{Archive, BlockDecoder, Password};
use zip::ZipArchive;

use super::confluence::site::Site;
use super::names::{Spelling, is_left_out};
use super::shape::{Codec, HEAD_BYTES};
use super::zip_end::End;
use super::{Content, Shape, Stream, compressed, confluence, notion, seven_zip};
use crate::extract::{Dialect, extension, record};

/// Archives with larger directories are not looked into.
const MAX_DIRECTORY_BYTES: u64 = 64 * 1024 * 1024;

/// A block of bzip2, before whose end nothing comes out, is no longer.
const MAX_PACKED_BYTES: u64 = 2 * 1024 * 1024;

/// What a DokuWiki has beside its pages.
const DOKUWIKI: [&str; 6] = ["attic", "cache", "locks", "media_attic", "media_meta", "meta"];

/// What begins the headers of messages.
const HEADERS: [&str; 6] =
    ["\ndate:", "\nfrom:", "\nreceived:", "\nreturn-path:", "\nsubject:", "\nx-"];

/// Recognises what wrote a file that holds documents: [`Dialect::Any`] for an archive of any files,
/// `None` for a file that is a document itself. Looks at a few kilobytes and, of archives, at their
/// directory; fails only where the file cannot be read.
pub fn recognise(name: &str, content: &mut dyn Content) -> io::Result<Option<Dialect>> {
    let mut head = Vec::new();
    (&mut *content).take(HEAD_BYTES).read_to_end(&mut head)?;
    content.rewind()?;
    let found = match Shape::of(name, Dialect::Any, content)? {
        Some(Shape::Zip) => Some(in_zip(content)?),
        Some(Shape::SevenZip) => Some(in_seven_zip(content)),
        Some(Shape::Confluence) => Some(Dialect::Confluence),
        Some(Shape::Stream(Stream::Compressed(codec))) => Some(in_compressed(name, codec, content)),
        Some(Shape::Stream(Stream::Tar)) => Some(Dialect::Any),
        Some(Shape::Stream(_)) | None => of_head(name, &head),
    };
    content.rewind()?;
    Ok(found)
}

/// Recognises the unpacked export or the wiki that a folder is, by the paths of what lies in it;
/// those of directories end in `/`. `None` for a folder of any files.
pub fn recognise_folder(paths: &[String]) -> Option<Dialect> {
    let has = |path: &str| paths.iter().any(|other| other == path);
    let is_wiki = |data: &str| {
        let own = DOKUWIKI.iter().filter(|name| has(&format!("{data}{name}/")));
        has(&format!("{data}pages/")) && own.count() > 1
    };
    let is_site = || Site::of(paths, Dialect::Any).is_some_and(|site| site.is_whole());
    if has("entities.xml") || is_site() {
        Some(Dialect::Confluence)
    } else if is_wiki("") || is_wiki("data/") {
        Some(Dialect::DokuWiki)
    } else {
        notion::is_export(paths).then_some(Dialect::Notion)
    }
}

/// What wrote a file that is read from its beginning to its end.
fn of_head(name: &str, head: &[u8]) -> Option<Dialect> {
    let is = |dialect, stream| Shape::of_head(name, dialect, head) == Some(Shape::Stream(stream));
    let text = String::from_utf8_lossy(head).to_lowercase();
    let has_headers = || HEADERS.iter().any(|header| text.contains(header));
    match &*extension(name) {
        "eml" | "msg" => Some(Dialect::Mail),
        "jsonl" | "jsonlines" | "ndjson" => has_record(head).then_some(Dialect::JsonLines),
        _ if is(Dialect::MediaWiki, Stream::MediaWiki) => Some(Dialect::MediaWiki),
        _ if is(Dialect::Mail, Stream::Mailbox) && has_headers() => Some(Dialect::Mail),
        _ => None,
    }
}

/// Whether the first line is a record, or the beginning of a very long one.
fn has_record(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_whole = line.len() < head.len() || (head.len() as u64) < HEAD_BYTES - 3;
    match std::str::from_utf8(line) {
        Ok(line) if is_whole => record::read(line).is_ok(),
        _ => line.starts_with(b"{\""),
    }
}

fn in_zip(content: &mut dyn Content) -> io::Result<Dialect> {
    let end = End::of(content)?;
    if end.is_none_or(|end| end.directory_bytes > MAX_DIRECTORY_BYTES) {
        return Ok(Dialect::Any);
    }
    let Ok(mut archive) = ZipArchive::new(content) else { return Ok(Dialect::Any) };
    let spelling = Spelling::of(archive.file_names_raw());
    let names = archive.file_names_raw().map(|name| spelling.read(name).into_owned());
    let names = names.collect::<Vec<_>>();
    if confluence::is_export(&names) || Site::of(&names, Dialect::Any).is_some() {
        return Ok(Dialect::Confluence);
    }
    if notion::is_export(&names) {
        return Ok(Dialect::Notion);
    }
    let is_file = |name: &String| !name.ends_with(['/', '\\']) && !is_left_out(name);
    let mut files = names.iter().enumerate().filter(|(_, name)| is_file(name));
    let (Some((index, name)), None) = (files.next(), files.next()) else { return Ok(Dialect::Any) };
    let mut head = Vec::new();
    if let Ok(file) = archive.by_index(index) {
        // What cannot be unpacked is an archive all the same.
        let _ = file.take(HEAD_BYTES).read_to_end(&mut head);
    }
    Ok(of_head(name, &head).unwrap_or_default())
}

/// What the only file in an archive is: dumps of wikis come so.
fn in_seven_zip(mut content: &mut dyn Content) -> Dialect {
    let password = Password::empty();
    let most = seven_zip::WINDOW_KIB;
    let Ok(archive) = Archive::read_with_memory_limit(&mut content, &password, most) else {
        return Dialect::Any;
    };
    let mut files = archive.files.iter().filter(|file| file.has_stream());
    let (Some(file), None) = (files.next(), files.next()) else { return Dialect::Any };
    let mut head = Vec::new();
    let decoder =
        BlockDecoder::new_with_memory_limit(1, most, 0, &archive, &password, &mut content);
    // What cannot be unpacked is an archive all the same.
    let _ = decoder.for_each_entries(&mut |_, content: &mut dyn Read| {
        content.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(false)
    });
    of_head(file.name(), &head).unwrap_or_default()
}

/// What a compressed file is, by its beginning.
fn in_compressed(name: &str, codec: Codec, content: &mut dyn Content) -> Dialect {
    let mut plain = Vec::new();
    if let Ok(content) = compressed::decoder(codec, content.take(MAX_PACKED_BYTES)) {
        // It breaks off at the limit.
        let _ = content.take(HEAD_BYTES).read_to_end(&mut plain);
    }
    of_head(&compressed::plain_name(name), &plain).unwrap_or_default()
}
