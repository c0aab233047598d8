//! Binary formats known by their first bytes, so that a skipped file is skipped by name.

use super::{Input, encoding, format};

/// How far a NUL byte is looked for where the signature alone is weak.
const HEAD_BYTES: usize = 512;

/// Pictures: PNG, JPEG, TIFF.
const PICTURES: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*"];

/// First bytes that no text begins with.
const CERTAIN: [(&[u8], &str); 18] = [
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"\x1f\x8b", "gzip archive"),
    (b"\xfd7zXZ\0", "xz archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"\x7fELF", "program (ELF)"),
    (b"\xca\xfe\xba\xbe", "Java class or Mach-O program"),
    (b"\xcf\xfa\xed\xfe", "program (Mach-O)"),
    (b"\0asm", "WebAssembly module"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"OggS\0", "Ogg audio or video"),
    (b"wOFF\0", "font"),
    (b"wOF2\0", "font"),
    (b"\0\x01\0\0\0", "font"),
    (b"ITSF\x03\0", "compiled HTML help (.chm)"),
    (b"%!PS-Adobe", "PostScript document: not supported yet"),
];

/// First bytes that a text could begin with; they count only before NUL bytes that make it none.
const WEAK: [(&[u8], &str); 9] = [
    (b"BM", "BMP image"),
    (b"RIFF", "RIFF image, audio or video"),
    (b"BZh", "bzip2 archive"),
    (b"MZ", "program (Windows)"),
    (b"ID3", "MP3 audio"),
    (b"fLaC", "FLAC audio"),
    (b"OTTO", "font"),
    (b"!<arch>\n", "library archive"),
    (b"\x80\x04\x95", "Python pickle"),
];

/// Whether the file is a picture of a kind that text can be recognised in.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    PICTURES.iter().any(|magic| bytes.starts_with(magic))
}

/// What the file is, when it is nothing that can be read.
pub(super) fn of(input: &Input<'_>) -> Option<String> {
    if format::extension(input.name()) == "svg" {
        return Some("SVG image".to_owned());
    }
    binary(input.bytes).map(str::to_owned)
}

fn binary(bytes: &[u8]) -> Option<&'static str> {
    let starts = |(magic, _): &&(&[u8], &str)| bytes.starts_with(magic);
    if let Some((_, what)) = CERTAIN.iter().find(starts) {
        return Some(what);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("tar archive");
    }
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    if !head.contains(&0) || !encoding::is_binary(head) {
        return None;
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some("MP4 or HEIF image, audio or video");
    }
    WEAK.iter().find(starts).map(|(_, what)| *what)
}
