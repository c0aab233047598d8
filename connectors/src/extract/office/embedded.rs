//! Files that were put into an Office document.

use std::io::{Cursor, Read};

use super::relations::Relations;
use crate::extract::Attachment;
use crate::extract::parts::Package;

/// More are left out: each is a document of its own.
const MAX_EMBEDDED: usize = 100;

/// The files that these parts carry.
pub(super) fn of(package: &mut Package<'_>, parts: &[String]) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    for part in parts {
        let relations = Relations::of(package, part);
        let kinds = ["package", "oleObject", "aFChunk"];
        for path in kinds.into_iter().flat_map(|kind| relations.all(kind)) {
            if attachments.len() == MAX_EMBEDDED {
                return attachments;
            }
            // One damaged file does not hide the document or the others.
            if let Ok(Some(bytes)) = package.part(path) {
                let name = path.rsplit('/').next().unwrap_or(path);
                attachments.extend(unwrapped(name, bytes));
            }
        }
    }
    attachments
}

/// The file itself where an OLE object is only its wrapping; `None` for objects that are no files.
fn unwrapped(name: &str, bytes: Vec<u8>) -> Option<Attachment> {
    let Ok(mut object) = cfb::CompoundFile::open(Cursor::new(&*bytes)) else {
        return Some(Attachment::new(name, bytes));
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if let Some(native) = stream(&mut object, "/\u{1}Ole10Native", bytes.len()) {
        return native_file(&native);
    }
    for path in ["/Package", "/EmbeddedOdf", "/CONTENTS"] {
        if let Some(bytes) = stream(&mut object, path, bytes.len()) {
            let extension = match path {
                "/EmbeddedOdf" => "odt",
                _ if bytes.starts_with(b"%PDF") => "pdf",
                _ if bytes.starts_with(b"PK") => "docx",
                _ => return None,
            };
            return Some(Attachment::new(format!("{stem}.{extension}"), bytes));
        }
    }
    let is = |path: &str| object.exists(path);
    let extension = match () {
        () if is("/WordDocument") => "doc",
        () if is("/Workbook") || is("/Book") => "xls",
        () if is("/PowerPoint Document") => "ppt",
        () if is("/FileHeader") => "hwp",
        () if is("/__properties_version1.0") => "msg",
        () => return None,
    };
    Some(Attachment::new(format!("{stem}.{extension}"), bytes))
}

fn stream(
    object: &mut cfb::CompoundFile<Cursor<&[u8]>>,
    path: &str,
    max_bytes: usize,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let stream = object.open_stream(path).ok()?;
    stream.take(max_bytes as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A file that was dropped into a document: its name, two paths, its size, and its bytes.
fn native_file(native: &[u8]) -> Option<Attachment> {
    let rest = native.get(6..)?;
    let (name, rest) = terminated(rest)?;
    let (_, rest) = terminated(rest)?;
    let rest = rest.get(4..)?;
    let path_bytes = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    let rest = rest.get(4..)?.get(path_bytes..)?;
    let size = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    let bytes = rest.get(4..)?.get(..size)?.to_vec();
    let name = match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        // The encoding of its system, which it does not name: Korean is as likely as any.
        Err(_) => encoding_rs::EUC_KR.decode(name).0.into_owned(),
    };
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    Some(Attachment::new(name, bytes))
}

fn terminated(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_is_taken_out_of_its_wrapping() {
        let mut native = b"\0\0\0\0\x02\0notes.txt\0C:\\notes.txt\0\0\0\x03\0".to_vec();
        native.extend(5_u32.to_le_bytes());
        native.extend(b"C:\\n\0");
        native.extend(5_u32.to_le_bytes());
        native.extend(b"hello and more");
        let file = native_file(&native).unwrap();
        assert_eq!(file, Attachment::new("notes.txt", b"hello".to_vec()));
        assert_eq!(native_file(&native[..30]), None);
    }
}
