//! Binary formats known by their first bytes, so that a skipped file is skipped by name.

use super::{Input, encoding, format};

/// How far a NUL byte is looked for where the signature alone is weak.
const HEAD_BYTES: usize = 512;

/// First bytes that no text begins with.
const CERTAIN: [(&[u8], &str); 22] = [
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"II*\0", "TIFF image"),
    (b"MM\0*", "TIFF image"),
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

/// What the file is, when it is nothing that can be read.
pub(super) fn of(input: &Input<'_>) -> Option<String> {
    let bytes = input.bytes;
    let extension = format::extension(input.name);
    if bytes.starts_with(b"%PDF-") {
        return Some("PDF document: not supported yet".to_owned());
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some(zip(&extension));
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Some(compound_file(&extension));
    }
    if bytes.starts_with(b"{\\rtf") {
        return Some("RTF document: not supported yet".to_owned());
    }
    if matches!(extension.as_str(), "eml" | "mbox" | "mht" | "mhtml") {
        return Some("mail message: not supported yet".to_owned());
    }
    if extension == "svg" {
        return Some("SVG image".to_owned());
    }
    binary(bytes).map(str::to_owned)
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

fn zip(extension: &str) -> String {
    let what = match extension {
        "docx" | "docm" | "dotx" => "Word document",
        "xlsx" | "xlsm" | "xltx" => "Excel workbook",
        "pptx" | "pptm" | "potx" => "PowerPoint presentation",
        "odt" | "ods" | "odp" => "OpenDocument file",
        "epub" => "EPUB book",
        "hwpx" => "Hangul document",
        "jar" | "war" | "apk" => return "Java archive".to_owned(),
        _ => return "ZIP archive".to_owned(),
    };
    format!("{what} (.{extension}): not supported yet")
}

fn compound_file(extension: &str) -> String {
    let what = match extension {
        "doc" | "dot" | "docx" => "Word document",
        "xls" | "xlt" | "xlsx" => "Excel workbook",
        "ppt" | "pps" | "pptx" => "PowerPoint presentation",
        "msg" => "Outlook message",
        "hwp" => "Hangul document",
        _ => return "OLE compound file: not supported yet".to_owned(),
    };
    format!("{what} (.{extension}): not supported yet")
}
